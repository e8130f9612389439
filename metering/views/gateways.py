"""Tokens of gateways and integrators: issuing, handing over by code, revoking."""

import json

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from community.access import allowed
from community.pages import page
from community.qr import picture
from community.roles import Can
from config import clock
from metering.forms.meters import TokenForm
from metering.models import ApiToken, HandOver, MeterKey
from metering.services.keys import end_key
from metering.services.tokens import issue_token, prepare_hand_over, revoke_token


@login_required
@require_safe
def gateways(request: HttpRequest) -> HttpResponse:
    """The community's tokens, those in use first."""
    community = allowed(request, Can.GIVE_TOKENS).community
    at = clock.now()
    tokens = list(ApiToken.objects.filter(community=community).order_by("-created_at", "-pk"))
    context = {
        "section": "members",
        "live": [token for token in tokens if token.revoked_at is None and token.expires_at > at],
        "dead": [token for token in tokens if token.revoked_at is not None or token.expires_at <= at],
        "keys": MeterKey.objects.filter(metering_point__household__community=community, ended_at=None)
        .select_related("metering_point__household")
        .order_by("metering_point__household__name", "pk"),
        "waiting": HandOver.objects.filter(community=community, token__isnull=True, expires_at__gt=at),
    }
    return page(request, "metering/gateways.html", context)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_gateway(request: HttpRequest) -> HttpResponse:
    """Issue a token, or prepare a code for it; either is shown once."""
    admin = allowed(request, Can.GIVE_TOKENS)
    community = admin.community
    form = TokenForm(request.POST or None, community=community)
    context = {"section": "members", "form": form}
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        facts = {
            "community": community,
            "name": told["name"],
            "scopes": told["scopes"],
            "metering_points": list(told["metering_points"]),
            "networks": told["networks"],
            "at": clock.now(),
            "by": admin,
        }
        if "by_code" in request.POST:
            hand_over, code = prepare_hand_over(**facts, days=told["days"])
            context |= {"code": code, "hand_over": hand_over, "picture": _picture(request, code)}
        else:
            token, text = issue_token(**facts, lifetime=form.lifetime())
            context |= {"token": token, "text": text}
    return page(request, "metering/new_gateway.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def revoke_gateway(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a token useless at once."""
    admin = allowed(request, Can.GIVE_TOKENS)
    token = get_object_or_404(ApiToken, community=admin.community, pk=pk)
    revoke_token(token=token, at=clock.now(), by=admin)
    messages.success(request, _("“%(name)s” is locked out.") % {"name": token.name})
    return redirect("gateways")


@login_required
@require_POST
def end_meter_key(request: HttpRequest, pk: int) -> HttpResponse:
    """From now on a meter's readings need not be signed: its key is lost, or the meter is another one."""
    admin = allowed(request, Can.GIVE_TOKENS)
    ours = MeterKey.objects.filter(metering_point__household__community=admin.community)
    key = get_object_or_404(ours.select_related("metering_point__household"), pk=pk)
    end_key(key=key, at=clock.now(), by=admin)
    messages.success(request, _("The key is ended. Lock the token out, too, if somebody else may hold it."))
    return redirect("gateways")


def _picture(request: HttpRequest, code: str) -> str:
    """What a device's camera reads: where to redeem the code, and the code."""
    address = request.build_absolute_uri(reverse("api-hand-over"))
    return picture(json.dumps({"url": address, "code": code}))
