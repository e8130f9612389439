"""Datadis on the pages: the community's account, and each member's consent."""

from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from community.access import allowed, member_of
from community.pages import page
from community.roles import Can
from config import clock
from metering.forms.meters import ConsentForm, DatadisAccountForm
from metering.models import Consent, DatadisAccount, DatadisQuery, MeteringPoint
from metering.services import datadis
from metering.wording.datadis import OUTCOMES, consent_state

MONTH = timedelta(days=365) / 12
SHOWN = 30


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def datadis_account(request: HttpRequest) -> HttpResponse:
    """The community's login, who has consented, and what was asked."""
    admin = allowed(request, Can.BRING_METERS)
    account = DatadisAccount.objects.filter(community=admin.community).select_related("changed_by__user").first()
    form = DatadisAccountForm(request.POST or None, initial={"nif": account.nif if account else ""})
    if request.method == "POST" and form.is_valid():
        datadis.keep_account(community=admin.community, changed_by=admin, at=clock.now(), **form.cleaned_data)
        messages.success(request, _("The account is kept; its password is sealed."))
        return redirect("datadis-account")
    points = MeteringPoint.objects.filter(household__community=admin.community).select_related("household")
    consents = {one.metering_point_id: one for one in _open_consents(admin.community_id)}
    queries = DatadisQuery.objects.filter(consent__metering_point__household__community=admin.community)
    context = {
        "section": "members",
        "form": form,
        "account": account,
        "wanted": bool(settings.DATADIS_URL),
        "points": [(point, consent_state(consents.get(point.pk), clock.now())) for point in points.order_by("pk")],
        "queries": [
            (query, OUTCOMES.get(query.outcome, query.outcome))
            for query in queries.select_related("consent__metering_point__household").order_by("-asked_at")[:SHOWN]
        ],
    }
    return page(request, "metering/datadis.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def consent(request: HttpRequest) -> HttpResponse:
    """A member's own consent: what it is for, giving it, taking it back."""
    member = member_of(request)
    points = list(
        MeteringPoint.objects.filter(household__member=member).select_related("household").order_by("pk")
    )
    given = list(Consent.objects.filter(metering_point__in=points, revoked_at__isnull=True))
    at = clock.now()
    live = [one for one in given if one.expires_at > at]
    form = ConsentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        covered = {one.metering_point_id for one in live}
        for point in points:
            if point.pk not in covered:
                datadis.give_consent(
                    metering_point=point,
                    holder_nif=form.cleaned_data["nif"],
                    given_by=member,
                    at=at,
                    until=at + form.cleaned_data["months"] * MONTH,
                )
        messages.success(request, _("Thank you: your community may fetch your readings now."))
        return redirect("consent")
    context = {"section": "more", "form": form, "points": points, "live": live, "community": member.community}
    return page(request, "metering/consent.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def revoke_consent(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a consent back."""
    member = member_of(request)
    found = get_object_or_404(Consent, metering_point__household__member=member, pk=pk)
    datadis.revoke_consent(consent=found, at=clock.now(), by=member)
    messages.success(request, _("Your consent is taken back: nothing is fetched any more."))
    return redirect("consent")


def _open_consents(community_id: int) -> list[Consent]:
    return list(Consent.objects.filter(metering_point__household__community=community_id, revoked_at__isnull=True))
