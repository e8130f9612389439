"""Asking to join, on a page that anybody can open, and what administrators say to it."""

import logging
from smtplib import SMTPException

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from community.access import allowed
from community.limits import within
from community.models import Community, JoinRequest
from community.pages import page
from community.roles import Can
from config import clock, tenancy
from config.middleware.client_address import counted_address
from metering.forms.joining import AcceptForm, AskForm, DeclineForm
from metering.services import joining as service
from metering.services.roster import RosterHasFaults
from metering.wording import joining as wording

log = logging.getLogger(__name__)
# From one address, which a whole house may share behind its router.
MOST_AN_HOUR, HOUR_S = 5, 3_600


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask_to_join(request: HttpRequest, slug: str) -> HttpResponse:
    """A neighbour asks; the answer is the same whether the address is known or not."""
    with tenancy.across_all():
        community = get_object_or_404(Community, slug=slug, join_open=True)
    form = AskForm(request.POST or None)
    context = {"community": community, "form": form, "asked": False}
    if request.method == "POST" and form.is_valid():
        if not within("join", counted_address(request), most=MOST_AN_HOUR, seconds=HOUR_S):
            return render(request, "429.html", status=429)
        try:
            with tenancy.within(community.pk):
                service.ask(community=community, at=clock.now(), **form.cleaned_data)
        except service.NotOpen as error:
            raise Http404("Nobody can ask to join at present.") from error
        context["asked"] = True
    return page(request, "metering/ask_to_join.html", context, status=422 if form.errors else 200)


@login_required
@require_safe
def join_requests(request: HttpRequest) -> HttpResponse:
    """Who asked to join, and what became of it."""
    community = allowed(request, Can.INVITE).community
    rows = [(wish, *wording.state(wish)) for wish in service.wishes_of(community.pk)]
    return page(
        request, "metering/join_requests.html", {"section": "members", "rows": rows, "community": community}
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def join_request(request: HttpRequest, pk: int) -> HttpResponse:
    """One wish: hand a home over, or decline with a reason."""
    admin = allowed(request, Can.INVITE)
    wish = get_object_or_404(JoinRequest, pk=pk, community=admin.community)
    if wish.state != JoinRequest.State.WAITING:
        messages.warning(request, _("This wish is decided already."))
        return redirect("join-requests")
    declines = request.POST.get("do") == "decline"
    told = request.POST or None
    first = {"home": wish.place, "cups": service.cups_of(wish)}
    accept = AcceptForm(None if declines else told, community=admin.community, initial=first)
    decline = DeclineForm(told if declines else None)
    if request.method == "POST":
        answer = _decline(request, wish, decline) if declines else _accept(request, wish, accept)
        if answer is not None:
            return answer
    context = {"section": "members", "wish": wish, "accept": accept, "decline": decline}
    return page(
        request, "metering/join_request.html", context, status=422 if accept.errors or decline.errors else 200
    )


def _accept(request: HttpRequest, wish: JoinRequest, form: AcceptForm) -> HttpResponse | None:
    if not form.is_valid():
        return None
    given, admin = form.cleaned_data, allowed(request, Can.INVITE)
    site = request.build_absolute_uri("/").rstrip("/") if settings.EMAIL_HOST else ""
    tariff = str(given["tariff"] or "")
    try:
        invitation = service.accept(
            wish_id=wish.pk,
            by=admin,
            home=given["home"],
            cups=given["cups"],
            tariff=tariff,
            at=clock.now(),
            site=site,
        )
    except RosterHasFaults as error:
        for fault in error.rows[0].faults:
            form.add_error(fault.column if fault.column in form.fields else None, wording.cell_fault(fault))
        return None
    except service.AlreadyDecided:
        messages.warning(request, _("This wish is decided already."))
        return redirect("join-requests")
    if invitation is None:
        messages.success(request, _("%(name)s is a member already and has the home now.") % {"name": wish.name})
        return redirect("members")
    messages.success(request, _("Accepted: %(name)s is invited.") % {"name": wish.name})
    return redirect("members" if site else "letters")


def _decline(request: HttpRequest, wish: JoinRequest, form: DeclineForm) -> HttpResponse | None:
    if not form.is_valid():
        return None
    admin = allowed(request, Can.INVITE)
    try:
        declined = service.decline(wish_id=wish.pk, by=admin, at=clock.now(), **form.cleaned_data)
    except service.AlreadyDecided:
        messages.warning(request, _("This wish is decided already."))
        return redirect("join-requests")
    told = False
    if settings.EMAIL_HOST:
        try:
            wording.refusal(declined).send()
            told = True
        except (OSError, SMTPException):
            log.exception("A letter that declines was not sent")
    if told:
        messages.success(request, _("Declined, and %(name)s was told by e-mail.") % {"name": wish.name})
    else:
        messages.warning(request, _("Declined. No mail was sent: tell %(name)s yourself.") % {"name": wish.name})
    return redirect("join-requests")
