"""The community's day in sums: nothing here tells one home from another."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import F, Max, Min, Q, Sum

from community.anonymity import hides
from community.models import Community
from market.models import SettledHome, Slot, Trade


@dataclass(frozen=True, slots=True)
class StreetSlot:
    """One slot of the community, Wh and µ€/kWh; `paid_neur` is what buyers pay for what was cleared."""

    start: datetime
    end: datetime
    status: str
    price_ueur_kwh: int | None
    traded_wh: int
    paid_neur: int
    import_wh: int
    export_wh: int
    emergency: bool
    limits: tuple[tuple[str, str], ...]
    sellers: frozenset[int] = frozenset()
    buyers: frozenset[int] = frozenset()


class Traded(Protocol):
    """What a slot says of its trades: when, how much, and who sold and bought it."""

    @property
    def start(self) -> datetime:
        """When it begins."""

    @property
    def traded_wh(self) -> int:
        """What changed hands."""

    @property
    def sellers(self) -> frozenset[int]:
        """The homes that sold."""

    @property
    def buyers(self) -> frozenset[int]:
        """The homes that bought."""


class Shared(NamedTuple):
    """What changed hands, Wh (None: nothing of it may be told); if not the `whole` of it, at least so much."""

    wh: int | None
    whole: bool


def shared(slots: Sequence[Traded], *, over: bool = True) -> Shared:
    """What changed hands in slots of an hour or a day, so that no figure is of fewer homes than a sum must be of.

    Slots, hours and the day stand side by side: what is left of a longer span without the parts that are told is a
    sum, too. It is told by itself or not at all, and not before the span is over, as else each slot adds its own.
    """
    told_wh = sum(slot.traded_wh for slot in slots if _hidden([slot]))
    rest: dict[datetime, list[Traded]] = {}
    for slot in slots:
        if not _hidden([slot]):
            rest.setdefault(slot.start.replace(minute=0), []).append(slot)
    if not rest:
        return Shared(told_wh, whole=True)
    if over and _hidden([slot for hour in rest.values() if not _hidden(hour) for slot in hour]):
        return Shared(sum(slot.traded_wh for slot in slots), whole=True)
    return Shared(told_wh or None, whole=False)


def tells(slots: Sequence[Traded]) -> bool:
    """Whether a sum over slots tells of no few homes, even less the slots that are told by themselves."""
    left = [slot for slot in slots if not _hidden([slot])]
    return not left or _hidden(left)


def _hidden(slots: Sequence[Traded]) -> bool:
    """Whether enough homes sold and bought in the slots, together, that their sum tells nothing of one."""
    sides = (frozenset[int]().union(*(getattr(slot, side) for slot in slots)) for side in ("sellers", "buyers"))
    return all(hides(len(side)) for side in sides)


@dataclass(frozen=True, slots=True)
class Congestion:
    """A limit that was reached without a break from `start` to `end`."""

    element: str
    kind: str
    start: datetime
    end: datetime


def street_slots(community: Community, first: datetime, until: datetime) -> list[StreetSlot]:
    """Every slot that the market opened in `[first, until)`, in order."""
    rows = list(
        Slot.objects.filter(community=community, start__gte=first, start__lt=until)
        .order_by("start")
        .values_list("pk", "start", "end", "status", "price_ueur_kwh", "traded_wh", "import_wh", "export_wh",
                     "emergency", "bindings")
    )  # fmt: skip
    trades = _trades([row[0] for row in rows])
    nobody: list[int] = []
    slots = []
    for pk, start, end, status, price, traded_wh, import_wh, export_wh, emergency, bindings in rows:
        paid, sellers, buyers = trades.get(pk, (0, nobody, nobody))
        limits = tuple((binding["element"], binding["kind"]) for binding in bindings)
        slots.append(
            StreetSlot(
                start, end, status, price, traded_wh, int(paid), import_wh, export_wh, emergency, limits,
                frozenset(sellers), frozenset(buyers),
            )
        )  # fmt: skip
    return slots


def _trades(slots: Sequence[int]) -> dict[int, tuple[int, list[int], list[int]]]:
    """What buyers pay, who sells and who buys (once a trade), by slot; a query of its own, as slots are wide."""
    rows = (
        Trade.objects.filter(slot__in=slots)
        .values_list("slot")
        .annotate(
            paid=Sum(F("energy_wh") * F("price_ueur_kwh"), filter=Q(side="buy"), default=0),
            sellers=_homes("sell"),
            buyers=_homes("buy"),
        )
    )
    return {slot: (paid, sellers, buyers) for slot, paid, sellers, buyers in rows}


def _homes(side: str) -> ArrayAgg:
    return ArrayAgg("household", filter=Q(side=side), default=[])


class TradedSlot(NamedTuple):
    """The trades of a slot: when, Wh, and who sold and bought it."""

    start: datetime
    traded_wh: int
    sellers: frozenset[int]
    buyers: frozenset[int]


def traded_slots(
    community_id: int, first: datetime, until: datetime, *, with_rent: bool = False
) -> list[TradedSlot]:
    """The slots of `[first, until)` in which something changed hands, or of these the ones that brought rent."""
    trades = Trade.objects.filter(slot__community=community_id, slot__start__gte=first, slot__start__lt=until)
    rows = (
        (trades.exclude(slot__rent_neur=0) if with_rent else trades)
        .values_list("slot__start")
        .annotate(
            wh=Sum("energy_wh", filter=Q(side="buy"), default=0), sellers=_homes("sell"), buyers=_homes("buy")
        )
    )
    return [TradedSlot(start, int(wh), frozenset(sold), frozenset(bought)) for start, wh, sold, bought in rows]


def congestions(slots: Sequence[StreetSlot]) -> list[Congestion]:
    """Limits that were reached, slots in a row taken together."""
    running: dict[tuple[str, str], Congestion] = {}
    found: list[Congestion] = []
    for slot in slots:
        for element, kind in slot.limits:
            before = running.get((element, kind))
            start = before.start if before and before.end == slot.start else slot.start
            if before and before.end == slot.start:
                found.remove(before)
            running[element, kind] = Congestion(element, kind, start, slot.end)
            found.append(running[element, kind])
    return found


def homes_that_traded(slots: Sequence[StreetSlot]) -> int:
    """How many homes bought or sold in the slots."""
    return len(frozenset[int]().union(*(slot.sellers | slot.buyers for slot in slots)))


def price_band(community: Community, first: datetime, until: datetime) -> dict[datetime, tuple[int, int]]:
    """(lowest feed-in, highest import price) among the homes, by slot, as settled."""
    rows = SettledHome.objects.filter(
        household__community=community, is_current=True, start__gte=first, start__lt=until
    )
    bands = rows.values_list("start").annotate(Min("feed_in_ueur_kwh"), Max("import_ueur_kwh"))
    return {start: (low, high) for start, low, high in bands}
