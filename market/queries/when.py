"""What energy will cost a home in the hours to come, and how much such a look ahead is worth."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from community.models import Household
from community.tariff_book import MissingContract, TariffBook
from community.tariffs import slots_of
from market.cheapest import PricedSlot, Source
from market.models import Forecast, Slot

A_DAY = timedelta(days=1)
# How far back a price of the same time of day is looked for, and over how long the look ahead is judged.
DAYS_BACK, DAYS_JUDGED = 3, 7


@dataclass(frozen=True, slots=True)
class Ahead:
    """The slots to come; until when each kind of price is known; and by how much prices differed from the day
    before's on average in the last week (µ€/kWh, None without two days to compare).
    """

    slots: list[PricedSlot]
    street_until: datetime | None
    retailer_until: datetime | None
    differs_ueur_kwh: int | None


def ahead(
    home: Household, first: datetime, until: datetime, at: datetime, book: TariffBook | None = None
) -> Ahead:
    """What is known at `at` of the slots that start in `[first, until)`. Raises `MissingContract`."""
    community = home.community
    length = timedelta(minutes=community.slot_minutes)
    begins = slots_of(first, until, community.slot_minutes)
    book = book or TariffBook(community, home)
    street = _street(home, first - A_DAY * (DAYS_JUDGED + 1), until)
    slots = _priced(home, begins, book, street, _surplus(home, at))
    cleared = Slot.objects.filter(community=community, cleared_at__lte=at).order_by("-start")
    street_until = cleared.values_list("end", flat=True).first()
    known = [start for start in begins if book.is_known(home.pk, start)]
    return Ahead(slots, street_until, known[-1] + length if known else None, _differs(street, at))


Street = dict[datetime, tuple[int, int]]


def _street(home: Household, since: datetime, until: datetime) -> Street:
    """The street's price and the grid fee in it, by slot."""
    rows = Slot.objects.filter(community=home.community_id, start__gte=since, start__lt=until)
    priced = rows.values_list("start", "price_ueur_kwh", "grid_fee_ueur_kwh")
    return {start: (price, fee) for start, price, fee in priced if price is not None}


def _priced(
    home: Household, begins: Sequence[datetime], book: TariffBook, street: Street, own: dict[datetime, int]
) -> list[PricedSlot]:
    """What a kWh is expected to cost in each slot: no more than the home's own retailer charges."""
    length = timedelta(minutes=home.community.slot_minutes)
    imports, feed_ins, _periods = book.series(home.pk, begins)
    slots = []
    for start, charged, paid in zip(begins, imports, feed_ins, strict=True):
        found, source = _street_price(street, start)
        if found is None:
            source = Source.RETAILER if book.is_known(home.pk, start) else Source.STAND_IN
        price, fee = (charged, 0) if found is None else found
        sold_at = paid if found is None else max(price - fee, paid)
        slots.append(PricedSlot(start, start + length, min(price, charged), own.get(start, 0), sold_at, source))
    return slots


def retailer_and_coming(
    home: Household, starts: Sequence[datetime], until: datetime, at: datetime
) -> tuple[dict[datetime, tuple[int, int]], dict[datetime, PricedSlot]]:
    """(what the retailer charges, what it pays) by slot, and the prices to come; nothing without a contract."""
    book = TariffBook(home.community, home)
    begins = [start for start in starts if start >= at]
    try:
        imports, feed_ins, _periods = book.series(home.pk, starts)
        street = _street(home, begins[0] - A_DAY * DAYS_BACK, until) if begins else {}
        coming = _priced(home, begins, book, street, {})
    except MissingContract:
        return {}, {}
    band = dict(zip(starts, zip(imports, feed_ins, strict=True), strict=True))
    return band, {slot.start: slot for slot in coming}


def _street_price(street: Street, start: datetime) -> tuple[tuple[int, int] | None, Source]:
    """The street's price in a slot, or of the same time on a day before."""
    if start in street:
        return street[start], Source.CLEARED
    for days in range(1, DAYS_BACK + 1):
        if (found := street.get(start - A_DAY * days)) is not None:
            return found, Source.DAY_BEFORE
    return None, Source.RETAILER


def _differs(street: Street, at: datetime) -> int | None:
    """How far a price was from that of the same time a day before, on average."""
    apart = [
        abs(price - street[start - A_DAY][0])
        for start, (price, _fee) in street.items()
        if at - A_DAY * DAYS_JUDGED <= start <= at and start - A_DAY in street
    ]
    return sum(apart) // len(apart) if apart else None


def _surplus(home: Household, at: datetime) -> dict[datetime, int]:
    """What the home is expected to have left of its own roof, by slot."""
    row = Forecast.objects.filter(household=home, issued_at__lte=at).order_by("-issued_at").first()
    if row is None:
        return {}
    length = timedelta(minutes=row.slot_minutes)
    return {row.first_start + length * i: max(-net_wh, 0) for i, net_wh in enumerate(row.net_load_wh)}
