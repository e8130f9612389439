"""Whose pages these are: the one way from a request to a member and a household."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from community.models import Household, Member


def member_or_none(request: HttpRequest) -> Member | None:
    """The logged-in user's membership, or None for visitors and users without a community."""
    if not request.user.is_authenticated:
        return None
    if not hasattr(request, "_azotea_member"):
        request._azotea_member = (  # type: ignore[attr-defined]
            Member.objects.filter(user_id=request.user.pk, left_at__isnull=True)
            .select_related("community", "user")
            .order_by("joined_at", "pk")
            .first()
        )
    member: Member | None = request._azotea_member  # type: ignore[attr-defined]
    return member


def member_of(request: HttpRequest) -> Member:
    """The member who is asking. Raises `PermissionDenied` for a user without a community."""
    member = member_or_none(request)
    if member is None:
        raise PermissionDenied("This user belongs to no community.")
    return member


def admin_of(request: HttpRequest) -> Member:
    """The administrator who is asking. Raises `PermissionDenied` for everybody else."""
    member = member_of(request)
    if member.role != Member.Role.ADMIN:
        raise PermissionDenied("Only an administrator of the community may do this.")
    return member


def household_of(request: HttpRequest) -> Household:
    """The asking member's home: the one named by `?home=`, else the first. `Http404` if there is none."""
    homes = Household.objects.filter(member=member_of(request)).select_related("community", "node").order_by("pk")
    wanted = request.GET.get("home", "")
    home = homes.filter(pk=int(wanted)).first() if wanted.isdecimal() else homes.first()
    if home is None:
        raise Http404("No home of yours was found.")
    return home
