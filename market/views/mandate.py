"""The rules that a member gives the agent."""

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from community.access import freshly_authenticated, household_of, member_of, shown_by
from community.models import Household
from community.pages import page
from community.passkeys import has_passkey, signed, to_sign
from community.queries import devices_of
from community.tariff_book import MissingContract, Prices, TariffBook
from config import clock
from market.agents import Mandate as MandateTerms
from market.forms.mandate import MandateForm
from market.ledger.assertions import Assertion
from market.ledger.leaves import canonical
from market.models import Mandate
from market.queries import home as home_queries
from market.queries.backup import backup_of
from market.queries.due import next_free_slot
from market.queries.evidence import mandate_hash, plain_mandate
from market.queries.mandates import confirmation_of, mandate_terms, signed_by
from market.services.mandates import Word, give_mandate, terms_of
from market.views.what_if import NotTried, prepare_yesterday, try_yesterday
from market.wording import mandate as wording
from market.wording.backup import BackupWords, backup

# What a home is not asked about stays as it was, in case a battery or a charger comes back.
UNASKED = (
    "reserve_pct", "grid_charge", "cycles_tenths",
    "ev_ready_minute", "ev_target_wh", "ev_from_minute", "ev_until_minute",
)  # fmt: skip
# What the page that asks for the member's word adds to what was sent.
ASKED = frozenset({"csrfmiddlewaretoken", "confirm", "credential"})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def mandate(request: HttpRequest) -> HttpResponse:
    """Show the limits in force; a valid form replaces them from the next slot on."""
    household = household_of(request)
    zone = household.community.zone
    at = clock.now()
    present = home_queries.mandate_at(household, at)
    form, terms = _form(request, household, present, at)
    tried = None
    if request.method == "POST" and form.is_valid() and "try" in request.POST:
        try:
            tried = try_yesterday(household, member_of(request), form.terms(), terms, at)
        except NotTried as why:
            messages.warning(request, str(why))
    elif request.method == "POST" and form.is_valid() and request.POST.get("confirm") != "back":
        freshly_authenticated(request, keep=True)
        return _given(request, household, form, terms, at)
    else:
        prepare_yesterday(household, member_of(request), at)
    context = {
        "section": "mandate",
        "form": form,
        "present": present,
        "confirmed": wording.confirmed(confirmation_of(present), zone),
        "lasts": wording.lasts(terms, at, zone),
        "household": household,
        "prices": _prices(household, at),
        "backup": _backup(household, form, at),
        "tried": tried,
    }
    return page(request, "market/mandate.html", context, status=422 if form.wrong else 200)


@login_required
@require_POST
def yesterday(request: HttpRequest) -> HttpResponse:
    """What yesterday would have been with the rules as they stand in the form, which is not saved; or, what is
    wrong with which of its fields.
    """
    household, at = household_of(request), clock.now()
    form, terms = _form(request, household, home_queries.mandate_at(household, at), at)
    context: dict[str, Any] = {"form": form}
    if not form.is_valid():
        context["why_not"] = _("Mend what is marked in the form. What stands here is older.")
    else:
        try:
            context["tried"] = try_yesterday(household, member_of(request), form.terms(), terms, at)
        except NotTried as why:
            context["why_not"] = str(why)
    return render(request, "market/yesterday_parts.html", context)


def _form(
    request: HttpRequest, household: Household, present: Mandate | None, at: datetime
) -> tuple[MandateForm, MandateTerms | None]:
    """The form as it was sent, or as it begins, and the limits in force."""
    terms = None if present is None else mandate_terms(present)
    kinds = {device.kind for device in devices_of([household.pk])[household.pk]}
    form = MandateForm(
        request.POST or None,
        given=terms,
        at=at,
        zone=household.community.zone,
        has_battery="battery" in kinds,
        has_charger="ev_charger" in kinds,
    )
    return form, terms


def _backup(household: Household, form: MandateForm, at: datetime) -> BackupWords | None:
    """How long the reserve lasts; None without a battery."""
    if "reserve_pct" not in form.fields:
        return None
    return backup(backup_of(household, at), form["reserve_pct"].value())


def _given(
    request: HttpRequest, household: Household, form: MandateForm, before: MandateTerms | None, at: datetime
) -> HttpResponse:
    """Give the mandate with the member's word for it, or ask for that word first."""
    keep = {} if before is None else {name: getattr(before, name) for name in UNASKED}
    limits = keep | form.terms()
    member, zone = member_of(request), household.community.zone
    terms = terms_of(household=household, at=at, **limits)
    settled = terms == before and signed_by(household, member)
    word = None if settled else _word(request, terms)
    if word is None and not settled:
        context = {"form": form, **_to_confirm(request, terms, zone)}
        status = 422 if request.POST.get("confirm") == "passkey" else 200
        return page(request, "market/confirm_mandate.html", context, status=status)
    given = give_mandate(household=household, given_by=member, at=at, word=word, **limits)
    start = next_free_slot(household.community, at)
    messages.success(request, wording.changed(before, mandate_terms(given), start, zone))
    return redirect(request.get_full_path())


def _word(request: HttpRequest, terms: MandateTerms) -> Word | None:
    """How the member confirms these limits; None while somebody with a passkey has not said how."""
    user, way = member_of(request).user, request.POST.get("confirm")
    if way == "login" or not has_passkey(user):
        return Word(shown_by(request))
    if way != "passkey":
        return None
    try:
        name, *parts = signed(user, _hash_of(terms), json.loads(request.POST.get("credential", "")))
        assertion = Assertion(*parts)
        assertion.prove(_hash_of(terms).hex())
    except (ValueError, RecursionError):  # not JSON, no signature, or under other limits than these
        messages.warning(request, _("The passkey did not confirm these rules. Try again, or confirm another way."))
        return None
    return Word("passkey", assertion, name)


def _to_confirm(request: HttpRequest, terms: MandateTerms, zone: ZoneInfo) -> dict[str, Any]:
    """What the page shows before the member's word: the limits in words, as they are hashed, and to be signed."""
    sent = [(name, value) for name, values in request.POST.lists() for value in values if name not in ASKED]
    return {
        "section": "mandate",
        "promises": wording.promised(terms, zone),
        "statement": canonical(plain_mandate(terms)).decode(),
        "digest": _hash_of(terms).hex(),
        "sent": sent,
        "options": to_sign(member_of(request).user, _hash_of(terms)),
    }


def _hash_of(terms: MandateTerms) -> bytes:
    """What a passkey signs: the mandate's hash."""
    return bytes.fromhex(mandate_hash(plain_mandate(terms)))


def _prices(household: Household, at: datetime) -> Prices | None:
    """What the home's own retailer charges and pays right now."""
    try:
        return TariffBook(household.community, household).prices(household.pk, at)
    except MissingContract:
        return None
