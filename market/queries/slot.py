"""One slot as a member may see it: the market's result, the anonymous book, and the home's own part."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import sqrt
from typing import Any

from django.db.models import Case, Count, F, Max, Min, Q, Sum, When
from django.db.models.functions import Coalesce, Greatest, Least

from community.models import Community, Feeder, Household
from market.models import Order, SetPoint, SettledHome, Slot, Trade


@dataclass(frozen=True, slots=True)
class Totals:
    """How many homes offered and wanted how much (Wh)."""

    sellers: int
    offered_wh: int
    buyers: int
    wanted_wh: int


@dataclass(frozen=True, slots=True)
class PriceRange:
    """The lowest and the highest price (µ€/kWh, fee included) of a slot's trades."""

    low_ueur_kwh: int
    high_ueur_kwh: int


@dataclass(frozen=True, slots=True)
class BookRow:
    """All orders of one side at one price, without names. The price is what the order came to in the end:
    never beyond the home's own retailer."""

    side: str
    price_ueur_kwh: int
    homes: int
    energy_wh: int
    local_wh: int
    mine: bool


@dataclass(frozen=True, slots=True)
class DeviceSlot:
    """What a device of the home was asked to take (+) or give (−) in the slot, and why (as it was stored)."""

    name: str
    kind: str
    energy_wh: int
    why: dict[str, Any] = field(default_factory=dict)


def slot_at(community: Community, start: datetime) -> Slot | None:
    """The community's slot that starts at `start`."""
    return Slot.objects.filter(community=community, start=start).select_related("community__feeder").first()


def totals(slot: Slot) -> Totals:
    """Who stood on either side of the book."""
    orders = Order.objects.filter(slot=slot)
    sums = orders.aggregate(
        sellers=Count("household", distinct=True, filter=Q(side="sell")),
        offered=Sum("energy_wh", filter=Q(side="sell"), default=0),
        buyers=Count("household", distinct=True, filter=Q(side="buy")),
        wanted=Sum("energy_wh", filter=Q(side="buy"), default=0),
    )
    return Totals(sums["sellers"], sums["offered"], sums["buyers"], sums["wanted"])


def price_range(slot: Slot) -> PriceRange | None:
    """Between what prices the slot's trades lie; None without any."""
    found = Trade.objects.filter(slot=slot).aggregate(low=Min("price_ueur_kwh"), high=Max("price_ueur_kwh"))
    return None if found["low"] is None else PriceRange(found["low"], found["high"])


def phase_v(slot: Slot) -> float | None:
    """Nominal voltage from a phase to the neutral; None where the street's cables are not described."""
    feeder: Feeder | None = getattr(slot.community, "feeder", None)
    return None if feeder is None else feeder.nominal_v / sqrt(3)


def book(slot: Slot, home: Household) -> list[BookRow]:
    """The order book by side and price: sellers from the cheapest, buyers from the most willing."""
    bound = Case(
        When(side="buy", then=Least("limit_ueur_kwh", "retailer_ueur_kwh")),
        default=Greatest("limit_ueur_kwh", "retailer_ueur_kwh"),
    )
    rows = (
        Order.objects.filter(slot=slot)
        .annotate(bound=bound)
        .values_list("side", "bound")
        .annotate(
            homes=Count("household", distinct=True),
            asked=Sum("energy_wh"),
            traded=Sum(Coalesce(F("outcome__local_wh"), 0)),
            own=Count("pk", filter=Q(household=home)),
        )
    )
    found = [
        BookRow(side, price, homes, asked, traded, own > 0) for side, price, homes, asked, traded, own in rows
    ]
    sellers = sorted((row for row in found if row.side == "sell"), key=lambda row: row.price_ueur_kwh)
    buyers = sorted((row for row in found if row.side == "buy"), key=lambda row: -row.price_ueur_kwh)
    return sellers + buyers


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
        "device__name", "device__kind", Coalesce("energy_wh", "base_wh"), "why"
    )
    return [DeviceSlot(*row) for row in amounts]
