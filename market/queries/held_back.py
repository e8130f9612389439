"""What the cables held back from each home of a community in a month, beside what it traded."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from django.db.models import BigIntegerField, Count, F, Max, Min, Q, QuerySet, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce

from community.models import Community, Household
from community.queries import in_street_order
from market.models import Order, Outcome, Slot, Trade

PARTS = ("energy", "congestion", "voltage", "fee")
# Household, side and kind of orders.
Kind = tuple[int, str, str]


@dataclass(frozen=True, slots=True)
class Held:
    """Energy that the cables held back, of what was asked for in the month's orders of one kind; Wh."""

    held_wh: int = 0
    asked_wh: int = 0

    @property
    def share_pct(self) -> float | None:
        """Percent; None where nothing was asked for."""
        return 100 * self.held_wh / self.asked_wh if self.asked_wh else None

    def __add__(self, other: "Held") -> "Held":
        return Held(self.held_wh + other.held_wh, self.asked_wh + other.asked_wh)


@dataclass(frozen=True, slots=True)
class PriceParts:
    """A side's mean price of one home in its parts: energy of which they are known (Wh), and µ€/kWh of each."""

    side: str
    energy_wh: int
    parts_ueur_kwh: dict[str, int]


@dataclass(frozen=True, slots=True)
class HomeLog:
    """One home's month: firm sales are sun, flexible purchases wishes that could wait, flexible sales what its
    battery had to give. `passed_wh` flowed while a limit of the street bound, beside what was held back then.

    `lost_neur` is the gain that what was held back would have brought. Money is what it paid as a buyer, fee
    included, and what it got as a seller, fee taken off, by the clearings; n€.
    """

    household_id: int
    name: str = ""
    sun: Held = Held()
    wishes: Held = Held()
    battery: Held = Held()
    passed_wh: int = 0
    lost_neur: int = 0
    bought_wh: int = 0
    paid_neur: int = 0
    sold_wh: int = 0
    earned_neur: int = 0

    @property
    def held(self) -> Held:
        """Of all kinds together."""
        return self.sun + self.wishes + self.battery

    @property
    def exchanged_wh(self) -> int:
        """Traded with neighbours, either way."""
        return self.bought_wh + self.sold_wh

    @property
    def passed_share(self) -> float | None:
        """Part of what would have flowed while limits bound that did; None if nothing would have."""
        tried_wh = self.passed_wh + self.held.held_wh
        return self.passed_wh / tried_wh if tried_wh else None

    @property
    def bought_ueur_kwh(self) -> int | None:
        """What a bought kWh cost on average; None if none was."""
        return self.paid_neur // self.bought_wh if self.bought_wh else None

    @property
    def sold_ueur_kwh(self) -> int | None:
        """What a sold kWh brought on average; None if none did."""
        return self.earned_neur // self.sold_wh if self.sold_wh else None

    @property
    def price_ueur_kwh(self) -> float | None:
        """Mean price of what it traded; None if nothing."""
        return (self.paid_neur + self.earned_neur) / self.exchanged_wh if self.exchanged_wh else None


def cleared_slots(community_id: int, start: datetime, end: datetime) -> QuerySet[Slot]:
    """The slots that start in `[start, end)` and whose gate has closed."""
    return Slot.objects.filter(community=community_id, start__gte=start, start__lt=end).exclude(
        status=Slot.Status.OPEN
    )


def cleared_so_far(slots: QuerySet[Slot]) -> tuple[int, datetime | None]:
    """How many slots are cleared, and when the last was: what was learned from them holds until this changes."""
    state = slots.aggregate(slots=Count("pk"), last=Max("cleared_at"))
    return state["slots"], state["last"]


def home_logs(
    community_id: int, start: datetime, end: datetime, so_far: tuple[int, datetime | None]
) -> tuple[tuple[HomeLog, ...], tuple[int, int]]:
    """Every home that ordered anything, by name; and the lowest and highest price of their retailers.

    What a clearing wrote never changes, so the sums of a month hold until another of its slots is cleared.
    """
    logs, allowed = _summed(community_id, start, end, *so_far)
    names = Household.objects.filter(pk__in=[log.household_id for log in logs]).order_by(in_street_order(), "pk")
    found = {log.household_id: log for log in logs}
    return tuple(replace(found[pk], name=name) for pk, name in names.values_list("pk", "name")), allowed


