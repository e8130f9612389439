"""One home's day, slot by slot: what was metered, traded, expected and paid."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Q, Sum

from community.models import Household
from community.tariffs import slots_of
from market.models import Forecast, Outcome, SettledHome, Slot, Trade
from market.queries.when import retailer_and_coming

UNOPENED = (None, None)  # status and price
# What a day tells of a settled home.
SETTLED = (
    "start", "sold_wh", "bought_wh", "earned_neur", "paid_neur", "shortfall_neur", "import_wh", "export_wh",
    "baseline_neur", "actual_neur", "missing", "provisional",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DaySlot:
    """A slot of a home's day. Until it is settled, energies are what was cleared; None is not known yet.

    `earned_neur` is what its sales to neighbours bring, `paid_neur` what its purchases cost, at its own prices.
    `price_expected_ueur_kwh` stands in for the price of a slot to come, as on the market's page.
    """

    start: datetime
    end: datetime
    status: str | None
    price_ueur_kwh: int | None
    retail_ueur_kwh: int | None
    feed_in_ueur_kwh: int | None
    sold_wh: int
    bought_wh: int
    earned_neur: int
    paid_neur: int
    import_wh: int | None
    export_wh: int | None
    saving_neur: int | None
    settled: bool
    provisional: bool
    forecast_wh: int | None
    price_expected_ueur_kwh: int | None

    @property
    def money_neur(self) -> int:
        """What neighbours pay the home (+) or the home pays them (−)."""
        return self.earned_neur - self.paid_neur


def day_slots(home: Household, first: datetime, until: datetime, at: datetime) -> tuple[DaySlot, ...]:
    """Every slot of `[first, until)` as known at `at`, including those that the market never opened."""
    community = home.community
    length = timedelta(minutes=community.slot_minutes)
    starts = slots_of(first, until, community.slot_minutes)
    rows = Slot.objects.filter(community=community, start__gte=first, start__lt=until)
    market = {row[0]: row[1:] for row in rows.values_list("start", "status", "price_ueur_kwh")}
    settled = _settled(home, first, until)
    traded = _traded(home, first, until)
    forecast = _forecast(home, at)
    prices, coming = retailer_and_coming(home, starts, until, at)
    answer = []
    for start in starts:
        status, price_ueur_kwh = market.get(start, UNOPENED)
        home_row = settled.get(start)
        unpriced = status in {None, Slot.Status.OPEN}
        part = _delivered(home_row) if home_row else traded.get(start, NOTHING)
        answer.append(
            DaySlot(
                start=start,
                end=start + length,
                status=status,
                price_ueur_kwh=price_ueur_kwh,
                retail_ueur_kwh=prices[start][0] if start in prices else None,
                feed_in_ueur_kwh=prices[start][1] if start in prices else None,
                sold_wh=part[0],
                bought_wh=part[1],
                earned_neur=part[2],
                paid_neur=part[3],
                import_wh=home_row.import_wh if home_row else None,
                export_wh=home_row.export_wh if home_row else None,
                saving_neur=home_row.baseline_neur - home_row.actual_neur if home_row else None,
                settled=home_row is not None and not home_row.missing,
                provisional=home_row is not None and home_row.provisional,
                forecast_wh=forecast.get(start) if start >= at else None,
                price_expected_ueur_kwh=coming[start].price_ueur_kwh if unpriced and start in coming else None,
            )
        )
    return tuple(answer)


def partners(home: Household, starts: Sequence[datetime]) -> dict[datetime, tuple[int, int]]:
    """How many other homes (bought, sold) in each slot: whom a sale reached, where a purchase came from."""
    rows = Trade.objects.filter(slot__community=home.community_id, slot__start__in=starts)
    counts = (
        rows.exclude(household=home)
        .values_list("slot__start")
        .annotate(
            buyers=Count("household", distinct=True, filter=Q(side="buy")),
            sellers=Count("household", distinct=True, filter=Q(side="sell")),
        )
    )
    return {start: (buyers, sellers) for start, buyers, sellers in counts}


def reached(home: Household, starts: Sequence[datetime], side: str) -> int:
    """How many other homes traded on `side` in any of the slots."""
    rows = Trade.objects.filter(slot__community=home.community_id, slot__start__in=starts, side=side)
    return rows.exclude(household=home).aggregate(homes=Count("household", distinct=True))["homes"] or 0


def outcomes(home: Household, starts: Sequence[datetime]) -> list[Outcome]:
    """What became of the home's orders in the slots, newest slot first, larger orders first."""
    rows = Outcome.objects.filter(order__household=home, slot__start__in=starts)
    return list(rows.select_related("order", "slot").order_by("-slot__start", "-order__energy_wh", "pk"))


def reason_counts(home: Household, first: datetime, until: datetime) -> dict[str, int]:
    """How often each reason was given to the home's orders in `[first, until)`."""
    rows = Outcome.objects.filter(order__household=home, slot__start__gte=first, slot__start__lt=until)
    return dict(rows.values_list("reason").annotate(times=Count("pk")))


def _settled(home: Household, first: datetime, until: datetime) -> dict[datetime, SettledHome]:
    rows = SettledHome.objects.filter(household=home, is_current=True, start__gte=first, start__lt=until)
    return {row.start: row for row in rows.only(*SETTLED)}


Part = tuple[int, int, int, int]
NOTHING: Part = (0, 0, 0, 0)


def _delivered(row: SettledHome) -> Part:
    """Wh sold and bought, n€ earned and paid, as settled; what it gave up for others counts as paid."""
    return row.sold_wh, row.bought_wh, row.earned_neur, row.paid_neur + row.shortfall_neur


def _traded(home: Household, first: datetime, until: datetime) -> dict[datetime, Part]:
    """Wh sold and bought, n€ earned and paid, by slot, as cleared."""
    rows = Trade.objects.filter(household=home, slot__start__gte=first, slot__start__lt=until)
    sums = rows.values_list("slot__start").annotate(
        sold=Sum("energy_wh", filter=Q(side="sell"), default=0),
        bought=Sum("energy_wh", filter=Q(side="buy"), default=0),
        brings=Sum(
            F("energy_wh") * (F("price_ueur_kwh") - F("slot__grid_fee_ueur_kwh")), filter=Q(side="sell"), default=0
        ),
        costs=Sum(F("energy_wh") * F("price_ueur_kwh"), filter=Q(side="buy"), default=0),
    )
    return {
        start: (int(sold), int(bought), int(brings), int(costs)) for start, sold, bought, brings, costs in sums
    }


def _forecast(home: Household, at: datetime) -> dict[datetime, int]:
    """The newest expectation of the home's net load (+ need, − surplus), by slot."""
    row = Forecast.objects.filter(household=home, issued_at__lte=at).order_by("-issued_at").first()
    if row is None:
        return {}
    length = timedelta(minutes=row.slot_minutes)
    return {row.first_start + length * i: energy for i, energy in enumerate(row.net_load_wh)}


def first_start(community_id: int) -> datetime | None:
    """When the community's first slot began."""
    slots = Slot.objects.filter(community=community_id).order_by("start")
    return slots.values_list("start", flat=True).first()
