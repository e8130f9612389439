"""Clearing the past again with other limits of one home: asked on a page, worked out by a worker."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timedelta

from django.db import transaction

from community.models import Household, Member
from config.patience import let_think
from market.clearing import Rules, clear
from market.clearing.congested import Solve
from market.clearing.what_if import Limits, Part, part_of, with_limits
from market.models import Slot, WhatIf
from market.queries.book import feeder_of, order_book

Status = WhatIf.Status
# A worker's second is everybody's: whoever has asked so often in a day has seen what limits do.
MOST_A_DAY = 60
KEPT = timedelta(days=7)


class AskedTooOften(Exception):
    """The home has asked as often as it may in a day."""


@transaction.atomic
def ask(*, household: Household, by: Member, slots: Iterable[tuple[Slot, Limits]], at: datetime) -> WhatIf:
    """Note what is to be worked out; the same question again is the same answer.

    Raises `AskedTooOften`, and ValueError without any slot.
    """
    asked = sorted(slots, key=lambda one: one[0].start)
    if not asked:
        raise ValueError("There is no cleared slot to try.")
    Household.objects.select_for_update(no_key=True).get(pk=household.pk)
    own = WhatIf.objects.filter(household=household)
    limits = [[slot.pk, one.sell_ueur_kwh, one.buy_ueur_kwh] for slot, one in asked]
    first, last = asked[0][0], asked[-1][0]
    known = own.filter(start=first.start, end=last.end, limits=limits).exclude(status=Status.FAILED).first()
    if known is not None:
        return known
    if own.filter(asked_at__gt=at - timedelta(days=1)).count() >= MOST_A_DAY:
        raise AskedTooOften
    return WhatIf.objects.create(
        household=household, asked_by=by, asked_at=at, start=first.start, end=last.end, limits=limits
    )


def open_questions() -> list[int]:
    """What was asked for and is not worked out yet."""
    return list(WhatIf.objects.filter(status=Status.ASKED).order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def work_out(*, what_if_id: int, solve: Solve) -> None:
    """Clear each slot as it was and with the other limits; what is worked out already stays.

    Both are worked out now, so that a difference comes from the limits and from nothing else.
    """
    asked = WhatIf.objects.select_for_update(of=("self",)).filter(pk=what_if_id, status=Status.ASKED).first()
    if asked is None:
        return
    let_think()
    told = {slot: Limits(sell, buy) for slot, sell, buy in asked.limits}
    rows = Slot.objects.filter(pk__in=told, status=Slot.Status.CLEARED).select_related("community__feeder")
    was, would_be = Part(), Part()
    try:
        for slot in rows:
            before, after = _tried(slot, asked.household_id, told[slot.pk], solve)
            was, would_be = was + before, would_be + after
    except ArithmeticError:  # the solver finds no answer
        asked.status = Status.FAILED
    else:
        asked.status, asked.slots = Status.DONE, len(rows)
        asked.was, asked.would_be = asdict(was), asdict(would_be)
    asked.save(update_fields=["status", "slots", "was", "would_be"])


def _tried(slot: Slot, household_id: int, limits: Limits, solve: Solve) -> tuple[Part, Part]:
    """The home's part in the slot as it was, and with the other limits."""
    feeder = feeder_of(slot.community)
    rules = Rules(price=slot.price_rule, fairness=slot.fairness_rule)
    book = order_book(slot, feeder)
    other = with_limits(book, household_id, limits)
    before, after = (
        part_of(one, household_id, clear(one, feeder, rules, solve).fills, slot.grid_fee_ueur_kwh)
        for one in (book, other)
    )
    return before, after
