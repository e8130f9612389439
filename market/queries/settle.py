"""What settling needs: trades, terms, readings, and which slots are due."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Sum

from community.models import Community
from community.queries import TariffBook, active_households
from market.models import Mandate, Settlement, Slot, Trade
from market.settlement import MEASURED, Metered, SlotCase, SlotFacts, Terms, Traded
from metering.formats.merging import RANK
from metering.queries import complete_starts, energy, received_since

# After this long a slot is settled with the readings there are, marked provisional.
PATIENCE = timedelta(days=1)
# How long the sweep remembers that a reading came: it runs every hour, so days are plenty.
LOOK_BACK = timedelta(days=3)


def unsettled_slots(community: Community, at: datetime, limit: int) -> list[Slot]:
    """Delivered slots without a settlement that are complete, or older than the patience; oldest first."""
    settled = Settlement.objects.filter(slot=OuterRef("pk"))
    slots = list(
        Slot.objects.filter(~Exists(settled), community=community, cleared_at__isnull=False, end__lte=at)
        .order_by("start")[:limit]
    )  # fmt: skip
    if not slots:
        return []
    complete = complete_starts(community.pk, slots[0].start, slots[-1].end, community.slot_minutes)
    return [slot for slot in slots if slot.start in complete or slot.end + PATIENCE <= at]


def outdated_slots(community: Community, at: datetime, limit: int) -> list[Slot]:
    """Settled slots for which readings arrived after the settlement looked at them; oldest first."""
    received = received_since(community.pk, at - LOOK_BACK, community.slot_minutes)
    current = Settlement.objects.filter(
        slot__community=community, is_current=True, slot__start__in=received
    ).select_related("slot")
    late = [row.slot for row in current if received[row.slot.start] > row.readings_as_of]
    return sorted(late, key=lambda slot: slot.start)[: max(limit, 0)]


def slot_cases(community: Community, slots: Sequence[Slot]) -> list[SlotCase]:
    """One case per slot, in the order given; a handful of queries however many slots there are."""
    first, last = min(slot.start for slot in slots), max(slot.end for slot in slots)
    homes = [home.pk for home in active_households(community.pk)]
    measured = energy(community.pk, first, last, community.slot_minutes)
    traded = _traded(slots)
    tariffs = TariffBook(community.pk, community.zone)
    mandates = _mandates(homes)
    return [
        SlotCase(
            SlotFacts(slot.price_ueur_kwh, slot.grid_fee_ueur_kwh),
            tuple(_metered(home, slot.start, measured) for home in homes),
            tuple(Traded(home, *traded[slot.pk, home]) for home in homes),
            tuple(_terms(home, slot, tariffs, mandates[home]) for home in homes),
        )
        for slot in slots
    ]


def _traded(slots: Sequence[Slot]) -> dict[tuple[int, int], tuple[int, int]]:
    """(sold, bought) in Wh per (slot, household)."""
    answer: dict[tuple[int, int], tuple[int, int]] = defaultdict(lambda: (0, 0))
    sums = Trade.objects.filter(slot__in=slots).values_list("slot_id", "household_id", "side")
    for slot, home, side, energy_wh in sums.annotate(Sum("energy_wh")):
        sold, bought = answer[slot, home]
        answer[slot, home] = (sold, bought + energy_wh) if side == "buy" else (sold + energy_wh, bought)
    return answer


def _mandates(homes: Sequence[int]) -> dict[int, list[Mandate]]:
    """Every mandate version of each household, newest first."""
    answer: dict[int, list[Mandate]] = defaultdict(list)
    for mandate in Mandate.objects.filter(household__in=homes).order_by("-valid_from"):
        answer[mandate.household_id].append(mandate)
    return answer


def _metered(home: int, start: datetime, measured: dict[tuple[int, str, datetime], tuple[int, str]]) -> Metered:
    imported = measured.get((home, "import", start))
    exported = measured.get((home, "export", start))
    qualities = [part[1] for part in (imported, exported) if part is not None]
    worst = min(qualities, key=RANK.__getitem__, default=MEASURED)
    return Metered(home, imported and imported[0], exported and exported[0], worst)


def _terms(home: int, slot: Slot, tariffs: TariffBook, mandates: list[Mandate]) -> Terms:
    """The retailer's prices and the mandate in force when the gate closed; without one, no true-up."""
    prices = tariffs.prices(home, slot.start)
    mandate = next((m for m in mandates if m.valid_from <= slot.gate_closure), None)
    if mandate is None:
        return Terms(home, prices.import_ueur_kwh, prices.feed_in_ueur_kwh, 0, 0, may_buy=False, may_sell=False)
    return Terms(
        home,
        prices.import_ueur_kwh,
        prices.feed_in_ueur_kwh,
        mandate.min_sell_ueur_kwh,
        mandate.max_buy_ueur_kwh,
        may_buy=not mandate.paused and prices.period in mandate.buy_periods,
        may_sell=not mandate.paused and prices.period in mandate.sell_periods,
    )
