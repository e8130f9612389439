"""The past again with other limits or rules of one home: asked on a page, worked out by a worker."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import OuterRef

from community.models import Community, Household, Member
from community.queries import active_households_of, count_active_households
from config.patience import let_think
from market.agents import Mandate as MandateTerms
from market.clearing import Rules, clear
from market.clearing.congested import Solve
from market.clearing.what_if import Limits, Part, part_of, with_limits
from market.models import Slot, WhatIf
from market.queries.book import feeder_of, order_book
from market.queries.evidence import mandate_of, plain_mandate
from market.queries.what_if import yesterday_of
from market.services.day_again import NothingToLive, day_again, day_as_it_was

Status = WhatIf.Status
# A worker's second is everybody's: whoever has asked so often in a day has seen what limits do. A day is asked
# for anew with every move of a slider that somebody rests on.
MOST_A_DAY, MOST_DAYS_A_DAY = 60, 400
QUICK_HOMES = 100
KEPT = timedelta(days=7)


class AskedTooOften(Exception):
    """The home has asked as often as it may in a day."""


@transaction.atomic
def ask(*, household: Household, by: Member, slots: Iterable[tuple[Slot, Limits]], at: datetime) -> WhatIf:
    """Note what is to be worked out with other limits; the same question again is the same answer.

    Raises `AskedTooOften`, and ValueError without any slot.
    """
    asked = sorted(slots, key=lambda one: one[0].start)
    limits = [[slot.pk, one.sell_ueur_kwh, one.buy_ueur_kwh] for slot, one in asked]
    return _noted(household, by, [slot for slot, _limits in asked], at, limits=limits, rules=None)


@transaction.atomic
def ask_day(
    *, household: Household, by: Member, slots: Sequence[Slot], terms: MandateTerms, at: datetime
) -> WhatIf:
    """Note that the home's slots of a day are to be lived again by the rules `terms`; raises as `ask` does.

    Other rules that nobody has begun to try are passed over: who moves a slider on waits for where it stands.
    """
    limits = [[slot.pk, None, None] for slot in slots]
    asked = _noted(household, by, slots, at, limits=limits, rules=plain_mandate(terms))
    older = WhatIf.objects.filter(household=household, status=Status.ASKED, rules__isnull=False)
    free = older.exclude(pk=asked.pk).select_for_update(of=("self",), skip_locked=True)
    WhatIf.objects.filter(pk__in=[one.pk for one in free]).update(status=Status.PASSED)
    return asked


def _noted(household: Household, by: Member, slots: Sequence[Slot], at: datetime, **asked: Any) -> WhatIf:
    if not slots:
        raise ValueError("There is no cleared slot to try.")
    Household.objects.select_for_update(no_key=True).get(pk=household.pk)
    own = WhatIf.objects.filter(household=household)
    span = {"start": slots[0].start, "end": slots[-1].end}
    known = own.filter(**span, limits=asked["limits"]).exclude(status__in=[Status.FAILED, Status.PASSED])
    same = next((one for one in known if one.rules == asked["rules"]), None)
    if same is not None:
        return same
    whole_days = asked["rules"] is not None
    lately = own.filter(asked_at__gt=at - timedelta(days=1), rules__isnull=not whole_days)
    if lately.count() >= (MOST_DAYS_A_DAY if whole_days else MOST_A_DAY):
        raise AskedTooOften
    return WhatIf.objects.create(household=household, asked_by=by, asked_at=at, **span, **asked)


def rings() -> Iterator[dict[str, Any]]:
    """What `try_limits` is rung with for every open question; one of a short street is `quick`."""
    street = OuterRef("household__community")
    open_now = WhatIf.objects.filter(status=Status.ASKED).annotate(homes=active_households_of(street))
    for what_if_id, homes in open_now.order_by("pk").values_list("pk", "homes"):
        yield {"what_if_id": what_if_id, "quick": (homes or 0) <= QUICK_HOMES}


def is_quick(community: Community) -> bool:
    """Whether an answer takes a second or two at most, so that it need not wait behind work of minutes."""
    return count_active_households(community.pk) <= QUICK_HOMES


@transaction.atomic
def prepare_yesterday(*, household_id: int, at: datetime, solve: Solve) -> None:
    """Have a home's yesterday remembered as it was, before anybody asks what it would have been by other rules."""
    let_think()
    household = Household.objects.select_related("community__feeder").get(pk=household_id)
    with suppress(ArithmeticError):  # who asks is told that there is no answer
        day_as_it_was(household, yesterday_of(household, at), solve)


@transaction.atomic
def work_out(*, what_if_id: int, solve: Solve) -> None:
    """Clear each slot as it was and with the other limits, or live the day again; what is worked out stays.

    Both are worked out now, so that a difference comes from the limits and from nothing else.
    """
    claimed = WhatIf.objects.select_for_update(of=("self",), skip_locked=True)
    asked = claimed.filter(pk=what_if_id, status=Status.ASKED).first()
    if asked is None:
        return
    let_think()
    slots = Slot.objects.filter(pk__in=[slot for slot, *_limits in asked.limits])
    rows = list(slots.select_related("community__feeder").order_by("start"))
    try:
        was, would_be, asked.slots = _worked_out(asked, rows, solve)
    except (ArithmeticError, NothingToLive):  # the solver finds no answer, or there is nothing to answer
        asked.status = Status.FAILED
    else:
        asked.status = Status.DONE
        asked.was, asked.would_be = asdict(was), asdict(would_be)
    asked.save(update_fields=["status", "slots", "was", "would_be"])


def _worked_out(asked: WhatIf, slots: Sequence[Slot], solve: Solve) -> tuple[Part, Part, int]:
    if asked.rules is not None:
        return day_again(asked.household, slots, mandate_of(asked.rules), solve)
    told = {slot: Limits(sell, buy) for slot, sell, buy in asked.limits}
    cleared = [slot for slot in slots if slot.status == Slot.Status.CLEARED]
    was, would_be = Part(), Part()
    for slot in cleared:
        before, after = _tried(slot, asked.household_id, told[slot.pk], solve)
        was, would_be = was + before, would_be + after
    return was, would_be, len(cleared)


def _tried(slot: Slot, household_id: int, limits: Limits, solve: Solve) -> tuple[Part, Part]:
    """The home's part in the slot as it was, and with the other limits."""
    feeder = feeder_of(slot.community)
    rules = Rules(price=slot.price_rule, fairness=slot.fairness_rule)
    book = order_book(slot, feeder)
    other = with_limits(book, household_id, limits)
    before, after = (
        part_of(one, household_id, clear(one, feeder, rules, solve).fills, slot.grid_fee_ueur_kwh, book)
        for one in (book, other)
    )
    return before, after
