"""One slot as a member may see it: the market's result, the anonymous book, and the home's own part."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from math import sqrt
from typing import Any, NamedTuple

from django.db.models import Case, Count, F, Max, Min, Q, Sum, When
from django.db.models.functions import Coalesce, Greatest, Least

from community.anonymity import hides
from community.models import Community, Feeder, Household
from market.models import Order, SetPoint, SettledHome, Slot, Trade


@dataclass(frozen=True, slots=True)
class Totals:
    """How many homes offered and wanted how much (Wh); whether enough of them sold and bought to say how much."""

    sellers: int
    offered_wh: int
    buyers: int
    wanted_wh: int
    tells_traded: bool = True


@dataclass(frozen=True, slots=True)
class PriceRange:
    """The lowest and the highest price (µ€/kWh, fee included) of a slot's trades."""

    low_ueur_kwh: int
    high_ueur_kwh: int


@dataclass(frozen=True, slots=True)
class BookRow:
    """Orders of one side between two prices, without names. A price is what an order came to in the end: never
    beyond the home's own retailer. Of fewer homes than a sum has to have there is no sum (Wh).
    """

    side: str
    low_ueur_kwh: int
    high_ueur_kwh: int
    homes: int
    energy_wh: int | None
    local_wh: int | None
    mine: bool


@dataclass(frozen=True, slots=True)
class DeviceSlot:
    """What a device of the home was asked to take (+) or give (−) in the slot, and why (as it was stored).

    `base_wh` is what it would have done had none of its orders traded.
    """

    name: str
    kind: str
    energy_wh: int
    why: dict[str, Any] = field(default_factory=dict)
    base_wh: int | None = None


def slot_at(community: Community, start: datetime) -> Slot | None:
    """The community's slot that starts at `start`."""
    return Slot.objects.filter(community=community, start=start).select_related("community__feeder").first()


def totals(slot: Slot) -> Totals:
    """Who stood on either side of the book."""
    orders = Order.objects.filter(slot=slot)
    sums = orders.aggregate(
        sellers=_homes_of("sell"),
        offered=Sum("energy_wh", filter=Q(side="sell"), default=0),
        buyers=_homes_of("buy"),
        wanted=Sum("energy_wh", filter=Q(side="buy"), default=0),
        sold=_homes_of("sell", trade__isnull=False),
        bought=_homes_of("buy", trade__isnull=False),
    )
    told = hides(sums["sold"]) and hides(sums["bought"])
    return Totals(sums["sellers"], sums["offered"], sums["buyers"], sums["wanted"], told)


def _homes_of(side: str, **further: bool) -> Count:
    return Count("household", distinct=True, filter=Q(side=side, **further))


def price_range(slot: Slot) -> PriceRange | None:
    """Between what prices the slot's trades lie; None without any."""
    found = Trade.objects.filter(slot=slot).aggregate(low=Min("price_ueur_kwh"), high=Max("price_ueur_kwh"))
    return None if found["low"] is None else PriceRange(found["low"], found["high"])


def phase_v(slot: Slot) -> float | None:
    """Nominal voltage from a phase to the neutral; None where the street's cables are not described."""
    feeder: Feeder | None = getattr(slot.community, "feeder", None)
    return None if feeder is None else feeder.nominal_v / sqrt(3)


class _Ordered(NamedTuple):
    """What one home ordered at one price, and what of it neighbours traded; Wh."""

    price_ueur_kwh: int
    home: int
    asked_wh: int
    traded_wh: int


def book(slot: Slot, home: Household) -> list[BookRow]:
    """The order book by side and price: sellers from the cheapest, buyers from the most willing.

    Neighbouring prices are taken together until enough homes stand behind each row.
    """
    bound = Case(
        When(side="buy", then=Least("limit_ueur_kwh", "retailer_ueur_kwh")),
        default=Greatest("limit_ueur_kwh", "retailer_ueur_kwh"),
    )
    rows = (
        Order.objects.filter(slot=slot)
        .annotate(bound=bound)
        .values_list("side", "bound", "household_id")
        .annotate(asked=Sum("energy_wh"), traded=Sum(Coalesce(F("outcome__local_wh"), 0)))
    )
    sides: dict[str, list[_Ordered]] = {"sell": [], "buy": []}
    for side, *ordered in rows:
        sides[side].append(_Ordered(*ordered))
    sells = sorted(sides["sell"])
    buys = sorted(sides["buy"], key=lambda one: (-one.price_ueur_kwh, one.home))
    traded = all(hides(_homes([one for one in side if one.traded_wh])) for side in (sells, buys))
    return [*_rows("sell", sells, home.pk, traded), *_rows("buy", buys, home.pk, traded)]


def _rows(side: str, ordered: Sequence[_Ordered], own: int, traded: bool) -> list[BookRow]:
    groups: list[list[_Ordered]] = []
    for _price, same in groupby(ordered, key=lambda one: one.price_ueur_kwh):
        if groups and not hides(_homes(groups[-1])):
            groups[-1] += same
        else:
            groups.append(list(same))
    if len(groups) > 1 and not hides(_homes(groups[-1])):
        few = groups.pop()
        groups[-1] += few
    # A row that is not told would be what the others leave of the street's sum: all are told, or none.
    told = traded and all(hides(_homes([one for one in group if one.traded_wh])) for group in groups)
    return [_row(side, group, own, told) for group in groups]


def _homes(group: Sequence[_Ordered]) -> int:
    return len({one.home for one in group})


def _row(side: str, group: Sequence[_Ordered], own: int, traded: bool) -> BookRow:
    prices, homes = [one.price_ueur_kwh for one in group], _homes(group)
    told = hides(homes)
    asked_wh, traded_wh = sum(one.asked_wh for one in group), sum(one.traded_wh for one in group)
    mine = any(one.home == own for one in group)
    local_wh = traded_wh if told and traded else None
    return BookRow(side, min(prices), max(prices), homes, asked_wh if told else None, local_wh, mine)


def orders_of(home: Household, slot: Slot) -> Sequence[Order]:
    """The home's orders with their outcomes (if cleared) and devices, in the order they were written."""
    rows = Order.objects.filter(household=home, slot=slot).select_related("outcome", "trade", "device", "mandate")
    return list(rows.order_by("side", "kind", "pk"))


def settled(home: Household, slot: Slot) -> SettledHome | None:
    """The current settlement of the home in the slot."""
    rows = SettledHome.objects.filter(household=home, settlement__slot=slot, is_current=True)
    return rows.select_related("settlement").first()


def devices(home: Household, slot: Slot) -> list[DeviceSlot]:
    """What batteries and chargers were asked to do; a slot that has not cleared shows their own-use part."""
    rows = SetPoint.objects.filter(slot=slot, device__household=home).exclude(device__kind="pv")
    amounts = rows.order_by("device_id").values_list(
        "device__name", "device__kind", Coalesce("energy_wh", "base_wh"), "why", "base_wh"
    )
    return [DeviceSlot(*row) for row in amounts]
