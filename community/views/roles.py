"""Who may do what, and giving roles."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from community.access import allowed, empowered, freshly_authenticated, member_of
from community.models import Member
from community.pages import page
from community.roles import Can, NotAllowed
from community.services.roles import give_role
from community.wording import roles as wording
from config import clock


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def roles(request: HttpRequest) -> HttpResponse:
    """What each role can and cannot do, for every member; those who may give them see the members and a choice.

    `?member=&role=` asks once more, with what changes, before anything does.
    """
    member = member_of(request)
    if request.method == "POST":
        return _give(request)
    if "member" in request.GET:
        return _ask(request)
    others = Member.objects.filter(community=member.community, left_at__isnull=True).select_related("user")
    context = {
        "section": "more",
        "lists": wording.lists(),
        "never": wording.nobody_may(),
        "members": others.order_by("user__name", "pk") if empowered(member, Can.GIVE_ROLES) else None,
        "choices": Member.Role.choices,
        "me": member,
    }
    return page(request, "community/roles.html", context)


def _ask(request: HttpRequest) -> HttpResponse:
    by = allowed(request, Can.GIVE_ROLES)
    wanted, role = request.GET["member"], request.GET.get("role", "")
    if not wanted.isdecimal() or len(wanted) > 15:
        raise Http404("There is no such member.")
    members = Member.objects.filter(community=by.community_id, left_at__isnull=True).select_related("user")
    whom = get_object_or_404(members, pk=int(wanted))
    if role not in Member.Role.values or role == whom.role:
        return redirect("roles")
    gained, lost = wording.changes(Member.Role(whom.role), Member.Role(role))
    context = {
        "section": "more",
        "whom": whom,
        "code": role,
        "role": Member.Role(role).label,
        "gained": gained,
        "lost": lost,
    }
    return page(request, "community/confirm_role.html", context)


def _give(request: HttpRequest) -> HttpResponse:
    by = allowed(request, Can.GIVE_ROLES)
    freshly_authenticated(request)
    wanted = request.POST.get("member", "")
    if not wanted.isdecimal() or len(wanted) > 15:
        raise Http404("There is no such member.")
    try:
        given = give_role(by=by, member_id=int(wanted), role=request.POST.get("role", ""), at=clock.now())
    except Member.DoesNotExist as error:
        raise Http404("There is no such member.") from error
    except ValueError:
        messages.error(request, _("Choose one of the roles of the table."))
    except NotAllowed:
        messages.error(request, _("Nobody changes their own role, nor one above it."))
    else:
        messages.success(
            request,
            _("%(name)s is now: %(role)s.") % {"name": given.user.name, "role": given.get_role_display()},
        )
    return redirect("roles")
