"""What would have been with another limit: asked of one slot, or of a day with other rules."""

from dataclasses import fields
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import F, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from community.access import household_of, member_of
from community.anonymity import may_see_sums
from community.models import Household, Member
from community.pages import page
from config import clock
from market.addresses import kept, slot_address
from market.agents import Mandate as MandateTerms
from market.bell import ring_studio, ring_to_prepare
from market.forms.what_if import LimitForm
from market.models import WhatIf
from market.queries.remembered import first_to_ask
from market.queries.slot import slot_at
from market.queries.what_if import sides_of, yesterday_of
from market.services.what_if import AskedTooOften, ask, ask_day, is_quick
from market.wording import what_if as wording


@login_required
@require_POST
def try_slot(request: HttpRequest, start: datetime) -> HttpResponse:
    """Ask what one slot would have come to with another limit; the slot's page shows the answer."""
    household, member = household_of(request), member_of(request)
    row = slot_at(household.community, start)
    sides = frozenset() if row is None else sides_of(household, row)
    if row is None or not sides or not may_see_sums(member):
        raise Http404("There is nothing to try in this slot.")
    keep = kept(request.GET)
    form = LimitForm(request.POST, sides=sides)
    if not form.is_valid():
        for problem in {str(problem) for problems in form.errors.values() for problem in problems}:
            messages.error(request, problem)
        return redirect(f"{slot_address(start, keep)}#what-if")
    try:
        asked = ask(household=household, by=member, slots=[(row, form.limits())], at=clock.now())
    except AskedTooOften:
        messages.error(request, _("You have tried a lot today. Go on tomorrow."))
        return redirect(f"{slot_address(start, keep)}#what-if")
    ring_studio()
    return redirect(f"{slot_address(start, {**keep, 'w': str(asked.pk)})}#what-if")


class NotTried(Exception):
    """Why yesterday is not tried, as the member reads it."""


def prepare_yesterday(household: Household, by: Member, at: datetime) -> None:
    """Have ready what the first change of the rules is answered from: for each home and day once an hour."""
    today = at.astimezone(household.community.zone).date()
    if first_to_ask(f"day-before:{household.pk}:{today}") and may_see_sums(by):
        ring_to_prepare(household.pk, quick=is_quick(household.community))


def try_yesterday(
    household: Household, by: Member, given: dict[str, Any], before: MandateTerms | None, at: datetime
) -> wording.Answer:
    """Ask what yesterday would have come to with the rules that are `given`. Raises `NotTried`."""
    keep = {} if before is None else {field.name: getattr(before, field.name) for field in fields(before)}
    terms = MandateTerms(
        **(keep | given | {name: frozenset(given[name]) for name in ("sell_periods", "buy_periods")})
    )
    if not may_see_sums(by):
        raise NotTried(_("So few homes trade here that the answer would tell of a neighbour's orders."))
    slots = yesterday_of(household, at)
    if not slots:
        raise NotTried(_("There was no market yesterday that your home could live again."))
    try:
        asked = ask_day(household=household, by=by, slots=slots, terms=terms, at=at)
    except AskedTooOften:
        raise NotTried(_("You have tried a lot today. Go on tomorrow.")) from None
    if asked.status != WhatIf.Status.ASKED:
        return wording.answer(asked)
    ring_studio()
    return wording.answer(asked, slow=not is_quick(household.community))


@login_required
@require_safe
def tried(request: HttpRequest, pk: int) -> HttpResponse:
    """The answer to one question of the member's own homes."""
    return page(request, "market/tried.html", {"section": "mandate", "tried": wording.answer(_own(request, pk))})


@login_required
@require_safe
def yesterday_answer(request: HttpRequest, pk: int) -> HttpResponse:
    """What is new of the page "My rules" once a day has been lived again; nothing until then."""
    found = wording.answer(_own(request, pk))
    if found.waiting:
        return HttpResponse(status=204)
    return render(request, "market/yesterday_parts.html", {"tried": found})


def _own(request: HttpRequest, pk: int) -> WhatIf:
    """A question of the member's own homes; those from before somebody lived there are nobody's."""
    own = Q(household__records_from=None) | Q(start__gte=F("household__records_from"))
    return get_object_or_404(WhatIf.objects.filter(own), pk=pk, household__member=member_of(request))
