"""Settling delivered slots: load, let the core decide, book balanced entries in one transaction."""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter

from django.db import transaction

from community.copying import copy_into
from community.models import Community
from market.ledger import BalancedEntry
from market.models import Entry, Posting, SettledHome, Settlement, Slot
from market.queries.due import BATCH
from market.queries.settle import outdated_slots, slot_cases, unsettled_slots
from market.services import log
from market.services.accounts import open_accounts
from market.settlement import Line, Settled, SlotCase, settle

HOME_COLUMNS = [field.attname for field in SettledHome._meta.concrete_fields if not field.primary_key]


def settle_due(*, community: Community, at: datetime) -> int:
    """Settle what is complete and correct what new readings changed; how many slots were booked."""
    due = unsettled_slots(community, at, BATCH)
    due += outdated_slots(community, at, BATCH - len(due))
    return settle_slots(community=community, slot_ids=[slot.pk for slot in due], at=at) if due else 0


@transaction.atomic
def settle_slots(*, community: Community, slot_ids: Sequence[int], at: datetime) -> int:
    """Settle delivered slots with the readings known at `at`; how many settlements were added.

    A slot settled before gets a new revision only if its figures changed: the old entry is reversed and
    a new one booked, and nothing already written is touched except its `is_current` mark. A month is never
    closed meanwhile: both lock the community.
    """
    Community.objects.select_for_update(no_key=True).get(pk=community.pk)
    slots = list(
        Slot.objects.select_for_update()
        .filter(pk__in=slot_ids, community=community, cleared_at__isnull=False, end__lte=at)
        .order_by("start")
    )
    if not slots:
        return 0
    previous = {
        settlement.slot_id: settlement
        for settlement in Settlement.objects.filter(slot__in=slots, is_current=True).prefetch_related("homes")
    }
    settled = [(slot, case, settle(case)) for slot, case in slot_cases(community, slots)]
    news = [
        (slot, case, result) for slot, case, result in settled
        if slot.pk not in previous or _differs(previous[slot.pk], result)
    ]  # fmt: skip
    confirmed = [previous[slot.pk].pk for slot, *_ in settled if slot.pk in previous]
    Settlement.objects.filter(pk__in=confirmed).update(readings_as_of=at)
    _record(community, news, previous, at)
    return len(news)


def _differs(before: Settlement, after: Settled) -> bool:
    old = {h.household_id: (h.import_wh, h.export_wh, h.missing, h.quality) for h in before.homes.all()}
    new = {line.household_id: (line.import_wh, line.export_wh, line.missing, line.quality) for line in after.lines}
    return old != new or before.provisional != after.provisional


def _record(
    community: Community,
    news: Sequence[tuple[Slot, SlotCase, Settled]],
    previous: dict[int, Settlement],
    at: datetime,
) -> None:
    replaced = [previous[slot.pk].pk for slot, *_ in news if slot.pk in previous]
    Settlement.objects.filter(pk__in=replaced).update(is_current=False)
    SettledHome.objects.filter(settlement__in=replaced).update(is_current=False)
    settlements = Settlement.objects.bulk_create(
        [
            Settlement(
                slot=slot,
                revision=previous[slot.pk].revision + 1 if slot.pk in previous else 1,
                settled_at=at,
                provisional=result.provisional,
                readings_as_of=at,
            )
            for slot, _case, result in news
        ]
    )
    rows = [
        [_home(settlement, slot, line) for line in result.lines]
        for settlement, (slot, _case, result) in zip(settlements, news, strict=True)
    ]
    _add_homes([row for own in rows for row in own])
    _reverse(community, replaced, at)
    _book(community, [(one, result) for one, (*_, result) in zip(settlements, news, strict=True)], at)
    log.append(
        community,
        [
            log.Logged(settlement, *told, own)
            for settlement, told, own in zip(settlements, news, rows, strict=True)
        ],
    )


def _add_homes(rows: Sequence[SettledHome]) -> None:
    """Write homes' rows and tell them their ids."""
    added = copy_into(
        SettledHome,
        HOME_COLUMNS,
        map(attrgetter(*HOME_COLUMNS), rows),
        returning=("settlement_id", "household_id", "id"),
    )
    ids = {(settlement, home): pk for settlement, home, pk in added}
    for row in rows:
        row.pk = ids[row.settlement_id, row.household_id]


def _home(settlement: Settlement, slot: Slot, line: Line) -> SettledHome:
    return SettledHome(
        settlement_id=settlement.pk,
        household_id=line.household_id,
        start=slot.start,
        missing=line.missing,
        quality=line.quality,
        provisional=settlement.provisional,
        grid_fee_ueur_kwh=slot.grid_fee_ueur_kwh,
        import_wh=line.import_wh,
        export_wh=line.export_wh,
        bought_wh=line.bought_wh,
        sold_wh=line.sold_wh,
        trueup_bought_wh=line.trueup_bought_wh,
        trueup_sold_wh=line.trueup_sold_wh,
        paid_neur=line.paid_neur,
        earned_neur=line.earned_neur,
        shortfall_neur=line.shortfall_neur,
        pool_neur=line.pool_neur,
        priority=line.priority,
        import_ueur_kwh=line.import_ueur_kwh,
        feed_in_ueur_kwh=line.feed_in_ueur_kwh,
        price_ueur_kwh=slot.price_ueur_kwh,
        baseline_neur=line.baseline_neur,
        actual_neur=line.actual_neur,
    )


def _reverse(community: Community, replaced: Sequence[int], at: datetime) -> None:
    """Book the opposite of every entry whose settlement was replaced."""
    originals = Entry.objects.filter(settlement__in=replaced, kind=Entry.Kind.SETTLE).prefetch_related("postings")
    reversals = Entry.objects.bulk_create(
        [
            Entry(
                community=community,
                settlement_id=original.settlement_id,
                kind=Entry.Kind.REVERSE,
                booked_at=at,
            )
            for original in originals
        ]
    )
    Posting.objects.bulk_create(
        [
            Posting(
                entry=reversal,
                account_id=posting.account_id,
                amount_neur=-posting.amount_neur,
                energy_wh=-posting.energy_wh,
            )
            for reversal, original in zip(reversals, originals, strict=True)
            for posting in original.postings.all()
        ]
    )


def _book(community: Community, results: Sequence[tuple[Settlement, Settled]], at: datetime) -> None:
    """One balanced entry per settlement that moved money or energy."""
    traded = [(settlement, result) for settlement, result in results if result.postings]
    accounts = open_accounts(community)
    entries = Entry.objects.bulk_create(
        [
            Entry(community=community, settlement=settlement, kind=Entry.Kind.SETTLE, booked_at=at)
            for settlement, _ in traded
        ]
    )
    copy_into(
        Posting,
        ("entry_id", "account_id", "amount_neur", "energy_wh"),
        (
            (entry.pk, accounts[posting.account], posting.amount_neur, posting.energy_wh)
            for entry, (_, result) in zip(entries, traded, strict=True)
            for posting in BalancedEntry(result.postings).postings
        ),
    )
