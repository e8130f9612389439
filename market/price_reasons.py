"""Prices of a slot in words: the rule that made them, the fees in them, and of what one home's price is made."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from community import figures
from community.models import Community
from market.models import Order, Slot, Trade

LEAST_UEUR_KWH = 500  # less reads as 0.000 €/kWh


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a price, µ€/kWh, or its total; `note` says where it comes from."""

    label: str
    price_ueur_kwh: int
    note: str = ""


def rule(slot: Slot) -> str:
    """The rule that made the slot's price or prices, with the interval that a common price was chosen from."""
    low, high = slot.price_low_ueur_kwh, slot.price_high_ueur_kwh
    price = {"price": figures.price(slot.price_ueur_kwh or 0)}
    rules = Community.PriceRule
    if slot.price_rule == rules.MID_MARKET:
        return _("By the street's rule “mid-market”, the price is the middle between the limits that met.")
    if slot.price_rule == rules.SUPPLY_DEMAND_RATIO:
        return _("By the street's rule, the price is low when much is offered and high when much is wanted.")
    if slot.price_rule == rules.PAY_AS_BID:
        return (
            _(
                "By the street's rule, each buyer pays what it stated, and sellers get what the buyers beside "
                "them pay; buyers paid %(price)s on average."
            )
            % price
        )
    if slot.price_rule == rules.LOCATIONAL:
        return _by_place(slot) % price
    if low is None or high is None or low == high:
        return _("The price is where offers and wishes meet.")
    if slot.price_ueur_kwh != (low + high) // 2:
        return _(
            "With the cables full, no price suited everybody who could have traded; the street's price is the one "
            "that served the street best, and those whom it did not suit kept their retailer."
        )
    span = {"low": figures.price(low), "high": figures.price(high)}
    words = _(
        "Offers and wishes meet between %(low)s and %(high)s; by the street's rule, the middle is the price."
    )
    return words % span


def _by_place(slot: Slot) -> str:
    if not slot.bindings:
        return _(
            "By the street's rule every place has its own price. No cable was full, so that made no "
            "difference: energy cost %(price)s."
        )
    return _(
        "By the street's rule every place has its own price: energy cost %(price)s, and room in full cables made "
        "it dearer or cheaper from place to place."
    )


def fees(slot: Slot) -> str:
    """The grid fee in the price, by distance where that counts; empty without a fee."""
    near, middle, far = _fees(slot)
    if middle == near and far == near:
        if not near:
            return ""
        fee = {"fee": figures.price(near)}
        return _("The buyer's price includes a grid fee of %(fee)s; the seller gets the rest.") % fee
    return _(
        "Prices include a grid fee that rises with distance: %(near)s on the same feeder, %(middle)s between two "
        "feeders of one substation, %(far)s between two substations."
    ) % {"near": figures.price(near), "middle": figures.price(middle), "far": figures.price(far)}


def by_distance(slot: Slot) -> bool:
    """Whether the way between feeders costs more than the way inside one."""
    return len(set(_fees(slot))) > 1


def _fees(slot: Slot) -> tuple[int, int, int]:
    near, middle, far = slot.grid_fee_ueur_kwh, slot.grid_fee_substation_ueur_kwh, slot.grid_fee_beyond_ueur_kwh
    middle = near if middle is None else middle
    return near, middle, middle if far is None else far


def parts(trade: Trade, slot: Slot, facts: Mapping[str, Any]) -> list[Part]:
    """Of what a trade's price is made, the total last; empty where it is nothing but the street's one price.

    `facts` are those stored with the outcome: with prices by place the parts of the price, otherwise none. A
    seller's parts end with the grid fee, so that the total is what it gets.
    """
    selling = trade.side == Order.Side.SELL
    found = _of_place(trade, facts) if "energy_ueur_kwh" in facts else _of_distance(trade)
    if not found:
        return []
    if selling and slot.grid_fee_ueur_kwh:
        found.append(Part(_("Grid fee"), -slot.grid_fee_ueur_kwh, _("the buyer's price includes it")))
    total = sum(part.price_ueur_kwh for part in found)
    return [*found, Part(_("You get") if selling else _("You pay"), total)]


def _of_distance(trade: Trade) -> list[Part]:
    if not trade.distance_ueur_kwh:
        return []
    return [
        Part(_("Energy"), trade.price_ueur_kwh - trade.distance_ueur_kwh, _("by the street's price rule")),
        _distance(trade.distance_ueur_kwh),
    ]


def _of_place(trade: Trade, facts: Mapping[str, Any]) -> list[Part]:
    named = [
        Part(_("Energy"), int(facts["energy_ueur_kwh"]), _("the same for all")),
        Part(_("Congestion"), int(facts.get("congestion_ueur_kwh") or 0), _("for room in full cables")),
        Part(_("Voltage"), int(facts.get("voltage_ueur_kwh") or 0), _("for keeping the voltage in its band")),
        _distance(int(facts.get("fee_ueur_kwh") or 0)),
    ]
    rest = trade.price_ueur_kwh - sum(part.price_ueur_kwh for part in named)
    energy, *others = named
    if abs(rest) < LEAST_UEUR_KWH:  # whole µ€ that rounding left over
        energy, rest = replace(energy, price_ueur_kwh=energy.price_ueur_kwh + rest), 0
    own = Part(_("Adjustment"), rest, _("so that nobody's own limit is broken and every compensation is paid"))
    return [energy, *(part for part in (*others, own) if part.price_ueur_kwh)]


def _distance(price_ueur_kwh: int) -> Part:
    return Part(_("Distance"), price_ueur_kwh, _("for the way between feeders, more or less than inside one"))


def rent(slot: Slot, rent_rule: str) -> str:
    """What the slot's congestion rent came to and where it goes; empty below a thousandth of a euro."""
    if slot.rent_neur < 10**6:
        return ""
    collected = _(
        "Buyers agreed to pay %(rent)s more than sellers and grid fees receive: that is congestion rent, the "
        "price of room in full cables."
    ) % {"rent": figures.euros(slot.rent_neur, 3)}
    shared = {
        Community.RentRule.PER_KWH: _("It is given back when the month closes, by what each home traded."),
        Community.RentRule.CUT_HOMES: _(
            "It is given back when the month closes, by what the cables cost each home."
        ),
        Community.RentRule.EQUAL: _("It is given back when the month closes, the same to each home."),
    }
    return f"{collected} {shared[Community.RentRule(rent_rule)]}"
