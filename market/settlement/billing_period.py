"""A billing period cut where tolls, taxes or levies change: what was used in it, part by part."""

from bisect import bisect_right
from calendar import isleap
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from community.regulated import changes_between, levies_on, taxes_on, tolls_on
from market.settlement.apportion import apportion
from market.settlement.bill import BANDS, Part, Use
from market.settlement.compensation import AS_PUBLISHED, surplus_price


class Hour(NamedTuple):
    """What a supply did in an hour of a civil day and its 2.0TD band (0 for P1, 1, 2), Wh, and what that hour's
    energy costs (with tolls) and its surplus is worth, µ€/kWh.
    """

    day: date
    band: int
    import_wh: int
    export_wh: int
    energy_ueur_kwh: int
    surplus_ueur_kwh: int


def parts_by_days(
    first: date, last: date, region: str, import_wh: Sequence[int], surplus_neur: int = 0
) -> list[Part]:
    """Parts of `[first, last]` from sums by P1, P2, P3, as bills state them: they are split by days.

    Raises `community.regulated.NotKnown` for days without known tolls, taxes or levies.
    """
    bounds = _bounds(first, last, region)
    days = [(until - since).days for since, until in pairwise(bounds)]
    bands = [apportion(wh, days) for wh in import_wh]
    worth = apportion(abs(surplus_neur), days)
    sign = 1 if surplus_neur >= 0 else -1
    uses = [Use((bands[0][i], bands[1][i], bands[2][i]), days[i], sign * worth[i]) for i in range(len(days))]
    return [_part(since, use, region) for since, use in zip(bounds, uses, strict=False)]


def parts_by_hours(
    first: date, last: date, region: str, hours: Iterable[Hour], negative: str = AS_PUBLISHED
) -> list[Part]:
    """Parts of `[first, last]` from its hours, each at its own price: what an indexed contract is billed.

    `negative` as in `surplus_price`. Raises `NotKnown`, and ValueError for hours of other days.
    """
    bounds = _bounds(first, last, region)
    sums = [_Sums() for _since in bounds[:-1]]
    for hour in hours:
        if not first <= hour.day <= last:
            raise ValueError(f"{hour.day} is not a day of {first} to {last}.")
        sums[bisect_right(bounds, hour.day) - 1].add(hour, negative)
    return [
        _part(since, one.use((until - since).days), region)
        for one, (since, until) in zip(sums, pairwise(bounds), strict=True)
    ]


class _Sums:
    """Energy and money of a part, added up hour by hour."""

    def __init__(self) -> None:
        self.wh = [0] * len(BANDS)
        self.neur = [0] * len(BANDS)
        self.surplus_neur = 0

    def add(self, hour: Hour, negative: str) -> None:
        self.wh[hour.band] += hour.import_wh
        self.neur[hour.band] += hour.import_wh * hour.energy_ueur_kwh
        self.surplus_neur += hour.export_wh * surplus_price(hour.surplus_ueur_kwh, negative)

    def use(self, days: int) -> Use:
        wh, neur = self.wh, self.neur
        return Use((wh[0], wh[1], wh[2]), days, self.surplus_neur, (neur[0], neur[1], neur[2]))


def _bounds(first: date, last: date, region: str) -> list[date]:
    tolls_on(last)  # beyond the tables nothing is reckoned, least of all the calendar's last day
    end = last + timedelta(days=1)
    return [first, *changes_between(first, end, region), end]


def _part(since: date, use: Use, region: str) -> Part:
    year_days = 366 if isleap(since.year) else 365
    return Part(use, tolls_on(since), taxes_on(since, region), levies_on(since), year_days)