@lru_cache(maxsize=64)
def _summed(
    community_id: int, start: datetime, end: datetime, _slots: int, _last: datetime | None
) -> tuple[tuple[HomeLog, ...], tuple[int, int]]:
    """Homes without their names. Orders and outcomes are a month's two longest tables and joining all of both is
    dear: what was asked for comes from orders alone, and outcomes are read of the slots with a limit only."""
    slots = cleared_slots(community_id, start, end)
    asked = {
        (home, side, kind): (int(energy), low, high)
        for home, side, kind, energy, low, high in Order.objects.filter(slot__in=slots)
        .values_list("household_id", "side", "kind")
        .annotate(Sum("energy_wh"), Min("retailer_ueur_kwh"), Max("retailer_ueur_kwh"))
    }
    tight = slots.filter(~Q(bindings=[]) | Q(emergency=True))
    held = {
        (home, side, kind): (int(flowed), int(curtailed), int(lost))
        for home, side, kind, flowed, curtailed, lost in Outcome.objects.filter(slot__in=tight)
        .values_list("order__household_id", "order__side", "order__kind")
        .annotate(
            flowed=Sum(F("local_wh") + F("retailer_wh")), curtailed=Sum("curtailed_wh"), lost=Sum("lost_neur")
        )
    }
    traded = _trades(slots)
    lows, highs = [low for _wh, low, _high in asked.values()], [high for _wh, _low, high in asked.values()]
    homes = sorted({home for home, _side, _kind in asked})
    logs = tuple(_home_log(home, asked, held, traded) for home in homes)
    return logs, (min(lows, default=0), max(highs, default=0))


def _home_log(
    home: int,
    asked: Mapping[Kind, tuple[int, int, int]],
    held: Mapping[Kind, tuple[int, int, int]],
    traded: Mapping[tuple[int, str], tuple[int, int]],
) -> HomeLog:
    def of(side: Order.Side, kind: Order.Kind) -> Held:
        key = (home, side.value, kind.value)
        return Held(held.get(key, (0, 0, 0))[1], asked.get(key, (0, 0, 0))[0])

    tight = [sums for (pk, _side, _kind), sums in held.items() if pk == home]
    bought_wh, paid_neur = traded.get((home, Order.Side.BUY.value), (0, 0))
    sold_wh, earned_neur = traded.get((home, Order.Side.SELL.value), (0, 0))
    return HomeLog(
        home,
        sun=of(Order.Side.SELL, Order.Kind.FIRM),
        wishes=of(Order.Side.BUY, Order.Kind.FLEXIBLE),
        battery=of(Order.Side.SELL, Order.Kind.FLEXIBLE),
        passed_wh=sum(flowed for flowed, _curtailed, _lost in tight),
        lost_neur=sum(lost for _flowed, _curtailed, lost in tight),
        bought_wh=bought_wh,
        paid_neur=paid_neur,
        sold_wh=sold_wh,
        earned_neur=earned_neur,
    )


def _trades(slots: QuerySet[Slot]) -> dict[tuple[int, str], tuple[int, int]]:
    """By household and side, Wh cleared among neighbours and the n€ that they cost or brought, by the clearing."""
    rows = (
        Trade.objects.filter(slot__in=slots)
        .values_list("household_id", "side")
        .annotate(
            energy=Sum("energy_wh"),
            worth=Sum(F("energy_wh") * F("price_ueur_kwh")),
            fee=Sum(F("energy_wh") * F("slot__grid_fee_ueur_kwh")),
        )
    )
    return {
        (home, side): (int(energy), int(worth - fee) if side == Order.Side.SELL else int(worth))
        for home, side, energy, worth, fee in rows
    }


def price_parts(homes: Collection[Household], start: datetime, end: datetime) -> Mapping[int, list[PriceParts]]:
    """By home, the mean price of what it bought and sold in `[start, end)` in its parts, where they were kept.

    With one price for all there are no parts to keep, so homes of such a street are absent. As all sums of a
    month, they hold until another of its slots is cleared.
    """
    found: dict[int, list[PriceParts]] = {}
    for home in homes:
        state = cleared_so_far(cleared_slots(home.community_id, start, end))
        parts = _parts(home.pk, home.community_id, start, end, *state)
        if parts:
            found[home.pk] = list(parts)
    return found


@lru_cache(maxsize=1_024)
def _parts(
    home: int, community_id: int, start: datetime, end: datetime, _slots: int, _last: datetime | None
) -> tuple[PriceParts, ...]:
    # A home's orders in so many slots are found by both; a month's outcomes are too many to look through.
    by_place = cleared_slots(community_id, start, end).filter(price_rule=Community.PriceRule.LOCATIONAL)
    slots = list(by_place.values_list("pk", flat=True))
    rows = (
        Outcome.objects.filter(order__household=home, order__slot__in=slots)
        .filter(local_wh__gt=0, facts__has_key="energy_ueur_kwh")
        .values_list("order__side")
        .annotate(traded_wh=Sum("local_wh"), **{part: _worth(part) for part in PARTS})
        .order_by("order__side")
    )
    return tuple(
        PriceParts(
            side,
            int(energy),
            {part: round(int(worth) / int(energy)) for part, worth in zip(PARTS, worths, strict=True)},
        )
        for side, energy, *worths in rows
    )


def _worth(part: str) -> Sum:
    """n€ of one part of the price over all of a home's local energy."""
    price = Cast(KeyTextTransform(f"{part}_ueur_kwh", "facts"), BigIntegerField())
    return Sum(F("local_wh") * Coalesce(price, 0))
