"""A home's months and days in sums, for the log and the statement."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db.models import Count, F, Max, Min, Q, QuerySet, Sum
from django.db.models.functions import TruncDay, TruncMonth

from community.models import Household
from community.tariffs import month_span
from market.models import Order, SettledHome, Settlement, Slot, Statement, StatementLine
from market.settlement import MEASURED


@dataclass(frozen=True, slots=True)
class Correction:
    """Slots that were settled again on one day, and what that changed: Wh, and n€ in the home's favour."""

    day: date
    slots: int
    import_wh: int
    export_wh: int
    gain_neur: int


@dataclass(frozen=True, slots=True)
class Span:
    """A day or a month of one home. Energies in Wh; money in n€, `paid` as a cost, the rest + in its favour.

    `saving_neur` is against the retailer alone; of a closed month it holds congestion rent given back, too.
    """

    first: date
    slots: int
    provisional: int
    missing: int
    import_wh: int
    export_wh: int
    bought_wh: int
    sold_wh: int
    paid_neur: int
    earned_neur: int
    shortfall_neur: int
    pool_neur: int
    saving_neur: int

    @property
    def buy_price_ueur_kwh(self) -> int | None:
        """What a bought kWh cost on average."""
        return self.paid_neur // self.bought_wh if self.bought_wh else None

    @property
    def sell_price_ueur_kwh(self) -> int | None:
        """What a sold kWh brought on average."""
        return self.earned_neur // self.sold_wh if self.sold_wh else None

    @property
    def rest_import_wh(self) -> int:
        """From the retailer."""
        return self.import_wh - self.bought_wh

    @property
    def rest_export_wh(self) -> int:
        """To the retailer."""
        return self.export_wh - self.sold_wh

    @property
    def neighbour_share(self) -> float | None:
        """Part of the energy taken at the meter that neighbours supplied, percent."""
        return 100 * self.bought_wh / self.import_wh if self.import_wh else None


class SettledSlot(NamedTuple):
    """What is told of one home's settled slot, each as `SettledHome` has it."""

    start: datetime
    import_wh: int
    export_wh: int
    bought_wh: int
    sold_wh: int
    price_ueur_kwh: int | None
    import_ueur_kwh: int
    feed_in_ueur_kwh: int
    baseline_neur: int
    actual_neur: int
    provisional: bool
    quality: str
    paid_neur: int
    earned_neur: int
    shortfall_neur: int
    pool_neur: int


@dataclass(frozen=True, slots=True)
class StreetMonth:
    """The community's month: range of its prices, slots at a limit of the grid, and what that held back here."""

    lowest_ueur_kwh: int | None
    highest_ueur_kwh: int | None
    congested_slots: int
    held_back_wh: int


def months_of(home: Household) -> list[Span]:
    """Every month with settled slots, newest first.

    A closed month is what its statement says, so that a year is a dozen rows; open ones are summed up.
    """
    statements = Statement.objects.filter(household=home).prefetch_related("lines").order_by("month", "version")
    closed = {statement.month: _closed(statement) for statement in statements}
    rows = SettledHome.objects.filter(household=home)
    first = rows.filter(is_current=True).order_by("start").values_list("start", flat=True).first()
    if first is None:
        return list(closed.values())[::-1]
    month = first.astimezone(home.community.zone).date().replace(day=1)
    while month in closed:
        month = (month + timedelta(days=31)).replace(day=1)
    bound = month_span(month.year, month.month, home.community.zone)[0]
    open_ = {span.first: span for span in _spans(rows.filter(start__gte=bound), TruncMonth, home)}
    return [span for _month, span in sorted({**open_, **closed}.items(), reverse=True)]


def _closed(statement: Statement) -> Span:
    """A closed month's sums. Of its gaps a statement says only that its slots were provisional."""
    kinds = StatementLine.Kind
    lines = {line.kind: line for line in statement.lines.all()}
    bought, sold = lines[kinds.BOUGHT], lines[kinds.SOLD]
    return Span(
        first=statement.month,
        slots=statement.slots,
        provisional=statement.provisional_slots,
        missing=0,
        import_wh=bought.energy_wh + lines[kinds.RETAILER_IMPORT].energy_wh,
        export_wh=sold.energy_wh + lines[kinds.RETAILER_EXPORT].energy_wh,
        bought_wh=bought.energy_wh,
        sold_wh=sold.energy_wh,
        paid_neur=-bought.amount_neur,
        earned_neur=sold.amount_neur,
        shortfall_neur=lines[kinds.SHORTFALL].amount_neur if kinds.SHORTFALL in lines else 0,
        pool_neur=lines[kinds.POOL].amount_neur if kinds.POOL in lines else 0,
        saving_neur=statement.saving_neur,
    )


def days_of(home: Household, start: datetime, end: datetime) -> list[Span]:
    """Every day of `[start, end)` with settled slots, oldest first; days without any are absent."""
    rows = SettledHome.objects.filter(household=home, start__gte=start, start__lt=end)
    return _spans(rows, TruncDay, home)


