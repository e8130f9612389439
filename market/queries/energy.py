"""A home's energy and money in the parts of a period: slots of a day, days of a week or month, months of a year.

What was settled is summed up; a year takes its closed months from their statements. What the roof made and what
moved through batteries is in `market/queries/own_energy.py`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from functools import reduce
from typing import Any

from django.db.models import Count, F, Max, Q, QuerySet, Sum
from django.db.models.functions import TruncDay, TruncMonth

from community.models import Household
from community.periods import Period
from community.tariffs import month_span
from market.models import SettledHome, Statement, StatementLine

REST_IN, REST_OUT = F("import_wh") - F("bought_wh"), F("export_wh") - F("sold_wh")
SUMS: dict[str, Any] = {
    "slots": Count("pk"),
    "missing": Count("pk", filter=Q(missing=True)),
    "provisional": Count("pk", filter=Q(provisional=True)),
    "taken_wh": Sum("import_wh"),
    "given_wh": Sum("export_wh"),
    "from_neighbours_wh": Sum("bought_wh"),
    "to_neighbours_wh": Sum("sold_wh"),
    "paid_retailer_neur": Sum(REST_IN * F("import_ueur_kwh")),
    "from_retailer_neur": Sum(REST_OUT * F("feed_in_ueur_kwh")),
    "paid_neighbours_neur": Sum("paid_neur"),
    "earned_neur": Sum("earned_neur"),
    "other_neur": Sum(F("pool_neur") - F("shortfall_neur")),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Exchange:
    """What passed a home's meter in some slots: Wh, and n€ that are all ≥ 0 but `other_neur` (+ in its favour)."""

    slots: int = 0
    missing: int = 0
    provisional: int = 0
    taken_wh: int = 0
    given_wh: int = 0
    from_neighbours_wh: int = 0
    to_neighbours_wh: int = 0
    paid_retailer_neur: int = 0
    from_retailer_neur: int = 0
    paid_neighbours_neur: int = 0
    earned_neur: int = 0
    other_neur: int = 0

    def __add__(self, other: "Exchange") -> "Exchange":
        names = (field.name for field in fields(self))
        return Exchange(**{name: getattr(self, name) + getattr(other, name) for name in names})

    @property
    def measured(self) -> int:
        """Slots with readings."""
        return self.slots - self.missing

    @property
    def from_grid_wh(self) -> int:
        """Taken from the retailer."""
        return self.taken_wh - self.from_neighbours_wh

    @property
    def to_grid_wh(self) -> int:
        """Given to the retailer."""
        return self.given_wh - self.to_neighbours_wh

    @property
    def balance_neur(self) -> int:
        """What the home received less what it paid, energy only."""
        received = self.from_retailer_neur + self.earned_neur + self.other_neur
        return received - self.paid_retailer_neur - self.paid_neighbours_neur


def summed(parts: Iterable[Exchange]) -> Exchange:
    """All of them together."""
    return reduce(Exchange.__add__, parts, Exchange())


def exchanges(home: Household, period: Period) -> dict[datetime, Exchange]:
    """What was settled, by the start of each part of the period; parts without settled slots are absent."""
    zone = home.community.zone
    start, end = period.span(zone)
    rows = _settled(home, start, end)
    if period.view == "day":
        return _sums(rows, F("start"))
    if period.view != "year":
        return _sums(rows, TruncDay("start", tzinfo=zone))
    closed = _closed(home, period)
    opened = [month_span(month.year, month.month, zone) for month in period.months if month not in closed]
    found = {month_span(month.year, month.month, zone)[0]: sums for month, sums in closed.items()}
    if opened:
        still = _settled(home, opened[0][0], opened[-1][1])
        found = _sums(still, TruncMonth("start", tzinfo=zone)) | found
    return found


def exchanged(home: Household, period: Period, end: datetime) -> Exchange:
    """All that was settled from the beginning of the period up to `end`."""
    zone = home.community.zone
    start = period.span(zone)[0]
    whole: list[Exchange] = []
    if period.view == "year":
        # Closed months as far as they reach without a gap; what follows is summed up slot by slot.
        closed = _closed(home, period)
        for month in period.months:
            until = month_span(month.year, month.month, zone)[1]
            if month not in closed or until > end:
                break
            whole.append(closed[month])
            start = until
    rest = _settled(home, start, end).aggregate(**SUMS)
    return summed([*whole, _exchange(rest)])


def settled_until(home: Household, start: datetime, end: datetime) -> datetime | None:
    """End of the last settled slot of `[start, end)` that has readings."""
    rows = _settled(home, start, end)
    last = rows.filter(missing=False).order_by("-start").values_list("start", flat=True).first()
    return last and last + timedelta(minutes=home.community.slot_minutes)


def first_settled(home: Household) -> datetime | None:
    """When the home's first settled slot began."""
    own = {"start__gte": home.records_from} if home.records_from else {}
    rows = SettledHome.objects.filter(household=home, is_current=True, **own).order_by("start")
    return rows.values_list("start", flat=True).first()


def closed_versions(home: Household, period: Period) -> dict[date, int]:
    """The months of the period that are closed, and how many statements each has."""
    return dict(_statements(home, period).values_list("month").annotate(Max("version")))


def _settled(home: Household, start: datetime, end: datetime) -> QuerySet[SettledHome]:
    """What was settled in `[start, end)` since the home is in the hands that it is in."""
    begins = home.own_from(start)
    return SettledHome.objects.filter(household=home, is_current=True, start__gte=begins, start__lt=end)


def _sums(rows: QuerySet[SettledHome], part: F | TruncDay | TruncMonth) -> dict[datetime, Exchange]:
    found = rows.annotate(part=part).values("part").annotate(**SUMS).order_by("part")
    return {row["part"]: _exchange(row) for row in found}


def _exchange(row: Mapping[str, Any]) -> Exchange:
    return Exchange(**{name: int(row[name] or 0) for name in SUMS})


def _closed(home: Household, period: Period) -> dict[date, Exchange]:
    """Closed months as their newest statements say; of gaps a statement says only that slots were provisional."""
    rows = _statements(home, period)
    return {row.month: _stated(row) for row in rows.order_by("version").prefetch_related("lines")}


def _statements(home: Household, period: Period) -> QuerySet[Statement]:
    """Of a month in which the home changed hands the statement is only partly its own: its slots tell better."""
    first = max(period.first, home.own_since)
    return Statement.objects.filter(household=home, month__gte=first, month__lt=period.until)


def _stated(statement: Statement) -> Exchange:
    kinds = StatementLine.Kind
    lines = {line.kind: (line.energy_wh, line.amount_neur) for line in statement.lines.all()}
    bought, sold = lines[kinds.BOUGHT], lines[kinds.SOLD]
    rest_in, rest_out = lines[kinds.RETAILER_IMPORT], lines[kinds.RETAILER_EXPORT]
    return Exchange(
        slots=statement.slots,
        provisional=statement.provisional_slots,
        taken_wh=bought[0] + rest_in[0],
        given_wh=sold[0] + rest_out[0],
        from_neighbours_wh=bought[0],
        to_neighbours_wh=sold[0],
        paid_retailer_neur=-rest_in[1],
        from_retailer_neur=rest_out[1],
        paid_neighbours_neur=-bought[1],
        earned_neur=sold[1],
        other_neur=sum(lines[kind][1] for kind in (kinds.SHORTFALL, kinds.POOL) if kind in lines),
    )
