"""What homes used in the past, without what their steered devices took or gave: the forecast's food."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from community.models import Device
from market.models import Forecast, WeatherHour

Floats = NDArray[np.float64]
HOUR = timedelta(hours=1)

# One pass without a join: planners guess badly how many rows a brand-new partition holds. A device says at the end
# of a while what its meter counted in it.
NET_PARTS = """
WITH newest AS (
    SELECT DISTINCT ON (r.metering_point_id, r.channel, r.start)
        p.household_id, r.start, CASE r.channel WHEN 'import' THEN energy_wh ELSE -energy_wh END AS energy_wh
    FROM metering_reading r JOIN metering_meteringpoint p ON p.id = r.metering_point_id
    WHERE p.household_id = ANY(%(homes)s) AND r.start >= %(first)s AND r.start < %(until)s
        AND r.resolution_minutes = %(minutes)s AND r.received_at <= %(at)s AND r.channel IN ('import', 'export')
    ORDER BY r.metering_point_id, r.channel, r.start, r.version DESC
),
parts AS (
    SELECT household_id, start, energy_wh, 1 AS readings FROM newest
    UNION ALL
    SELECT d.household_id, %(first)s + make_interval(mins => %(minutes)s) * (
        ceil(extract(epoch FROM s.at - %(first)s) / (60 * %(minutes)s)) - 1), -s.energy_wh, 0
    FROM community_devicestate s JOIN community_device d ON d.id = s.device_id
    WHERE d.household_id = ANY(%(homes)s) AND s.at > %(first)s AND s.at <= %(until)s
)
"""
NET_LOAD = f"""
{NET_PARTS}
SELECT household_id, extract(epoch FROM start - %(first)s)::bigint / (60 * %(minutes)s), sum(energy_wh)::bigint
FROM parts GROUP BY household_id, start HAVING sum(readings) >= 2
"""  # noqa: S608  (both parts are constants)
GENERATION = """
SELECT household_id, extract(epoch FROM start - %(first)s)::bigint / (60 * %(minutes)s), sum(energy_wh)::bigint
FROM (
    SELECT DISTINCT ON (r.metering_point_id, r.start) p.household_id, r.start, r.energy_wh
    FROM metering_reading r JOIN metering_meteringpoint p ON p.id = r.metering_point_id
    WHERE p.household_id = ANY(%(homes)s) AND r.start >= %(first)s AND r.start < %(until)s
        AND r.resolution_minutes = %(minutes)s AND r.received_at <= %(at)s AND r.channel = 'generation'
    ORDER BY r.metering_point_id, r.start, r.version DESC
) AS newest GROUP BY household_id, start
"""


def net_load(homes: Sequence[int], first: datetime, slots: int, minutes: int, at: datetime) -> Floats:
    """Net load (consumption less sun, Wh) of `slots` slots from `first` on: homes x slots, NaN where unknown.

    Known is what was received by `at`. A slot counts only if both import and export were read.
    """
    return _series(NET_LOAD, homes, first, slots, minutes, at)


def generation(homes: Sequence[int], first: datetime, slots: int, minutes: int, at: datetime) -> Floats:
    """Metered yield of the panels (Wh), homes x slots as `net_load`; NaN where no meter shows it."""
    return _series(GENERATION, homes, first, slots, minutes, at)


def _series(
    statement: str, homes: Sequence[int], first: datetime, slots: int, minutes: int, at: datetime
) -> Floats:
    until = first + timedelta(minutes=minutes) * slots
    places = {home: i for i, home in enumerate(homes)}
    answer = np.full((len(homes), slots), np.nan)
    given: dict[str, Any] = {"homes": list(homes), "first": first, "until": until, "minutes": minutes, "at": at}
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        rows = cursor.fetchall()
    if rows:
        households, offsets, energies = zip(*rows, strict=True)
        answer[[places[home] for home in households], offsets] = np.array(energies, dtype=float)
    return answer


def peak_power(homes: Sequence[int]) -> Floats:
    """Peak power of each home's panels in use (W), 0 without."""
    found = dict.fromkeys(homes, 0)
    plants = Device.objects.filter(household__in=homes, kind=Device.Kind.PV, retired_at__isnull=True)
    for home, peak_w in plants.values_list("household_id", "peak_w"):
        found[home] += peak_w or 0
    return np.array([float(found[home]) for home in homes])


def weather(community_id: int, first: datetime, slots: int, minutes: int) -> tuple[Floats, Floats] | None:
    """Temperature (°C) and irradiance (W/m²) by slot from `first` on, NaN where not told; None if never told."""
    step = timedelta(minutes=minutes)
    rows = WeatherHour.objects.filter(
        community=community_id, start__gt=first - HOUR, start__lt=first + step * slots
    ).values_list("start", "temperature_c", "irradiance_w_m2")
    known = {start: (temperature, irradiance) for start, temperature, irradiance in rows}
    if not known:
        return None
    starts = [first + step * i for i in range(slots)]
    found = [known.get(start.replace(minute=0), (None, None)) for start in starts]
    temperature, irradiance = np.array(found, dtype=float).T
    return temperature, irradiance


def last_issue(community_id: int, at: datetime) -> datetime | None:
    """When the community's forecasts were last renewed, as of `at`."""
    issues = Forecast.objects.filter(household__community=community_id, issued_at__lte=at)
    return issues.order_by("-issued_at").values_list("issued_at", flat=True).first()
