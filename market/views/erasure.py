"""Being erased: a member asks for it, an administrator confirms it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from community.access import allowed, member_or_former
from community.models import ErasureRequest
from community.pages import page
from community.roles import Can
from config import clock
from market.services import erasure as service


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def erase_me(request: HttpRequest) -> HttpResponse:
    """What is erased and what stays, what must end first, asking for it and taking that back."""
    member, at = member_or_former(request), clock.now()
    if request.method == "POST":
        if request.POST.get("do") == "take_back":
            service.take_back(member=member, at=at)
            messages.success(request, _("Your wish is taken back: everything stays."))
        else:
            service.ask(member=member, at=at)
            messages.success(request, _("Noted. An administrator confirms it once nothing stands against it."))
        return redirect("erase-me")
    wish = ErasureRequest.objects.filter(member=member, taken_back_at=None, done_at=None).first()
    context = {"section": "more", "wish": wish, "hindrances": service.hindrances(member)}
    return page(request, "market/erase_me.html", context)


@login_required
@require_safe
def erasures(request: HttpRequest) -> HttpResponse:
    """Who asked to be erased, and what stands against it."""
    admin = allowed(request, Can.ERASE)
    wishes = ErasureRequest.objects.filter(member__community=admin.community_id, taken_back_at=None)
    open_ = wishes.filter(done_at=None).select_related("member__user", "member__community").order_by("asked_at")
    context = {
        "section": "more",
        "open": [(wish, service.hindrances(wish.member)) for wish in open_],
        "done": wishes.exclude(done_at=None).select_related("member__user").order_by("-done_at"),
    }
    return page(request, "market/erasures.html", context)


@login_required
@require_POST
def confirm_erasure(request: HttpRequest, pk: int) -> HttpResponse:
    """Erase the member who asked for it."""
    admin = allowed(request, Can.ERASE)
    wish = get_object_or_404(ErasureRequest, pk=pk, member__community=admin.community_id, taken_back_at=None)
    try:
        service.erase(wish_id=wish.pk, by=admin, at=clock.now())
    except service.NotYet:
        messages.error(request, _("Not yet: something still has to end. It says below what."))
    else:
        messages.success(request, _("Erased. What was settled stays under a pseudonym as long as the books."))
    return redirect("erasures")
