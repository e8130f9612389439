"""What a mandate comes to in one slot: the strictest of all limits that hold there."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from market.agents.hours import LocalTime
from market.agents.mandate import Mandate


class SlotTerms(NamedTuple):
    """The owner's limits in one slot: prices in µ€/kWh, and whether the agent may buy and sell in it."""

    min_sell_ueur_kwh: int
    max_buy_ueur_kwh: int
    may_buy: bool
    may_sell: bool


def terms_at(
    mandate: Mandate, start: datetime, slot_minutes: int, period: str, local: LocalTime | None = None
) -> SlotTerms:
    """The terms of the slot that starts at `start` (aware), in a tariff period and at a local time.

    >>> from datetime import UTC
    >>> from market.agents.hours import HoursRule
    >>> dear = Mandate(min_sell_ueur_kwh=60_000, hours=(HoursRule("P1", min_sell_ueur_kwh=90_000),))
    >>> terms_at(dear, datetime(2026, 6, 1, 9, tzinfo=UTC), 15, "P1").min_sell_ueur_kwh
    90000
    """
    holding = [rule for rule in mandate.hours if rule.holds(period, local, slot_minutes)]
    trades = mandate.trades_in(start, slot_minutes) and all(rule.may_trade for rule in holding)
    return SlotTerms(
        max([mandate.min_sell_ueur_kwh, *(rule.min_sell_ueur_kwh or 0 for rule in holding)]),
        min([mandate.max_buy_ueur_kwh]
            + [rule.max_buy_ueur_kwh for rule in holding if rule.max_buy_ueur_kwh is not None]),
        may_buy=trades and period in mandate.buy_periods,
        may_sell=trades and period in mandate.sell_periods,
    )  # fmt: skip


def terms_ahead(
    mandate: Mandate, start: datetime, slot_minutes: int, periods: Sequence[str], local: Sequence[LocalTime]
) -> tuple[SlotTerms, ...]:
    """The terms of the slots from `start` on, one for each period; `local` may be empty without own hours."""
    by_clock = mandate.has_own_hours
    if not by_clock and mandate.valid_until is None:
        # Then only the period tells slots apart, and that is how nearly all homes are.
        of_period = {period: terms_at(mandate, start, slot_minutes, period) for period in set(periods)}
        return tuple(of_period[period] for period in periods)
    step = timedelta(minutes=slot_minutes)
    # Homes have a hundred slots ahead of them and few rules: equal slots are worked out once.
    known: dict[tuple[str, LocalTime | None, bool], SlotTerms] = {}
    answer = []
    for i, period in enumerate(periods):
        at = start + step * i if mandate.valid_until else start
        key = (period, local[i] if by_clock else None, mandate.trades_in(at, slot_minutes))
        if key not in known:
            known[key] = terms_at(mandate, at, slot_minutes, period, key[1])
        answer.append(known[key])
    return tuple(answer)