def _spans(rows: QuerySet[SettledHome], trunc: type[TruncDay] | type[TruncMonth], home: Household) -> list[Span]:
    zone = home.community.zone
    sums = (
        rows.filter(is_current=True)
        .annotate(span=trunc("start", tzinfo=zone))
        .values("span")
        .annotate(
            slots=Count("pk"),
            provisional=Count("pk", filter=Q(provisional=True)),
            gaps=Count("pk", filter=Q(missing=True)),
            taken=Sum("import_wh"),
            given=Sum("export_wh"),
            bought=Sum("bought_wh"),
            sold=Sum("sold_wh"),
            paid=Sum("paid_neur"),
            earned=Sum("earned_neur"),
            given_up=Sum("shortfall_neur"),
            pooled=Sum("pool_neur"),
            saved=Sum(F("baseline_neur") - F("actual_neur")),
        )
        .order_by("span")
    )
    return [
        Span(
            first=row["span"].date(),
            slots=row["slots"],
            provisional=row["provisional"],
            missing=row["gaps"],
            import_wh=int(row["taken"]),
            export_wh=int(row["given"]),
            bought_wh=int(row["bought"]),
            sold_wh=int(row["sold"]),
            paid_neur=int(row["paid"]),
            earned_neur=int(row["earned"]),
            shortfall_neur=-int(row["given_up"]),
            pool_neur=int(row["pooled"]),
            saving_neur=int(row["saved"]),
        )
        for row in sums
    ]


def month_of(days: Sequence[Span]) -> Span | None:
    """The sums of a month's days, or None if nothing of it is settled."""
    if not days:
        return None
    names = [field.name for field in fields(Span) if field.name != "first"]
    return Span(days[0].first.replace(day=1), *(sum(getattr(day, name) for day in days) for name in names))


def closed_month(statement: Statement, settled: Span | None) -> Span:
    """A closed month's sums as its statement says, and its gaps as they are settled."""
    span = _closed(statement)
    return span if settled is None else replace(span, missing=settled.missing)


def unmeasured_in(home: Household, start: datetime, end: datetime) -> dict[str, int]:
    """Settled slots of `[start, end)` whose readings are not all measured, by the worst quality."""
    rows = SettledHome.objects.filter(household=home, is_current=True, start__gte=start, start__lt=end)
    return dict(rows.exclude(quality=MEASURED).values_list("quality").annotate(Count("pk")).order_by("quality"))


def corrections_of(home: Household, start: datetime, end: datetime) -> list[Correction]:
    """What later readings changed in `[start, end)`, by the local day on which it was settled again."""
    slots = Settlement.objects.filter(
        slot__community=home.community_id, slot__start__gte=start, slot__start__lt=end
    )
    again = slots.filter(revision__gt=1).values("slot")
    rows = SettledHome.objects.filter(household=home, settlement__slot__in=again).values_list(
        "start", "settlement__settled_at", "import_wh", "export_wh", "actual_neur"
    )
    days: dict[date, list[tuple[int, int, int]]] = {}
    before: tuple[datetime, int, int, int] | None = None
    for at, settled_at, taken, given, actual in rows.order_by("start", "settlement__revision"):
        if before is not None and before[0] == at:
            change = (taken - before[1], given - before[2], before[3] - actual)
            if any(change):
                days.setdefault(settled_at.astimezone(home.community.zone).date(), []).append(change)
        before = (at, taken, given, actual)
    return [
        Correction(day, len(found), *map(sum, zip(*found, strict=True))) for day, found in sorted(days.items())
    ]


def street_month(home: Household, start: datetime, end: datetime) -> StreetMonth:
    """Prices and congestion of the community in `[start, end)`."""
    slots = Slot.objects.filter(community=home.community_id, start__gte=start, start__lt=end)
    found = slots.aggregate(
        low=Min("price_ueur_kwh"), high=Max("price_ueur_kwh"), full=Count("pk", filter=~Q(bindings=[]))
    )
    # Only limits hold back. The home's orders of those slots are found first: a month's outcomes are many.
    tight = slots.filter(~Q(bindings=[]) | Q(emergency=True))
    own = Order.objects.filter(household=home, slot__in=list(tight.values_list("pk", flat=True)))
    held = own.aggregate(Sum("outcome__curtailed_wh"))
    return StreetMonth(found["low"], found["high"], found["full"], held["outcome__curtailed_wh__sum"] or 0)


def statements_of(home: Household, month: date) -> list[Statement]:
    """The closed month's statement with its lines and its corrections, newest first; empty while it is open."""
    rows = Statement.objects.filter(household=home, month=month).prefetch_related("lines")
    return list(rows.order_by("-version"))


def settled_slots(home: Household, start: datetime, end: datetime) -> list[SettledSlot]:
    """Settled slots of `[start, end)`, oldest first."""
    rows = SettledHome.objects.filter(household=home, is_current=True, start__gte=start, start__lt=end)
    return list(map(SettledSlot._make, rows.order_by("start").values_list(*SettledSlot._fields)))
