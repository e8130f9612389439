"""What a street lived through, hour by hour, as its agents learn from it."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import numpy as np
from django.db import connection

from community.models import Community, Device
from community.queries import active_households, devices_of
from community.tariff_book import MissingContract, TariffBook
from community.tariffs import is_off_peak_day
from market.agents.street import Fleet
from market.agents.street.fleet import NO_LIMIT, Floats, Ints
from market.agents.training.course import WEEK, Course, Past, course_of
from market.agents.training.gate import Homes
from market.models import Mandate
from market.queries.history import generation, net_load, peak_power

Series = Callable[[Sequence[int], datetime, int, int, datetime], Floats]

HOUR = timedelta(hours=1)
MOST_WEEKS = 26
USUAL_RESERVE_PCT = 10
FEWEST_HOURS = WEEK  # a home with fewer hours of readings is left out: nothing says what it usually takes

# A stay begins with the first report of a car that is plugged in and wants energy; it ends when the car should be
# ready, or else when it was gone.
STAYS = """
WITH told AS (
    SELECT d.household_id, s.device_id, s.at, s.need_wh, s.ready_by, s.plugged_in,
        s.plugged_in AND s.need_wh > 0 AS wants,
        lag(s.plugged_in AND s.need_wh > 0) OVER (PARTITION BY s.device_id ORDER BY s.at) AS wanted
    FROM community_devicestate s JOIN community_device d ON d.id = s.device_id
    WHERE d.household_id = ANY(%(homes)s) AND d.kind = 'ev_charger' AND d.retired_at IS NULL
        AND s.at >= %(first)s AND s.at < %(until)s
)
SELECT t.household_id, t.at, t.need_wh, coalesce(t.ready_by, (
    SELECT min(g.at) FROM told g WHERE g.device_id = t.device_id AND g.at > t.at AND NOT g.plugged_in
), %(until)s)
FROM told t WHERE t.wants AND NOT coalesce(t.wanted, false) ORDER BY t.household_id, t.at
"""
# Loads say what they would like in a quarter of an hour.
WISHES = """
SELECT device_id, floor(extract(epoch FROM at - %(first)s) / 3600)::int,
    avg(CASE WHEN plugged_in THEN need_wh ELSE 0 END)
FROM community_devicestate WHERE device_id = ANY(%(devices)s) AND at >= %(first)s AND at < %(until)s GROUP BY 1, 2
"""


def read_course(
    community: Community, at: datetime, weeks: int = MOST_WEEKS, tested: int | None = None
) -> Course | None:
    """Lessons from the latest weeks that were delivered, as known at `at`; None while nothing can be learned.

    `tested` is how many of the last weeks policies are tested on, if not as usual.
    """
    midnight = at.astimezone(community.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    # One week more, since the weeks end with the last day that has come.
    past = read_past(community, midnight.astimezone(at.tzinfo), at, weeks + 1)
    return None if past is None else course_of(past.delivered(), is_off_peak_day, tested)


def read_past(community: Community, end: datetime, at: datetime, weeks: int) -> Past | None:
    """So many weeks that end at `end`; None without a home that has enough readings.

    Homes without a contract or with hardly a reading are left out.
    """
    first = end - timedelta(hours=WEEK * weeks)
    members = [home.pk for home in active_households(community.pk)]
    prices = _prices(community, members, at)
    homes = [home for home in members if home in prices]
    minutes = community.slot_minutes
    net = _hourly(net_load, homes, first, weeks, minutes, at)
    enough = (~np.isnan(net)).sum(axis=0) >= FEWEST_HOURS
    homes = [home for home, has in zip(homes, enough.tolist(), strict=True) if has]
    if not homes:
        return None
    net = net[:, enough]
    periods = [community.period(first + HOUR * hour) for hour in range(len(net))]
    arrives, leaves = _stays(homes, first, len(net))
    devices = devices_of(homes)
    return Past(
        homes=Homes(tuple(homes), tuple(_kind(devices[home]) for home in homes)),
        fleet=_fleet(community, homes, devices, at),
        net_wh=net,
        metered_pv_wh=_hourly(generation, homes, first, weeks, minutes, at),
        peak_w=peak_power(homes),
        import_ueur_kwh=np.array([[float(prices[home][band][0]) for home in homes] for band in periods]),
        feed_in_ueur_kwh=np.array([[float(prices[home][band][1]) for home in homes] for band in periods]),
        arrives_wh=arrives,
        leaves=leaves,
        wishes_wh=_wishes(homes, devices, first, len(net)),
        first=first,
        zone=community.zone,
    )


def _hourly(read: Series, homes: Sequence[int], first: datetime, weeks: int, minutes: int, at: datetime) -> Floats:
    """Energies (Wh) as `[hour, home]`; an hour counts if all of its slots were read, or the hour as a whole.

    Distributors' files tell of hours, also of the years before a home had a meter by the slot.
    """
    slots = WEEK * 60 // minutes
    found = [np.zeros((0, len(homes)))]
    for week in range(weeks):  # one by one: the rows of half a year of a large street would fill the memory
        start = first + HOUR * WEEK * week
        energies = read(homes, start, slots, minutes, at)
        by_slot = energies.reshape(len(homes), WEEK, slots // WEEK).sum(axis=2).transpose()
        if minutes < 60 and np.isnan(by_slot).any():
            by_slot = np.where(np.isnan(by_slot), read(homes, start, WEEK, 60, at).transpose(), by_slot)
        found.append(by_slot)
    return np.concatenate(found)


def _prices(community: Community, homes: Sequence[int], at: datetime) -> dict[int, dict[str, tuple[int, int]]]:
    """Import and feed-in price of each home by tariff period, as they hold from `at` on (µ€/kWh).

    The past is priced anew, since a policy is trained for the tariffs that it will meet: those of the week ahead.
    """
    book = TariffBook(community)
    hours = [at + HOUR * hour for hour in range(WEEK)]
    found = {}
    for home in homes:
        try:
            imports, feed_ins, bands = book.series(home, hours)
        except MissingContract:
            continue
        found[home] = {band: _mean_of(band, imports, feed_ins, bands) for band in set(bands)}
    return found


def _mean_of(band: str, imports: Sequence[int], feed_ins: Sequence[int], bands: Sequence[str]) -> tuple[int, int]:
    """What a kWh costs and brings in a tariff period on average, as hourly prices differ."""
    hours = [hour for hour, one in enumerate(bands) if one == band]
    return sum(imports[hour] for hour in hours) // len(hours), sum(feed_ins[hour] for hour in hours) // len(hours)


def _fleet(community: Community, homes: Sequence[int], devices: dict[int, list[Device]], at: datetime) -> Fleet:
    """Each home's batteries as one and its chargers as one; reserves are those of the mandates in force."""
    reserve_pct = dict.fromkeys(homes, USUAL_RESERVE_PCT)
    mandates = Mandate.objects.filter(household__in=homes, valid_from__lte=at).order_by("valid_from")
    reserve_pct |= dict(mandates.values_list("household_id", "reserve_pct"))
    batteries = [[one for one in devices[home] if one.kind == Device.Kind.BATTERY] for home in homes]
    chargers = [[one for one in devices[home] if one.kind == Device.Kind.EV_CHARGER] for home in homes]
    capacity = _sums([[one.capacity_wh for one in owned] for owned in batteries])
    kept = _sums([[(one.capacity_wh or 0) * (one.efficiency_ppm or 0) for one in owned] for owned in batteries])
    return Fleet(
        capacity_wh=capacity,
        charge_w=_sums([[one.charge_w for one in owned] for owned in batteries]),
        discharge_w=_sums([[one.discharge_w for one in owned] for owned in batteries]),
        efficiency=np.where(capacity > 0, kept / np.maximum(capacity, 1.0) / 1e6, 1.0),
        reserve_wh=capacity * np.array([reserve_pct[home] for home in homes]) / 100,
        car_w=_sums([[one.charge_w for one in owned] for owned in chargers]),
        load_ueur_kwh=_load_worths([devices[home] for home in homes]),
        import_limit_w=NO_LIMIT if community.import_limit_w is None else float(community.import_limit_w),
        export_limit_w=NO_LIMIT if community.export_limit_w is None else float(community.export_limit_w),
    )


