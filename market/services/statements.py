"""Closing a community's month: one statement per household, rounded once, never changed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import transaction

from community.models import Community, Member, What
from community.services.audit import record
from community.tariffs import month_span
from market.ledger import BalancedEntry
from market.models import Account, Entry, Posting, Statement, StatementLine
from market.queries.month import (
    HomeMonth,
    collected,
    home_months,
    lost_by_home,
    rent_to_give_back,
)
from market.services.accounts import open_accounts
from market.services.log import append_statements
from market.settlement.rent import Stake, given_back
from market.settlement.statement import balance_cents, to_cents


@dataclass(frozen=True, slots=True)
class Row:
    """A line before rounding: Wh and n€, + in the household's favour; `posted` lines are owed."""

    kind: str
    energy_wh: int
    amount_neur: int
    posted: bool


class Draft(NamedTuple):
    """A statement about to be written: its lines, exact and in cents."""

    statement: Statement
    rows: Sequence[Row]
    cents: Sequence[int]


@dataclass(frozen=True, slots=True)
class GivenBack:
    """Congestion rent that a month's closing gives back: the rule that decided, and n€ per household in order."""

    rule: str
    amounts_neur: Sequence[int]


@transaction.atomic
def close_month(*, community: Community, month: date, at: datetime, by: Member | None = None) -> None:
    """Give the month's congestion rent back and write its statements, once; a second call changes nothing.

    The cents of all households and of the community's accounts are rounded as one pool, so that they add up to
    zero. Nothing is settled meanwhile: both lock the community.
    """
    locked = Community.objects.select_for_update(no_key=True).get(pk=community.pk)
    if Statement.objects.filter(household__community=community, month=month).exists():
        return
    homes = home_months(community, month)
    rent = _give_back(locked, homes, month, at)
    rows = [rows_of(home, given, rent.rule) for home, given in zip(homes, rent.amounts_neur, strict=True)]
    posted = [row.amount_neur for own in rows for row in own if row.posted]
    cents = iter(balance_cents([*posted, *kept_by_the_community(community, month, sum(rent.amounts_neur))]))
    write(
        locked,
        (
            Draft(
                Statement(
                    **facts_of(home, given, rent.rule), legal_mode=locked.legal_mode, month=month, issued_at=at
                ),
                own,
                cents_of(own, cents),
            )
            for home, given, own in zip(homes, rent.amounts_neur, rows, strict=True)
        ),
    )
    record(What.MONTH_CLOSED, community=locked, at=at, by=by, reason=f"{month:%Y-%m}")


def _give_back(community: Community, homes: Sequence[HomeMonth], month: date, at: datetime) -> GivenBack:
    """Empty the account of congestion rent, as far as slots up to the month's end filled it, by the named rule.

    What later corrections add or take away is left to the next month.
    """
    start, end = month_span(month.year, month.month, community.zone)
    amount_neur = rent_to_give_back(community, end)
    if amount_neur <= 0 or not homes:
        return GivenBack("", [0] * len(homes))
    lost = lost_by_home(community, start, end)
    stakes = [Stake(home.bought_wh + home.sold_wh, lost.get(home.household_id, 0)) for home in homes]
    rule, amounts = given_back(amount_neur, stakes, community.rent_rule)
    accounts = open_accounts(community)
    entry = Entry.objects.create(community=community, month=month, kind=Entry.Kind.GIVE_BACK, booked_at=at)
    rows = [(accounts[Account.Kind.CONGESTION_RENT.value, None], -amount_neur)]
    rows += [
        (accounts[Account.Kind.HOUSEHOLD.value, home.household_id], given_neur)
        for home, given_neur in zip(homes, amounts, strict=True)
        if given_neur
    ]
    postings = tuple(Posting(entry=entry, account_id=pk, amount_neur=neur, energy_wh=0) for pk, neur in rows)
    Posting.objects.bulk_create(BalancedEntry(postings).postings)
    return GivenBack(rule, amounts)


def kept_by_the_community(community: Community, month: date, given_neur: int) -> tuple[int, int]:
    """What the month left on the accounts of grid fee and congestion rent, n€, `given_neur` of rent given back."""
    span = month_span(month.year, month.month, community.zone)
    rent_neur = collected(community, Account.Kind.CONGESTION_RENT, *span)
    return collected(community, Account.Kind.GRID_FEE, *span), rent_neur - given_neur


def facts_of(home: HomeMonth, given_neur: int, rent_rule: str) -> dict[str, Any]:
    """What a statement says beside its lines."""
    return {
        "household_id": home.household_id,
        "slots": home.slots,
        "provisional_slots": home.provisional_slots,
        "saving_neur": home.saving_neur + given_neur,
        "rent_rule": rent_rule,
    }


def rows_of(home: HomeMonth, given_neur: int, rent_rule: str) -> list[Row]:
    """A household's lines in their order, exact."""
    kinds = StatementLine.Kind
    saved_neur = home.saving_neur + given_neur
    return [
        Row(kinds.BOUGHT, home.bought_wh, home.bought_neur, posted=True),
        Row(kinds.SOLD, home.sold_wh, home.sold_neur, posted=True),
        *([Row(kinds.SHORTFALL, 0, home.shortfall_neur, posted=True)] if home.shortfall_neur else []),
        *([Row(kinds.POOL, 0, home.pool_neur, posted=True)] if home.pool_neur else []),
        *([Row(kinds.RENT, 0, given_neur, posted=True)] if rent_rule else []),
        Row(kinds.RETAILER_IMPORT, home.retailer_import_wh, home.retailer_import_neur, posted=False),
        Row(kinds.RETAILER_EXPORT, home.retailer_export_wh, home.retailer_export_neur, posted=False),
        Row(kinds.SAVING, home.bought_wh + home.sold_wh, saved_neur, posted=False),
    ]


def cents_of(rows: Sequence[Row], posted: Iterator[int]) -> list[int]:
    """Posted lines take the next cents of the pool; the others inform and are rounded alone."""
    return [next(posted) if row.posted else to_cents(row.amount_neur) for row in rows]


def write(community: Community, drafts: Iterable[Draft]) -> int:
    """Write statements with their lines, and their leaves into the log, under the community's lock; how many."""
    written = list(drafts)
    Statement.objects.bulk_create([one.statement for one in written])
    StatementLine.objects.bulk_create(
        StatementLine(
            statement=one.statement,
            position=position,
            kind=row.kind,
            energy_wh=row.energy_wh,
            amount_neur=row.amount_neur,
            amount_cents=cents,
            posted=row.posted,
        )
        for one in written
        for position, (row, cents) in enumerate(zip(one.rows, one.cents, strict=True))
    )
    news = Statement.objects.filter(pk__in=[one.statement.pk for one in written])
    append_statements(community, list(news.order_by("pk").prefetch_related("lines")))
    return len(written)
