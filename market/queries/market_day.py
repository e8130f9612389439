"""A day of the market as one home meets it: prices, cleared or expected, between its retailer's two."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from community.models import Household
from community.tariffs import slots_of
from market.cheapest import Source
from market.models import Slot
from market.queries.when import retailer_and_coming


@dataclass(frozen=True, slots=True)
class MarketSlot:
    """A slot's price (µ€/kWh, None without one) and how it is known; energies in Wh."""

    start: datetime
    end: datetime
    status: str | None
    price_ueur_kwh: int | None
    source: Source
    feed_in_ueur_kwh: int | None
    retail_ueur_kwh: int | None
    traded_wh: int

    @property
    def expected(self) -> bool:
        """Whether the price is not the market's yet."""
        return self.source != Source.CLEARED


def market_day(home: Household, first: datetime, until: datetime, at: datetime) -> list[MarketSlot]:
    """Every slot of `[first, until)` as known at `at`; what is to come is priced as the cheapest start is."""
    community = home.community
    length = timedelta(minutes=community.slot_minutes)
    starts = slots_of(first, until, community.slot_minutes)
    found = Slot.objects.filter(community=community, start__gte=first, start__lt=until)
    told = found.values_list("start", "status", "price_ueur_kwh", "traded_wh")
    rows = {start: (status, price, traded_wh) for start, status, price, traded_wh in told}
    band, coming = retailer_and_coming(home, starts, until, at)
    answer = []
    for start in starts:
        status, price, traded_wh = rows.get(start, (None, None, 0))
        guess, source = coming.get(start), Source.CLEARED
        if guess is not None and status in {None, Slot.Status.OPEN}:
            price, source = guess.price_ueur_kwh, guess.source
        retail, feed_in = band.get(start, (None, None))
        answer.append(MarketSlot(start, start + length, status, price, source, feed_in, retail, traded_wh))
    return answer


def told_slot(slots: Sequence[MarketSlot], at: datetime) -> datetime | None:
    """The start of the slot whose orders are told: of today the one that runs or ran last, else the busiest."""
    over = [
        slot for slot in slots if slot.status in {Slot.Status.CLEARED, Slot.Status.FALLBACK} and slot.start <= at
    ]
    if not over:
        return None
    if slots[-1].end > at:
        return over[-1].start
    return max(over, key=lambda slot: (slot.traded_wh, slot.start)).start


def collecting(home: Household, at: datetime) -> Slot | None:
    """The slot for which orders are being taken, the next one of several."""
    rows = Slot.objects.filter(community=home.community_id, status=Slot.Status.OPEN, gate_closure__gt=at)
    return rows.order_by("start").first()
