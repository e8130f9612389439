"""What every template may ask for: the member who is looking, and the community's legal mode."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from community import access
from community.roles import MAY


def membership(request: HttpRequest) -> dict[str, Any]:
    """`member` of the logged-in user, or None, what its role `may` do, whether it looks after a home, and whether
    an operator is `operating`.
    """
    member = access.member_or_none(request)
    return {
        "member": member,
        "may": MAY[member.role] if member else frozenset(),
        # Asked of the database only by pages that show it.
        "has_home": lambda: bool(member and access.homes_of(request)),
        "can_mail": bool(settings.EMAIL_HOST),
        "operating": _operating(request, belongs=member is not None),
    }


def _operating(request: HttpRequest, *, belongs: bool) -> bool:
    """Whether the navigation is the operator's: on their own pages, and for those who belong to no community."""
    if not getattr(getattr(request, "user", None), "is_staff", False):
        return False
    found = getattr(request, "resolver_match", None)
    return not belongs or (found is not None and found.route.startswith("operator/"))
