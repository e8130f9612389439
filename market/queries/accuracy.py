"""How well homes were foretold: forecasts against what was metered, for a whole community at once."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from market.models import ForecastAccuracy, Forecaster, StepDown
from market.queries.history import NET_PARTS

SPAN = timedelta(days=30)
FEWEST_DAYS = 7  # of a median that is worth a comparison
MOST_STEPS = 20  # of a page
LATEST = timedelta(days=3)  # an older day says nothing about now

# A slot was foretold by the newest forecast that begins before it ends. Forecasts overlap: each counts until
# the next one begins, the last one to its end.
COMPARED = f"""
{NET_PARTS},
metered AS (
    SELECT household_id, start, sum(energy_wh)::bigint AS net_wh FROM parts
    GROUP BY household_id, start HAVING sum(readings) >= 2
),
issued AS (
    SELECT household_id, first_start, slot_minutes, net_load_wh, low_wh, high_wh,
        lead(first_start, 1, 'infinity') OVER (PARTITION BY household_id ORDER BY issued_at) AS superseded_at
    FROM market_forecast
    WHERE household_id = ANY(%(homes)s) AND slot_minutes = %(minutes)s
        AND first_start > %(first)s - interval '2 days' AND first_start < %(until)s
),
foretold AS (
    SELECT i.household_id, i.first_start + make_interval(mins => %(minutes)s * (u.place::int - 1)) AS start,
        u.net_wh, i.low_wh[u.place] AS low_wh, i.high_wh[u.place] AS high_wh, i.superseded_at
    FROM issued i CROSS JOIN unnest(i.net_load_wh) WITH ORDINALITY AS u (net_wh, place)
)
SELECT count(*), coalesce(sum(abs(m.net_wh)), 0)::bigint, coalesce(sum(abs(f.net_wh - m.net_wh)), 0)::bigint,
    coalesce(sum(f.net_wh - m.net_wh), 0)::bigint, count(f.low_wh),
    count(*) FILTER (WHERE m.net_wh BETWEEN f.low_wh AND f.high_wh)
FROM foretold f JOIN metered m ON m.household_id = f.household_id AND m.start = f.start
WHERE f.start >= %(first)s AND f.start < %(until)s AND f.start < f.superseded_at
"""  # noqa: S608  (both parts are constants)


@dataclass(frozen=True, slots=True)
class Compared:
    """Sums over the slots of homes that have both a forecast and readings; energies in Wh."""

    compared: int
    used_wh: int
    off_wh: int
    bias_wh: int
    banded: int
    in_band: int


def compared(homes: list[int], first: datetime, until: datetime, minutes: int, at: datetime) -> Compared:
    """Forecasts against what was metered in `[first, until)`, as received by `at`."""
    given: dict[str, Any] = {"homes": homes, "first": first, "until": until, "minutes": minutes, "at": at}
    with connection.cursor() as cursor:
        cursor.execute(COMPARED, given)
        return Compared(*cursor.fetchone())


def days_of(community_id: int, until: date) -> list[ForecastAccuracy]:
    """The stored days of the last month up to and with `until`, oldest first."""
    rows = ForecastAccuracy.objects.filter(community=community_id, day__gt=until - SPAN, day__lte=until)
    return list(rows.filter(compared__gt=0).order_by("day"))


LATEST_ERROR = """
WITH days AS (
    SELECT day, off_wh::float / compared AS off_wh FROM market_forecastaccuracy
    WHERE community_id = %(community)s AND compared > 0 AND day >= %(since)s AND day < %(today)s
),
latest AS (SELECT * FROM days WHERE day >= %(lately)s ORDER BY day DESC LIMIT 1)
SELECT round(100 * l.off_wh / nullif(m.median, 0))::int
FROM latest l, LATERAL (
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY off_wh) AS median, count(*) AS days
    FROM days WHERE day < l.day
) AS m WHERE m.days >= %(fewest)s
"""


def latest_error_pct(community_id: int, today: date) -> int | None:
    """The error of the latest full day in percent of the median of the days before, None if too few are known."""
    given: dict[str, Any] = {
        "community": community_id,
        "today": today,
        "since": today - SPAN - LATEST,
        "lately": today - LATEST,
        "fewest": FEWEST_DAYS,
    }
    with connection.cursor() as cursor:
        cursor.execute(LATEST_ERROR, given)
        row = cursor.fetchone()
    return None if row is None else row[0]


def forecaster_of(community_id: int) -> Forecaster | None:
    """The model that foretells a community, if it has learned one."""
    return Forecaster.objects.filter(community=community_id).first()


def steps_down(community_id: int, since: datetime) -> list[StepDown]:
    """The latest times in which agents decided on a lower level, from `since` on, the latest first."""
    rows = StepDown.objects.filter(community=community_id, since__gte=since).select_related("household")
    return list(rows.order_by("-since", "-pk")[:MOST_STEPS])
