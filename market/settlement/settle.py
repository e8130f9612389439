"""The settlement of one slot: what was traded, as far as it was delivered, then the true-up, then the pool.

The rules are those of docs/market.md: nobody delivers more than the meter saw, both sides agree to the Wh,
and a price at which a household would lose against its own retailer is never applied to it.
"""

from collections.abc import Sequence

from market.settlement.case import Line, Posting, Settled, SlotCase, SlotFacts, Terms, Traded
from market.settlement.deliver import Delivery, Home, Part, balance, deliver, gain_neur
from market.settlement.pool import pooled

GRID_FEE = ("grid_fee", None)
CONGESTION_RENT = ("congestion_rent", None)


def settle(case: SlotCase, *, true_up: bool = True) -> Settled:
    """Settle one slot. Households are taken in order of id, so the order of the input changes nothing.

    Without a price nothing is traded and every household is left to its retailer. `true_up` shares metered
    export and import that the clearing had not foreseen at the slot's price, among those it does not harm.
    """
    homes = _homes(case)
    delivery = deliver(homes, case.facts)
    more_bought, more_sold = [0] * len(homes), [0] * len(homes)
    if true_up and not delivery.retailer_only:
        more_bought, more_sold = _true_up(homes, delivery, case.facts)
    totals = [
        _with_true_up(part, more_bought[i], more_sold[i], case.facts) for i, part in enumerate(delivery.parts)
    ]
    gains = [gain_neur(part, home.terms) for home, part in zip(homes, totals, strict=True)]
    pool = pooled(gains, [home.terms for home in homes], case.facts)
    lines = tuple(
        _line(home, totals[i], (more_bought[i], more_sold[i]), gains[i], pool[i]) for i, home in enumerate(homes)
    )
    provisional = any(line.missing for line in lines) or any(home.metered.estimated for home in homes)
    return Settled(lines, _postings(lines, delivery, case.facts), provisional)


def _homes(case: SlotCase) -> list[Home]:
    traded = {row.household_id: row for row in case.traded}
    terms = {row.household_id: row for row in case.terms}
    return [
        Home(row, traded.get(row.household_id, Traded(row.household_id, 0, 0)), terms[row.household_id])
        for row in sorted(case.metered, key=lambda row: row.household_id)
    ]


def _true_up(homes: Sequence[Home], delivery: Delivery, facts: SlotFacts) -> tuple[list[int], list[int]]:
    """Wh bought and sold beyond the trades: what meters saw more, where retailer and mandate allow it."""
    if facts.price_ueur_kwh is None:
        return [0] * len(homes), [0] * len(homes)
    pays, nets = facts.price_ueur_kwh, facts.price_ueur_kwh - facts.grid_fee_ueur_kwh
    bought = [
        (home.metered.import_wh or 0) - part.bought_wh if _may_buy(home.terms, pays) else 0
        for home, part in zip(homes, delivery.parts, strict=True)
    ]
    sold = [
        (home.metered.export_wh or 0) - part.sold_wh if _may_sell(home.terms, nets) else 0
        for home, part in zip(homes, delivery.parts, strict=True)
    ]
    return balance(bought, sold)


def _may_buy(terms: Terms, pays_ueur_kwh: int) -> bool:
    return terms.may_buy and pays_ueur_kwh <= min(terms.import_ueur_kwh, terms.max_buy_ueur_kwh)


def _may_sell(terms: Terms, nets_ueur_kwh: int) -> bool:
    return terms.may_sell and nets_ueur_kwh >= max(terms.feed_in_ueur_kwh, terms.min_sell_ueur_kwh)


def _with_true_up(part: Part, more_bought: int, more_sold: int, facts: SlotFacts) -> Part:
    if not (more_bought or more_sold):
        return part
    price = facts.price_ueur_kwh or 0
    return Part(
        bought_wh=part.bought_wh + more_bought,
        sold_wh=part.sold_wh + more_sold,
        paid_neur=part.paid_neur + more_bought * price,
        earned_neur=part.earned_neur + more_sold * (price - facts.grid_fee_ueur_kwh),
        shortfall_neur=part.shortfall_neur,
    )


def _line(home: Home, part: Part, true_up: tuple[int, int], gained_neur: int, pool_neur: int) -> Line:
    row, terms = home.metered, home.terms
    imported, exported = row.import_wh or 0, row.export_wh or 0
    baseline = imported * terms.import_ueur_kwh - exported * terms.feed_in_ueur_kwh
    return Line(
        household_id=row.household_id,
        missing=row.import_wh is None or row.export_wh is None,
        quality=row.quality,
        import_wh=imported,
        export_wh=exported,
        bought_wh=part.bought_wh,
        sold_wh=part.sold_wh,
        trueup_bought_wh=true_up[0],
        trueup_sold_wh=true_up[1],
        paid_neur=part.paid_neur,
        earned_neur=part.earned_neur,
        shortfall_neur=part.shortfall_neur,
        pool_neur=pool_neur,
        priority=terms.priority,
        import_ueur_kwh=terms.import_ueur_kwh,
        feed_in_ueur_kwh=terms.feed_in_ueur_kwh,
        baseline_neur=baseline,
        actual_neur=baseline - gained_neur - pool_neur,
    )


def _postings(lines: Sequence[Line], delivery: Delivery, facts: SlotFacts) -> tuple[Posting, ...]:
    """Buyers give, sellers receive, the pool moves gains; the grid's accounts receive what is between."""
    postings = [
        Posting(
            ("household", line.household_id),
            line.earned_neur - line.paid_neur - line.shortfall_neur + line.pool_neur,
            line.bought_wh - line.sold_wh,
        )
        for line in lines
    ]
    fee_neur = facts.grid_fee_ueur_kwh * sum(line.sold_wh for line in lines) + delivery.distance_neur
    postings += [Posting(GRID_FEE, fee_neur, 0), Posting(CONGESTION_RENT, delivery.rent_neur, 0)]
    return tuple(posting for posting in postings if posting.amount_neur or posting.energy_wh)
