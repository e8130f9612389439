"""What the limits of a street did over a span of slots: hours, elements, rent, margins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

# A limit counts as congested where one more kWh through it would have been worth more than this, or where it was
# this full: a worth below is within what the solver errs.
WORTH_UEUR_KWH = 1_000
FULL_PCT = 99.5


@dataclass(frozen=True, slots=True)
class ReachedLimit:
    """A limit that bound in one slot: on which phase (empty: all together), how full it was, what one more kWh
    through it would have been worth (µ€/kWh), and the congestion rent that it brought (n€)."""

    element: str
    kind: str
    phase: str
    loading_pct: float
    shadow_ueur_kwh: int
    rent_neur: int

    @property
    def congested(self) -> bool:
        """Whether the slot counts among the element's congested hours."""
        return abs(self.shadow_ueur_kwh) > WORTH_UEUR_KWH or self.loading_pct >= FULL_PCT


@dataclass(frozen=True, slots=True)
class LoggedSlot:
    """A cleared slot as the log needs it. Figures of AC power flow are None where it did not look."""

    start: datetime
    end: datetime
    limits: tuple[ReachedLimit, ...] = ()
    rent_neur: int = 0
    loss_wh: int = 0
    voltage_min_pu: float | None = None
    voltage_max_pu: float | None = None
    loading_max_pct: float | None = None
    reclears: int = 0
    emergency: bool = False

    @property
    def congested(self) -> bool:
        """Whether any limit was."""
        return any(limit.congested for limit in self.limits)


@dataclass(frozen=True, slots=True)
class ElementLog:
    """One limit of one phase: time at it, its fullest, the most that a kWh through it was worth, its rent.

    Loading and rent are None where they may not be told.
    """

    element: str
    kind: str
    phase: str
    congested: timedelta
    loading_pct: float | None
    shadow_ueur_kwh: int
    rent_neur: int | None


@dataclass(frozen=True, slots=True)
class StreetLog:
    """The whole street over `cleared`, the length of its slots together.

    `congested` counts a slot once, however many limits it reached; so does each of `days`. `cleared_again` and
    `emergencies` count slots. Voltages (per unit) and loading are the span's extremes.
    """

    cleared: timedelta
    congested: timedelta
    elements: tuple[ElementLog, ...]
    days: Mapping[date, timedelta]
    rent_neur: int
    loss_wh: int
    voltage_min_pu: float | None
    voltage_max_pu: float | None
    loading_max_pct: float | None
    cleared_again: int
    emergencies: int


def street_log(slots: Sequence[LoggedSlot], zone: ZoneInfo) -> StreetLog:
    """Sum up slots; a slot belongs to the local day of its start in `zone`. Days without congestion are absent."""
    days: dict[date, timedelta] = {}
    for slot in slots:
        if slot.congested:
            day = slot.start.astimezone(zone).date()
            days[day] = days.get(day, timedelta()) + (slot.end - slot.start)
    lows = [slot.voltage_min_pu for slot in slots if slot.voltage_min_pu is not None]
    highs = [slot.voltage_max_pu for slot in slots if slot.voltage_max_pu is not None]
    loadings = [slot.loading_max_pct for slot in slots if slot.loading_max_pct is not None]
    return StreetLog(
        cleared=sum((slot.end - slot.start for slot in slots), timedelta()),
        congested=sum(days.values(), timedelta()),
        elements=element_logs(slots),
        days=days,
        rent_neur=sum(slot.rent_neur for slot in slots),
        loss_wh=sum(slot.loss_wh for slot in slots),
        voltage_min_pu=min(lows, default=None),
        voltage_max_pu=max(highs, default=None),
        loading_max_pct=max(loadings, default=None),
        cleared_again=sum(slot.reclears > 0 for slot in slots),
        emergencies=sum(slot.emergency for slot in slots),
    )


def element_logs(slots: Sequence[LoggedSlot]) -> tuple[ElementLog, ...]:
    """Every limit that bound in one of the slots, the longest congested first.

    A limit that binds on both sides of one slot (such as a phase over its import and export) counts it once.
    """
    found: dict[tuple[str, str, str], list[tuple[LoggedSlot, ReachedLimit]]] = {}
    for slot in slots:
        for limit in slot.limits:
            found.setdefault((limit.element, limit.kind, limit.phase), []).append((slot, limit))
    logs = [_element_log(identity, reached) for identity, reached in found.items()]
    return tuple(sorted(logs, key=lambda log: (-log.congested, log.element, log.kind, log.phase)))


def _element_log(identity: tuple[str, str, str], reached: Sequence[tuple[LoggedSlot, ReachedLimit]]) -> ElementLog:
    full = {slot.start: slot.end - slot.start for slot, limit in reached if limit.congested}
    return ElementLog(
        *identity,
        congested=sum(full.values(), timedelta()),
        loading_pct=max(limit.loading_pct for _slot, limit in reached),
        shadow_ueur_kwh=max(abs(limit.shadow_ueur_kwh) for _slot, limit in reached),
        rent_neur=sum(limit.rent_neur for _slot, limit in reached),
    )
