"""The two-step settlement of one slot: what was traded, as far as it was delivered, then the true-up.

The rules are those of docs/market.md: nobody delivers more than the meter saw, both sides agree to the Wh,
and a price at which a household would lose against its own retailer is never applied to it.
"""

from collections.abc import Sequence

from market.settlement.apportion import apportion
from market.settlement.case import Line, Metered, Posting, Settled, SlotCase, SlotFacts, Terms

GRID_FEE = ("grid_fee", None)


def settle(case: SlotCase, *, true_up: bool = True) -> Settled:
    """Settle one slot. Households are taken in order of id, so the order of the input changes nothing.

    Without a price nothing is traded and every household is left to its retailer. `true_up` shares metered
    export and import that the clearing had not foreseen at the slot's price, among those it does not harm.
    """
    order = sorted(range(len(case.metered)), key=lambda i: case.metered[i].household_id)
    metered = [case.metered[i] for i in order]
    traded = {row.household_id: row for row in case.traded}
    terms = {row.household_id: row for row in case.terms}
    homes = [row.household_id for row in metered]
    imports = [row.import_wh or 0 for row in metered]
    exports = [row.export_wh or 0 for row in metered]
    buys = [_buys(terms[home], case.facts) for home in homes]
    sells = [_sells(terms[home], case.facts) for home in homes]
    wish_bought = [traded[h].bought_wh if h in traded and ok else 0 for h, ok in zip(homes, buys, strict=True)]
    wish_sold = [traded[h].sold_wh if h in traded and ok else 0 for h, ok in zip(homes, sells, strict=True)]
    bought, sold = _balance(_least(wish_bought, imports), _least(wish_sold, exports))
    more_bought, more_sold = [0] * len(homes), [0] * len(homes)
    if true_up:
        may_buy = [terms[home].may_buy and _within_mandate_buy(terms[home], case.facts) for home in homes]
        may_sell = [terms[home].may_sell and _within_mandate_sell(terms[home], case.facts) for home in homes]
        more_bought, more_sold = _balance(_rest(imports, bought, may_buy), _rest(exports, sold, may_sell))
    lines = tuple(
        _line(row, terms[row.household_id], case.facts, bought[i], sold[i], more_bought[i], more_sold[i])
        for i, row in enumerate(metered)
    )
    provisional = any(line.missing for line in lines) or any(row.estimated for row in metered)
    return Settled(lines, _postings(lines, case.facts), provisional)


def _buys(terms: Terms, facts: SlotFacts) -> bool:
    """Whether buying at the slot's price leaves the household no worse off than its retailer."""
    return facts.price_ueur_kwh is not None and facts.price_ueur_kwh <= terms.import_ueur_kwh


def _sells(terms: Terms, facts: SlotFacts) -> bool:
    price = facts.price_ueur_kwh
    return price is not None and price - facts.grid_fee_ueur_kwh >= terms.feed_in_ueur_kwh


def _within_mandate_buy(terms: Terms, facts: SlotFacts) -> bool:
    return _buys(terms, facts) and (facts.price_ueur_kwh or 0) <= terms.max_buy_ueur_kwh


def _within_mandate_sell(terms: Terms, facts: SlotFacts) -> bool:
    price = facts.price_ueur_kwh or 0
    return _sells(terms, facts) and price - facts.grid_fee_ueur_kwh >= terms.min_sell_ueur_kwh


def _least(left: Sequence[int], right: Sequence[int]) -> list[int]:
    return [min(pair) for pair in zip(left, right, strict=True)]


def _rest(metered_wh: Sequence[int], settled_wh: Sequence[int], allowed: Sequence[bool]) -> list[int]:
    rows = zip(metered_wh, settled_wh, allowed, strict=True)
    return [metered - settled if may else 0 for metered, settled, may in rows]


def _balance(bought: list[int], sold: list[int]) -> tuple[list[int], list[int]]:
    """Scale the larger side down, pro rata to the Wh, until both sides agree."""
    energy_wh = min(sum(bought), sum(sold))
    if energy_wh == 0:
        return [0] * len(bought), [0] * len(sold)
    return apportion(energy_wh, bought), apportion(energy_wh, sold)


def _line(
    row: Metered, terms: Terms, facts: SlotFacts, bought: int, sold: int, more_bought: int, more_sold: int
) -> Line:
    imported, exported = row.import_wh or 0, row.export_wh or 0
    bought_wh, sold_wh = bought + more_bought, sold + more_sold
    price = facts.price_ueur_kwh or 0
    baseline = imported * terms.import_ueur_kwh - exported * terms.feed_in_ueur_kwh
    actual = (imported - bought_wh) * terms.import_ueur_kwh + bought_wh * price
    actual -= (exported - sold_wh) * terms.feed_in_ueur_kwh + sold_wh * (price - facts.grid_fee_ueur_kwh)
    return Line(
        household_id=row.household_id,
        missing=row.import_wh is None or row.export_wh is None,
        quality=row.quality,
        import_wh=imported,
        export_wh=exported,
        bought_wh=bought_wh,
        sold_wh=sold_wh,
        trueup_bought_wh=more_bought,
        trueup_sold_wh=more_sold,
        import_ueur_kwh=terms.import_ueur_kwh,
        feed_in_ueur_kwh=terms.feed_in_ueur_kwh,
        baseline_neur=baseline,
        actual_neur=actual,
    )


def _postings(lines: Sequence[Line], facts: SlotFacts) -> tuple[Posting, ...]:
    """Buyers give the price, sellers receive it less the grid fee, the fee account receives the fee."""
    price, fee = facts.price_ueur_kwh or 0, facts.grid_fee_ueur_kwh
    postings = [
        Posting(
            ("household", line.household_id),
            line.sold_wh * (price - fee) - line.bought_wh * price,
            line.bought_wh - line.sold_wh,
        )
        for line in lines
        if line.bought_wh or line.sold_wh
    ]
    fee_wh = sum(line.sold_wh for line in lines)
    if fee and fee_wh:
        postings.append(Posting(GRID_FEE, fee_wh * fee, 0))
    return tuple(posting for posting in postings if posting.amount_neur or posting.energy_wh)
