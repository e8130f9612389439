"""Closing a community's month: one statement per household, rounded once, never changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from community.models import Community
from community.tariffs import month_span
from market.ledger import BalancedEntry
from market.models import Account, Entry, Posting, Statement, StatementLine
from market.queries.month import (
    HomeMonth,
    collected,
    home_months,
    lost_by_home,
    rent_to_give_back,
    unclosed_months,
)
from market.services.accounts import open_accounts
from market.settlement.rent import Stake, given_back
from market.settlement.statement import balance_cents, to_cents

# Distributors deliver about two days late; a month is closed when that has passed and all is settled.
CLOSING_DELAY = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class GivenBack:
    """Congestion rent that a month's closing gives back: the rule that decided, and n€ per household in order."""

    rule: str
    amounts_neur: Sequence[int]


def close_due_months(*, community: Community, at: datetime) -> None:
    """Close every past month whose slots are all settled."""
    for month in unclosed_months(community, at - CLOSING_DELAY):
        close_month(community=community, month=month, at=at)


@transaction.atomic
def close_month(*, community: Community, month: date, at: datetime) -> None:
    """Give the month's congestion rent back and write its statements, once; a second call changes nothing.

    The cents of all households and of the community's accounts are rounded as one pool, so that they add up to
    zero. Nothing is settled meanwhile: both lock the community.
    """
    locked = Community.objects.select_for_update(no_key=True).get(pk=community.pk)
    if Statement.objects.filter(household__community=community, month=month).exists():
        return
    homes = home_months(community, month)
    rent = _give_back(locked, homes, month, at)
    cents = _cents(locked, homes, rent, month)
    statements = Statement.objects.bulk_create(
        [
            Statement(
                household_id=home.household_id,
                month=month,
                issued_at=at,
                slots=home.slots,
                provisional_slots=home.provisional_slots,
                saving_neur=home.saving_neur + given_neur,
                rent_rule=rent.rule,
            )
            for home, given_neur in zip(homes, rent.amounts_neur, strict=True)
        ]
    )
    StatementLine.objects.bulk_create(
        line
        for i, (statement, home) in enumerate(zip(statements, homes, strict=True))
        for line in _lines(statement, home, rent.amounts_neur[i], [part[i] for part in cents])
    )


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


def _cents(
    community: Community, homes: Sequence[HomeMonth], rent: GivenBack, month: date
) -> tuple[list[int], ...]:
    """The cents of what was bought, sold, given up, pooled and given back, household by household."""
    span = month_span(month.year, month.month, community.zone)
    fee_neur = collected(community, Account.Kind.GRID_FEE, *span)
    kept_neur = collected(community, Account.Kind.CONGESTION_RENT, *span) - sum(rent.amounts_neur)
    columns = (
        [home.bought_neur for home in homes],
        [home.sold_neur for home in homes],
        [home.shortfall_neur for home in homes],
        [home.pool_neur for home in homes],
        list(rent.amounts_neur),
    )
    cents = balance_cents([*(amount for column in columns for amount in column), fee_neur, kept_neur])
    return tuple(cents[i * len(homes) : (i + 1) * len(homes)] for i in range(len(columns)))


def _lines(
    statement: Statement, home: HomeMonth, given_neur: int, cents: Sequence[int]
) -> Iterable[StatementLine]:
    """Posted lines carry their share of the pool's cents; the others inform and are rounded alone."""
    kinds = StatementLine.Kind
    bought, sold, shortfall, pool, rent = cents
    saved_neur = home.saving_neur + given_neur
    rows = [
        (kinds.BOUGHT, home.bought_wh, home.bought_neur, bought, True),
        (kinds.SOLD, home.sold_wh, home.sold_neur, sold, True),
        *([(kinds.SHORTFALL, 0, home.shortfall_neur, shortfall, True)] if home.shortfall_neur else []),
        *([(kinds.POOL, 0, home.pool_neur, pool, True)] if home.pool_neur else []),
        *([(kinds.RENT, 0, given_neur, rent, True)] if statement.rent_rule else []),
        (kinds.RETAILER_IMPORT, home.retailer_import_wh, home.retailer_import_neur, None, False),
        (kinds.RETAILER_EXPORT, home.retailer_export_wh, home.retailer_export_neur, None, False),
        (kinds.SAVING, home.bought_wh + home.sold_wh, saved_neur, None, False),
    ]
    for position, (kind, energy_wh, amount_neur, rounded, posted) in enumerate(rows):
        yield StatementLine(
            statement=statement,
            position=position,
            kind=kind,
            energy_wh=energy_wh,
            amount_neur=amount_neur,
            amount_cents=to_cents(amount_neur) if rounded is None else rounded,
            posted=posted,
        )
