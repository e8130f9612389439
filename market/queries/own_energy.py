"""What a home's roof made and its batteries moved, in the slots where meters tell.

Only readings of the panels themselves say how much of their yield stayed at home. Slots without one, or without
the home's own readings, are left out and counted, never filled in.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.db import connection
from redis.exceptions import RedisError

from community.models import Device, Household
from community.periods import Period
from community.tariffs import month_span
from market.queries.energy import closed_versions

SLOT = "date_bin(make_interval(mins => %(minutes)s), s.start, 'epoch'::timestamptz)"
PARTS = {
    "day": SLOT,
    **{view: f"date_trunc('{unit}', s.start, %(zone)s)" for view, unit in
       (("week", "day"), ("month", "day"), ("year", "month"))},
}  # fmt: skip
MADE = """
WITH newest AS (
    SELECT DISTINCT ON (r.metering_point_id, r.start)
        r.metering_point_id, r.start, r.resolution_minutes, r.energy_wh
    FROM metering_reading r
    WHERE r.metering_point_id = ANY(ARRAY(SELECT id FROM metering_meteringpoint WHERE household_id = %(home)s))
        AND r.channel = 'generation' AND r.resolution_minutes <= %(minutes)s
        AND r.start >= %(start)s AND r.start < %(end)s
    ORDER BY r.metering_point_id, r.start, r.resolution_minutes, r.version DESC
), made AS (
    SELECT date_bin(make_interval(mins => %(minutes)s), start, 'epoch'::timestamptz) AS start, sum(energy_wh) AS wh
    FROM newest GROUP BY 1
    HAVING sum(resolution_minutes) >= %(minutes)s * (SELECT count(DISTINCT metering_point_id) FROM newest)
)
SELECT {part} AS part, count(*), sum(m.wh)::bigint, sum(m.wh - s.export_wh)::bigint, sum(s.import_wh)::bigint,
    sum(greatest(m.wh - s.export_wh, 0) * s.import_ueur_kwh)::bigint
FROM made m JOIN market_settledhome s ON s.start = m.start
WHERE s.household_id = %(home)s AND s.is_current AND NOT s.missing
    AND s.start >= %(start)s AND s.start < %(end)s
GROUP BY 1
"""
# A report tells of the time before it.
MOVED = """
SELECT {part} AS part, count(*), sum(greatest(s.energy_wh, 0))::bigint, sum(greatest(-s.energy_wh, 0))::bigint
FROM (
    SELECT at - interval '1 microsecond' AS start, energy_wh FROM community_devicestate
    WHERE device_id = ANY(%(stores)s) AND at > %(start)s AND at <= %(end)s AND energy_wh IS NOT NULL
) s GROUP BY 1
"""
REMEMBERED_S = 86_400


@dataclass(frozen=True, slots=True)
class Own:
    """Energy that never passed the meter, Wh, in `slots` of which the panels' yield is known.

    `kept_wh` is made less given away: used at once or stored; `taken_wh` came in by the meter in the same slots.
    `kept_neur` is what the kept energy would have cost at the retailer. `reports` counts what batteries told;
    they moved `stored_wh` in and `released_wh` out.
    """

    slots: int = 0
    made_wh: int = 0
    kept_wh: int = 0
    taken_wh: int = 0
    kept_neur: int = 0
    reports: int = 0
    stored_wh: int = 0
    released_wh: int = 0

    def __add__(self, other: "Own") -> "Own":
        return Own(*map(sum, zip(astuple(self), astuple(other), strict=True)))

    @property
    def self_consumption_pct(self) -> float | None:
        """Share of what the roof made that stayed at home."""
        return 100 * max(self.kept_wh, 0) / self.made_wh if self.made_wh else None

    @property
    def self_sufficiency_pct(self) -> float | None:
        """Share of what the home used that its own roof and battery covered."""
        kept_wh = max(self.kept_wh, 0)
        return 100 * kept_wh / (kept_wh + self.taken_wh) if self.slots and kept_wh + self.taken_wh else None


@dataclass(frozen=True, slots=True)
class Equipment:
    """The devices that make a difference: ids of panels and batteries in use."""

    panels: tuple[int, ...]
    stores: tuple[int, ...]


def equipment(home: Household) -> Equipment:
    """The home's panels and batteries."""
    kinds = (Device.Kind.PV, Device.Kind.BATTERY)
    rows = Device.objects.filter(household=home, kind__in=kinds, retired_at__isnull=True).order_by("pk")
    found = list(rows.values_list("pk", "kind"))
    panels, stores = (tuple(pk for pk, one in found if one == kind) for kind in kinds)
    return Equipment(panels, stores)


def own_energy(home: Household, period: Period, stores: Iterable[int]) -> dict[datetime, Own]:
    """By the start of each part of the period; parts of which nothing is known are absent.

    Closed months of a year are remembered for a day: their rows lie on as many pages as there are slots.
    """
    zone = home.community.zone
    if period.view != "year":
        return _read(home, period.view, *period.span(zone), stores)
    closed = closed_versions(home, period)
    keys = {month: f"own-energy:{home.pk}:{month:%Y-%m}:{version}" for month, version in closed.items()}
    kept = _remembered(keys.values())
    spans = {month: month_span(month.year, month.month, zone) for month in period.months}
    found = {spans[month][0]: Own(*kept[key]) for month, key in keys.items() if key in kept}
    wanted = [span for month, span in spans.items() if span[0] not in found]
    if wanted:
        found = _read(home, "year", wanted[0][0], wanted[-1][1], stores) | found
    fresh = {key: found.get(spans[month][0], Own()) for month, key in keys.items() if key not in kept}
    with suppress(RedisError):
        cache.set_many({key: astuple(own) for key, own in fresh.items()}, REMEMBERED_S)
    return {start: own for start, own in found.items() if own != Own()}


def _remembered(keys: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """What is remembered under the keys: nothing while the memory is away, so that everything is read."""
    with suppress(RedisError):
        return dict(cache.get_many(keys))
    return {}


def own_between(home: Household, start: datetime, end: datetime) -> Own:
    """All of `[start, end)` together, without batteries."""
    return sum(_read(home, "year", start, end, ()).values(), Own())


def _read(
    home: Household, view: str, start: datetime, end: datetime, stores: Iterable[int]
) -> dict[datetime, Own]:
    given: dict[str, Any] = {
        "home": home.pk, "stores": list(stores), "start": home.own_from(start), "end": end,
        "minutes": home.community.slot_minutes, "zone": str(home.community.zone),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(MADE.format(part=PARTS[view]), given)
        found = {part: Own(*sums) for part, *sums in cursor.fetchall()}
        if given["stores"]:
            cursor.execute(MOVED.format(part=PARTS[view]), given)
            for part, *sums in cursor.fetchall():
                found[part] = found.get(part, Own()) + Own(0, 0, 0, 0, 0, *sums)
    return found
