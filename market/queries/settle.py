"""What settling needs: trades, terms, readings, and which slots are due."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Sum

from community.models import Community, Household
from community.queries import active_households
from community.tariff_book import TariffBook
from community.tariffs import is_off_peak_day
from market.agents import Mandate as MandateTerms
from market.agents import local_times, terms_at
from market.models import Mandate, SettledHome, Settlement, Slot, Trade
from market.queries.mandates import mandate_terms
from market.settlement import MEASURED, Metered, SlotCase, SlotFacts, Terms, Traded
from metering.formats.merging import RANK
from metering.queries import complete_starts, energy, received_since

# After this long a slot is settled with the readings there are, marked provisional.
PATIENCE = timedelta(days=1)
# How long the sweep remembers that a reading came. It runs every hour, but a computer in a cupboard may be away
# for a week, with readings just come in that nobody has settled yet.
LOOK_BACK = timedelta(days=14)


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


def slot_cases(community: Community, slots: Sequence[Slot]) -> list[tuple[Slot, SlotCase]]:
    """The slots that can be settled with their cases, in the order given, in a handful of queries.

    A slot waits while a home in it has no contract or an hour's price that is not published: money is never booked
    at a price that only stands in.
    """
    if not slots:
        return []
    first, last = min(slot.start for slot in slots), max(slot.end for slot in slots)
    households = active_households(community.pk)
    homes = [home.pk for home in households]
    measured = energy(community.pk, first, last, community.slot_minutes)
    traded = _traded(slots)
    tariffs = TariffBook(community)
    mandates = _mandates(homes)
    before = _settled_before(slots)
    settleable = [
        slot for slot in slots
        if all((slot.pk, home) in before or tariffs.is_known(home, slot.start) for home in homes)
    ]  # fmt: skip
    return [
        (
            slot,
            SlotCase(
                SlotFacts(slot.price_ueur_kwh, slot.grid_fee_ueur_kwh, slot.pool_pct, slot.pool_rule),
                tuple(_metered(home, slot.start, measured) for home in homes),
                tuple(traded.get((slot.pk, home), Traded(home, 0, 0)) for home in homes),
                tuple(
                    _terms(home, slot, tariffs, mandates[home.pk], before.get((slot.pk, home.pk)))
                    for home in households
                ),
            ),
        )
        for slot in settleable
    ]


def _traded(slots: Sequence[Slot]) -> dict[tuple[int, int], Traded]:
    """What each household's orders traded, per (slot, household), at the prices of the trades themselves."""
    fees = {slot.pk: slot.grid_fee_ueur_kwh for slot in slots}
    sums = (
        Trade.objects.filter(slot__in=slots)
        .values_list("slot_id", "household_id", "side")
        .annotate(
            cleared_wh=Sum("energy_wh"),
            worth_neur=Sum(F("energy_wh") * F("price_ueur_kwh")),
            distance_neur=Sum(F("energy_wh") * F("distance_ueur_kwh")),
        )
    )
    answer: dict[tuple[int, int], Traded] = {}
    for slot, home, side, energy_wh, neur, distance_neur in sums:
        row = answer.get((slot, home), Traded(home, 0, 0, 0, 0))
        if side == "buy":
            row = replace(
                row, bought_wh=int(energy_wh), paid_neur=int(neur), bought_distance_neur=int(distance_neur)
            )
        else:
            net_neur = int(neur) - int(energy_wh) * fees[slot]
            row = replace(
                row, sold_wh=int(energy_wh), earned_neur=net_neur, sold_distance_neur=-int(distance_neur)
            )
        answer[slot, home] = row
    return answer


def _settled_before(slots: Sequence[Slot]) -> dict[tuple[int, int], tuple[int, int, int]]:
    """Priority, import and feed-in price with which each household was settled first: corrections keep them."""
    rows = SettledHome.objects.filter(settlement__slot__in=slots, is_current=True)
    fields = ("settlement__slot", "household", "priority", "import_ueur_kwh", "feed_in_ueur_kwh")
    return {
        (slot, home): (priority, charged, paid)
        for slot, home, priority, charged, paid in rows.values_list(*fields)
    }


def _mandates(homes: Sequence[int]) -> dict[int, list[tuple[datetime, MandateTerms]]]:
    """Every mandate version of each household and since when it holds, newest first."""
    answer: dict[int, list[tuple[datetime, MandateTerms]]] = defaultdict(list)
    versions = Mandate.objects.filter(household__in=homes).order_by("-valid_from")
    for mandate in versions.prefetch_related("hours"):
        answer[mandate.household_id].append((mandate.valid_from, mandate_terms(mandate)))
    return answer


def _metered(home: int, start: datetime, measured: dict[tuple[int, str, datetime], tuple[int, str]]) -> Metered:
    imported = measured.get((home, "import", start))
    exported = measured.get((home, "export", start))
    qualities = [part[1] for part in (imported, exported) if part is not None]
    worst = min(qualities, key=RANK.__getitem__, default=MEASURED)
    return Metered(home, imported and imported[0], exported and exported[0], worst)


def _terms(
    home: Household,
    slot: Slot,
    tariffs: TariffBook,
    mandates: list[tuple[datetime, MandateTerms]],
    before: tuple[int, int, int] | None,
) -> Terms:
    """The retailer's prices and the mandate in force when the gate closed; without one, no true-up and no pool.

    Of a slot that was settled `before` the prices are frozen: a contract that is typed in later changes nothing.
    """
    if before is None:
        prices = tariffs.prices(home.pk, slot.start)
        before = (home.priority, prices.import_ueur_kwh, prices.feed_in_ueur_kwh)
    priority, charged, paid = before
    given = next((terms for valid_from, terms in mandates if valid_from <= slot.gate_closure), None)
    if given is None:
        return Terms(home.pk, charged, paid, 0, 0, may_buy=False, may_sell=False, takes_part=False)
    local = local_times([slot.start], tariffs.zone, is_off_peak_day)[0] if given.has_own_hours else None
    minutes = (slot.end - slot.start) // timedelta(minutes=1)
    band = tariffs.community.period(slot.start)
    return Terms(home.pk, charged, paid, *terms_at(given, slot.start, minutes, band, local), priority=priority)
