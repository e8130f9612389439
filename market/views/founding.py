"""Setting a community up, step by step, for whoever runs the site. Nothing is stored before the last step."""

import json

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from community.access import freshly_authenticated, operators_only
from community.models import Community, Region, User
from community.pages import page
from community.qr import picture
from community.services.invitations import post
from community.wording.invitations import letter
from config import clock
from config.sealing import CannotUnseal, seal, unseal
from market.forms.founding import STEPS, plan_of
from market.services.founding import Founded, clock_of, found
from market.wording.documents import legal_text

DRAFT = "new-community"  # what was typed so far, sealed: it names people
CHECK = "check"


@never_cache
@operators_only
@require_http_methods(["GET", "HEAD", "POST"])
def new_community(request: HttpRequest, step: str = "place") -> HttpResponse:
    """One step: its form, kept in the session, then the next."""
    if step not in STEPS:
        raise Http404("There is no such step.")
    told, order = _draft(request), [*STEPS, CHECK]
    form = STEPS[step](request.POST if request.method == "POST" else None, initial=told.get(step))
    if request.method == "POST" and form.is_valid():
        told[step] = {name: request.POST.get(name, "") for name in form.fields}
        request.session[DRAFT] = seal(json.dumps(told))
        following = order[order.index(step) + 1]
        return redirect("check-new-community") if following == CHECK else redirect("new-community-step", following)
    context = {
        "form": form,
        "step": step,
        "number": order.index(step) + 1,
        "of": len(order),
        "back": order[order.index(step) - 1] if step != order[0] else "",
    }
    return page(request, "market/new_community.html", context, status=422 if form.errors else 200)


@never_cache
@operators_only
@require_http_methods(["GET", "HEAD", "POST"])
def check_new_community(request: HttpRequest) -> HttpResponse:
    """What would be set up, and doing it; then the link for the first administrator, shown once."""
    at = clock.now()
    told = _draft(request)
    region = told.get("place", {}).get("region", Region.PENINSULA)
    zone = Community(timezone=clock_of(region) if region in Region.values else "Europe/Madrid").zone
    plan = plan_of(told, at.astimezone(zone).date())
    if plan is None:
        messages.warning(request, _("A step is missing: begin with the first."))
        return redirect("new-community")
    if request.method == "POST":
        freshly_authenticated(request, keep=True)
        assert isinstance(request.user, User)
        made = found(by=request.user, plan=plan, at=at)
        del request.session[DRAFT]
        return _made(request, made)
    context = {
        "plan": plan,
        "region": Region(plan.region).label,
        "clock": clock_of(plan.region),
        "mode": Community.LegalMode(plan.legal_mode).label,
        "law": legal_text(plan.legal_mode),
        "number": len(STEPS) + 1,
        "of": len(STEPS) + 1,
    }
    return page(request, "market/check_new_community.html", context)


def _made(request: HttpRequest, made: Founded) -> HttpResponse:
    link = request.build_absolute_uri(reverse("accept-invitation", args=[made.secret]))
    invitation = made.invitation
    if settings.EMAIL_HOST:
        invitation = post(invitation=invitation, at=clock.now(), send=letter(invitation, link).send)
    context = {"community": made.community, "invitation": invitation, "link": link, "picture": picture(link)}
    return page(request, "market/community_founded.html", context)


def _draft(request: HttpRequest) -> dict[str, dict[str, str]]:
    try:
        told: dict[str, dict[str, str]] = json.loads(unseal(request.session.get(DRAFT, "")))
    except CannotUnseal:
        return {}
    return told
