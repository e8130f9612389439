"""The same month under each rule of sharing: homes alone with their devices, and their surplus shared by the hour.

Who uses a shared kWh pays its givers half-way between what their retailers would have paid and what its own would
have charged in that hour; what nobody uses brings what its receiver's retailer pays, and that goes
to the givers, too. So a rule decides who saves how much, not who gives presents.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from market.pilot.curves import Ints, Year
from market.settlement.allocation import (
    Cascade,
    Coefficients,
    Equal,
    Hybrid,
    Pairs,
    Proportional,
    Rule,
    allocate,
    netted,
    to_the_others,
)
from market.settlement.apportion import apportion
from market.settlement.coefficients.curves import GROUPS, MILLION, groups_of


@dataclass(slots=True)
class RuleMonth:
    """What a rule made of a month: Wh that neighbours used of what others gave, and what each home gained, n€."""

    shared_wh: int = 0
    gain_neur: list[int] = field(default_factory=list)


@dataclass(frozen=True, eq=False, slots=True)
class Surplus:
    """Hours of homes alone: what they take and give (Wh), and what their retailers charge and pay (µ€/kWh);
    `[home, hour]`.
    """

    import_wh: Ints
    export_wh: Ints
    import_ueur_kwh: Ints
    feed_in_ueur_kwh: Ints


def months_shared(surplus: Surplus, year: Year, first: int) -> dict[str, RuleMonth]:
    """The hours from `first` on under every rule; fixed and hourly coefficients go by what homes usually use."""
    count = len(surplus.import_wh)
    found = {name: RuleMonth(gain_neur=[0] * count) for name in ("static", "hourly", *_FREE)}
    static, hourly = usual_parts(year)
    givers = [i for i in range(count) if surplus.export_wh[i].any()]
    groups = tuple(group for group in ([i for i in range(count) if i not in givers], givers) if group)
    for hour in range(surplus.import_wh.shape[1]):
        given_wh = [int(one) for one in surplus.export_wh[:, hour]]
        if not any(given_wh):
            continue
        beta = tuple(static)
        rules: Mapping[str, Rule] = {
            "static": Coefficients(beta),
            "hourly": Coefficients(tuple(hourly[first + hour])),
            "equal": Equal(),
            "proportional": Proportional(beta),
            "hybrid": Hybrid(beta),
            "cascade": Cascade(tuple(map(tuple, groups)), beta_ppm=beta),
            "pairs": Pairs(to_the_others(count), tuple(given_wh)),
        }
        for name, rule in rules.items():
            share_hour(surplus, hour, given_wh, rule, found[name])
    return found


_FREE = ("equal", "proportional", "hybrid", "cascade", "pairs")


def usual_parts(year: Year) -> tuple[list[int], dict[int, list[int]]]:
    """Parts of one million by what each home uses in the year, and for each hour of it by what it uses in hours of
    that clock, month and kind of day.
    """
    load = year.load_wh[:, year.begin : year.hours]
    starts = [year.start(hour).astimezone(year.zone) for hour in range(year.begin, year.hours)]
    group = groups_of(starts)
    sums = np.array([np.bincount(group, own, GROUPS) for own in load]).astype(np.int64)
    parts = {int(one): apportion(MILLION, [*(sums[:, one] + 1)]) for one in np.unique(group)}
    by_hour = {year.begin + i: [int(part) for part in parts[int(one)]] for i, one in enumerate(group)}
    return [int(one) for one in apportion(MILLION, [int(own) + 1 for own in load.sum(axis=1)])], by_hour


def share_hour(surplus: Surplus, hour: int, given_wh: Sequence[int], rule: Rule, month: RuleMonth) -> None:
    taken_wh = [int(one) for one in surplus.import_wh[:, hour]]
    prices = [int(one) for one in surplus.import_ueur_kwh[:, hour]]
    pays = [int(one) for one in surplus.feed_in_ueur_kwh[:, hour]]
    total = sum(given_wh)
    rows = netted(allocate(total, taken_wh, rule), taken_wh)
    used = sum(row.own_wh for row in rows)
    spared = [row.own_wh * price for row, price in zip(rows, prices, strict=True)]
    given_worth = sum(wh * price for wh, price in zip(given_wh, pays, strict=True))
    paid = [row.own_wh * ((price + given_worth // total) // 2) for row, price in zip(rows, prices, strict=True)]
    left = sum(row.surplus_wh * own for row, own in zip(rows, pays, strict=True))
    earned = _apportioned(sum(paid) + left, given_wh)
    month.shared_wh += used
    for i in range(len(rows)):
        month.gain_neur[i] += spared[i] - paid[i] + earned[i] - given_wh[i] * pays[i]


def _apportioned(amount_neur: int, shares: Sequence[int]) -> list[int]:
    """Money in proportion to shares, also where prices below zero make it a debt."""
    parts = apportion(abs(amount_neur), shares)
    return parts if amount_neur >= 0 else [-part for part in parts]
