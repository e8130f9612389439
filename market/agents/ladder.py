"""From a home's net demand curve N(p) to orders, and what each device does if none of them clears.

N(p) = forecast net load + charging(p) − discharging(p) falls with the price p. What stays above zero at
every price is a firm purchase, what stays below zero a firm sale, the steps in between are flexible orders.
So own use comes before trade: surplus that fits in the battery is offered at its stored worth (unsold, it is
stored), need that the battery can cover is asked for at its stored worth (unfilled, the battery gives it).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from market.agents.decision import OrderWish


class Step(NamedTuple):
    """Above `price_ueur_kwh` a device charges `energy_wh` (AC) less, or discharges that much more.

    `with_grid` means that the retailer may serve this charging, or take this discharge.
    """

    price_ueur_kwh: int
    energy_wh: int
    device_id: int
    charges: bool
    with_grid: bool


@dataclass(frozen=True, slots=True)
class Terms:
    """What bounds a household's orders in one slot: its retailer's prices and its owner's (µ€/kWh)."""

    import_ueur_kwh: int
    feed_in_ueur_kwh: int
    max_buy_ueur_kwh: int
    min_sell_ueur_kwh: int
    may_buy: bool
    may_sell: bool


def climb(net_wh: int, steps: Iterable[Step], terms: Terms, base_wh: dict[int, int]) -> list[OrderWish]:
    """Orders for a net load (Wh) and its devices' steps; adds to `base_wh` what devices do without them.

    `base_wh` has an entry for every device and may already hold energy that flows at any price.

    >>> terms = Terms(200_000, 50_000, 1_000_000, 0, True, True)
    >>> base_wh = {7: 0}
    >>> climb(-300, [Step(110_000, 500, 7, True, False)], terms, base_wh)  # doctest: +NORMALIZE_WHITESPACE
    [OrderWish(device_id=7, side='buy', kind='flexible', energy_wh=200, limit_ueur_kwh=109999),
     OrderWish(device_id=7, side='sell', kind='flexible', energy_wh=300, limit_ueur_kwh=110000)]
    >>> base_wh
    {7: 300}
    """
    ladder = _sorted(steps, terms)
    level_wh = net_wh + sum(base_wh.values()) + sum(step.energy_wh for step in ladder if step.charges)
    wishes: list[OrderWish] = []
    for step in ladder:
        need_wh = min(max(level_wh, 0), step.energy_wh)
        level_wh -= step.energy_wh
        if need_wh:
            _buy(step, need_wh, terms, base_wh, wishes)
        if need_wh < step.energy_wh:
            _sell(step, step.energy_wh - need_wh, terms, base_wh, wishes)
    return _firm(net_wh + sum(base_wh.values()), terms) + _untangled(wishes, terms)


def _sorted(steps: Iterable[Step], terms: Terms) -> list[Step]:
    """The steps that a price between the retailer's two decides, cheapest first.

    Giving at the import price or above is worse than keeping: the retailer serves that need. Charging at the
    feed-in price or below is worse than letting surplus go: it is firm. At the import price and above all prices
    are one: there own surplus goes first to what the retailer would have to serve instead.
    """
    ladder = [
        step
        for step in steps
        if (
            step.price_ueur_kwh > terms.feed_in_ueur_kwh
            if step.charges
            else step.price_ueur_kwh < terms.import_ueur_kwh
        )
    ]
    return sorted(
        ladder,
        key=lambda step: (min(step.price_ueur_kwh, terms.import_ueur_kwh), step.charges and step.with_grid, step),
    )


def _firm(net_wh: int, terms: Terms) -> list[OrderWish]:
    """What flows whatever clears: need or surplus that no device will cover."""
    if net_wh > 0 and terms.may_buy:
        return [OrderWish(None, "buy", "firm", net_wh, min(terms.max_buy_ueur_kwh, terms.import_ueur_kwh))]
    if net_wh < 0 and terms.may_sell:
        return [OrderWish(None, "sell", "firm", -net_wh, max(terms.min_sell_ueur_kwh, terms.feed_in_ueur_kwh))]
    return []


def _buy(step: Step, energy_wh: int, terms: Terms, base_wh: dict[int, int], wishes: list[OrderWish]) -> None:
    """The home is short here: buy instead of discharging, or in order to charge."""
    dearest = terms.import_ueur_kwh
    if step.charges:
        if not step.with_grid:
            dearest -= 1  # at the import price itself the retailer would have to serve it
        elif step.price_ueur_kwh >= dearest and not terms.may_buy and terms.max_buy_ueur_kwh >= dearest:
            base_wh[step.device_id] += energy_wh  # no trade allowed, but its own retailer is cheap enough
            return
    else:
        base_wh[step.device_id] -= energy_wh
    limit = min(step.price_ueur_kwh, dearest, terms.max_buy_ueur_kwh)
    worthwhile = limit > terms.feed_in_ueur_kwh or (limit == terms.feed_in_ueur_kwh and not step.charges)
    if terms.may_buy and worthwhile:
        wishes.append(OrderWish(step.device_id, "buy", "flexible", energy_wh, limit))


def _sell(step: Step, energy_wh: int, terms: Terms, base_wh: dict[int, int], wishes: list[OrderWish]) -> None:
    """The home has more than it needs here: sell instead of charging, or out of the battery."""
    cheapest = terms.feed_in_ueur_kwh
    if step.charges:
        base_wh[step.device_id] += energy_wh
        if step.price_ueur_kwh >= terms.import_ueur_kwh:
            return  # no neighbour pays more than its worth
    elif not step.with_grid:
        cheapest += 1  # at the feed-in price itself the retailer would have to take it
    limit = max(step.price_ueur_kwh, cheapest, terms.min_sell_ueur_kwh)
    if terms.may_sell and limit <= terms.import_ueur_kwh:
        wishes.append(OrderWish(step.device_id, "sell", "flexible", energy_wh, limit))


def _untangled(wishes: list[OrderWish], terms: Terms) -> list[OrderWish]:
    """The wishes with every purchase strictly below every sale: a home never trades with itself."""
    lowest_sale = min((wish.limit_ueur_kwh for wish in wishes if wish.side == "sell"), default=None)
    if lowest_sale is None:
        return wishes
    answer = []
    for wish in wishes:
        if wish.side == "sell" or wish.limit_ueur_kwh < lowest_sale:
            answer.append(wish)
        elif lowest_sale > terms.feed_in_ueur_kwh:
            answer.append(replace(wish, limit_ueur_kwh=lowest_sale - 1))
    return answer
