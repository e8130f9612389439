"""A virtual battery and the choice of an offer in words."""

from collections.abc import Sequence
from datetime import date

from django.utils.translation import gettext as _

from community import figures
from market.queries.wallet import OfferCost, WalletRow


def choice(costs: Sequence[OfferCost]) -> str:
    """Which offer would have cost least, and what the home's own came to; empty if there is nothing to compare."""
    mine = next((one for one in costs if one.mine), None)
    if mine is None or len(costs) < 2:
        return ""
    best = costs[0]
    if best.mine:
        return _("Yours was the cheapest of the offers known here.")
    spared = mine.cost_cents - best.cost_cents
    given = {"offer": best.tariff, "spared": figures.cents(spared)}
    return _("%(offer)s would have spared you %(spared)s.") % given


def worth_it(one: OfferCost) -> str:
    """Whether an offer's virtual battery paid off against the same prices with simple compensation."""
    if not one.has_wallet:
        return _("simple compensation: what surplus cannot pay for in its month is lost")
    gain = one.without_cents - one.cost_cents
    given = {"gain": figures.cents(abs(gain)), "held": figures.cents(one.held_cents)}
    if gain > 0:
        return _("its virtual battery spared %(gain)s, its fee paid, and holds %(held)s") % given
    if gain == 0:
        return _("its virtual battery changed nothing and holds %(held)s") % given
    return _("its virtual battery cost %(gain)s more than it spared so far, and holds %(held)s") % given


def fact(rows: Sequence[WalletRow], month: date) -> str:
    """What a month did to the virtual battery, in a line; empty if nothing."""
    row = next((one for one in rows if one.month == month), None)
    if row is None:
        return ""
    words = _("%(added)s put in, %(used)s paid from it, %(lost)s lost; %(balance)s at the month's end")
    return words % {
        "added": figures.cents(row.added_cents),
        "used": figures.cents(row.used_cents),
        "lost": figures.cents(row.lost_cents),
        "balance": figures.cents(row.balance_cents),
    }