def _load_worths(devices: Sequence[Sequence[Device]]) -> Floats | None:
    """What a kWh is worth to each home's loads that may stay off; of several the most; None if nobody has any."""
    worths = [
        [float(one.worth_ueur_kwh or 0) for one in owned if one.kind == Device.Kind.LOAD] for owned in devices
    ]
    return np.array([max(own, default=0.0) for own in worths]) if any(worths) else None


def _wishes(homes: Sequence[int], devices: dict[int, list[Device]], first: datetime, hours: int) -> Floats | None:
    """What loads that may stay off would have liked, Wh `[hour, home]`: the mean of each hour's reports."""
    loads = {one.pk: i for i, home in enumerate(homes) for one in devices[home] if one.kind == Device.Kind.LOAD}
    if not loads:
        return None
    wishes = np.zeros((hours, len(homes)))
    with connection.cursor() as cursor:
        cursor.execute(WISHES, {"devices": list(loads), "first": first, "until": first + HOUR * hours})
        for device, hour, wish_wh in cursor.fetchall():
            wishes[hour, loads[device]] += 4 * float(wish_wh)
    return wishes


def _sums(figures: Sequence[Sequence[int | None]]) -> Floats:
    return np.array([float(sum(figure or 0 for figure in owned)) for owned in figures])


def _kind(devices: Sequence[Device]) -> str:
    has = {device.kind for device in devices}
    if Device.Kind.BATTERY in has:
        return "both" if Device.Kind.PV in has else "battery"
    return "panels" if Device.Kind.PV in has else "none"


def _stays(homes: Sequence[int], first: datetime, hours: int) -> tuple[Floats, Ints]:
    """What arriving cars need (Wh) and the hour they leave, `[hour, home]`."""
    places = {home: i for i, home in enumerate(homes)}
    needs, leaves = np.zeros((hours, len(homes))), np.zeros((hours, len(homes)), dtype=np.int64)
    with connection.cursor() as cursor:
        cursor.execute(STAYS, {"homes": list(homes), "first": first, "until": first + HOUR * hours})
        rows = cursor.fetchall()
    for home, came, need_wh, goes in rows:
        hour = (came - first) // HOUR
        needs[hour, places[home]] += need_wh
        leaves[hour, places[home]] = max(leaves[hour, places[home]], (goes - first) // HOUR, hour + 1)
    return needs, leaves
