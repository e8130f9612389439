"""A month of a street under every rule of sharing, on the same readings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import F, Sum

from community.models import Community, Household
from community.tariffs import month_span
from market.grid.fairness import gini
from market.models import SettledHome, SharingSet
from market.queries.home_hours import HomeHour, home_hours, hour_start
from market.queries.sharing_year import coefficients_of
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
from market.settlement.coefficients import shares_ppm
from market.settlement.coefficients.curves import MILLION


@dataclass(frozen=True, slots=True)
class Shared:
    """What a rule makes of a month: Wh that neighbours used of what others gave, n€ that the street saves by it,
    and how unevenly (Gini) what is spared falls to the homes that take.
    """

    rule: str
    shared_wh: int
    saved_neur: int
    unevenness: float


@dataclass(frozen=True, slots=True)
class MonthShared:
    """The month under every rule; `given_wh` is what could be shared at all."""

    given_wh: int
    rules: tuple[Shared, ...]


@dataclass(frozen=True, slots=True)
class _Hour:
    number: int
    given_wh: int
    given_worth_neur: int
    gave_wh: tuple[int, ...]
    taken_wh: tuple[int, ...]
    price_ueur_kwh: tuple[int, ...]


RuleOf = Callable[[_Hour], Rule]


def month_shared(community: Community, month: date) -> MonthShared | None:
    """What homes gave to the grid in a month, shared hour by hour among what homes took; None without readings.

    A shared kWh spares its taker the retailer's price of the hour and costs the street what retailers would have
    paid for it. The market's own row is what was settled.
    """
    homes = list(Household.objects.filter(community=community).order_by("pk").values_list("pk", flat=True))
    hours = _hours(community, month, homes)
    if not hours:
        return None
    giving = {i for hour in hours for i, wh in enumerate(hour.gave_wh) if wh}
    groups = ([i for i in range(len(homes)) if i not in giving], sorted(giving))
    first = Cascade(tuple(tuple(group) for group in groups if group))
    rules: list[tuple[str, RuleOf]] = [
        ("equal", lambda _hour: Equal()),
        ("proportional", lambda _hour: Proportional()),
        ("cascade", lambda _hour: first),
    ]
    if len(homes) > 1:
        keys = to_the_others(len(homes))
        rules.append(("pairs", lambda hour: Pairs(keys, hour.gave_wh)))
    rules = [*_by_agreement(community, homes, hours), *rules]
    found = [_shared(name, rule, hours) for name, rule in rules]
    return MonthShared(sum(hour.given_wh for hour in hours), (*found, _market(community, month, homes)))


def _by_agreement(community: Community, homes: Sequence[int], hours: Sequence[_Hour]) -> list[tuple[str, RuleOf]]:
    """The rules of the coefficients agreed last: fixed ones also with what is unused to others, or hourly ones."""
    beta = latest_beta(community, homes)
    if beta is not None:
        return [("static", lambda _hour: Coefficients(beta)), ("hybrid", lambda _hour: Hybrid(beta))]
    starts = [hour_start(hour.number, community) for hour in hours]
    cups = dict(Household.objects.filter(pk__in=homes).values_list("pk", "metering_points__cups"))
    rows = coefficients_of(community, [cups[home] or "" for home in homes], starts)
    if rows is None or rows.ndim == 1 or (rows.sum(axis=1) != MILLION).any():
        return []
    by_hour = {
        hour.number: Coefficients(tuple(int(one) for one in row)) for hour, row in zip(hours, rows, strict=True)
    }
    return [("hourly", lambda hour: by_hour[hour.number])]


def latest_beta(community: Community, homes: Sequence[int]) -> tuple[int, ...] | None:
    """The coefficients agreed last, by household; None without any that fit."""
    latest = SharingSet.objects.filter(community=community).order_by("-added_at").first()
    if latest is None or latest.is_hourly:
        return None
    supplies = Household.objects.filter(community=community).values_list("pk", "metering_points__cups")
    by_supply = {cups[:20]: ppm for cups, ppm in latest.constant_ppm.items()}
    found: dict[int, int] = dict.fromkeys(homes, 0)
    for home, cups in supplies:
        found[home] += by_supply.get((cups or "")[:20], 0)
    return tuple(shares_ppm([found[home] for home in homes])) if any(found.values()) else None


def _hours(community: Community, month: date, homes: Sequence[int]) -> list[_Hour]:
    places = {home: i for i, home in enumerate(homes)}
    rows: dict[int, list[HomeHour]] = {}
    for row in home_hours(community, *month_span(month.year, month.month, community.zone)):
        rows.setdefault(row.hour, []).append(row)
    answer = []
    for number, own in rows.items():
        taken, prices, gave = ([0] * len(homes) for _ in range(3))
        for row in own:
            place = places[row.household_id]
            taken[place], prices[place], gave[place] = row.import_wh, row.import_ueur_kwh, row.export_wh
        worth = sum(row.export_neur for row in own)
        answer.append(_Hour(number, sum(gave), worth, tuple(gave), tuple(taken), tuple(prices)))
    return answer


def _shared(name: str, rule_of: RuleOf, hours: Sequence[_Hour]) -> Shared:
    total_wh = saved = 0
    by_home = [0] * len(hours[0].taken_wh)
    for hour in hours:
        if not hour.given_wh:
            continue
        rows = netted(allocate(hour.given_wh, hour.taken_wh, rule_of(hour)), hour.taken_wh)
        used = sum(row.own_wh for row in rows)
        spared = [row.own_wh * price for row, price in zip(rows, hour.price_ueur_kwh, strict=True)]
        total_wh += used
        saved += sum(spared) - hour.given_worth_neur * used // hour.given_wh
        by_home = [before + more for before, more in zip(by_home, spared, strict=True)]
    return Shared(name, total_wh, saved, gini([float(one) for one in by_home]))


def _market(community: Community, month: date, homes: Sequence[int]) -> Shared:
    start, end = month_span(month.year, month.month, community.zone)
    rows = SettledHome.objects.filter(
        household__community=community, is_current=True, start__gte=start, start__lt=end
    )
    spared = Sum(F("bought_wh") * F("import_ueur_kwh"))
    saved = Sum(F("baseline_neur") - F("actual_neur"))
    sums = {
        home: (int(bought), int(own), int(gained))
        for home, bought, own, gained in rows.values_list("household").annotate(
            bought=Sum("bought_wh"), own=spared, gained=saved
        )
    }
    even = [float(sums.get(home, (0, 0, 0))[1]) for home in homes]
    total_wh, total_neur = (sum(row[i] for row in sums.values()) for i in (0, 2))
    return Shared("market", total_wh, total_neur, gini(even))
