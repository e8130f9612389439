"""Closing a community's month: one statement per household, rounded once, never changed."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db import transaction

from community.models import Community
from market.models import Statement, StatementLine
from market.queries.month import HomeMonth, home_months, unclosed_months
from market.settlement.statement import balance_cents, to_cents

# Distributors deliver about two days late; a month is closed when that has passed and all is settled.
CLOSING_DELAY = timedelta(days=3)


def close_due_months(*, community: Community, at: datetime) -> None:
    """Close every past month whose slots are all settled."""
    for month in unclosed_months(community, at - CLOSING_DELAY):
        close_month(community=community, month=month, at=at)


@transaction.atomic
def close_month(*, community: Community, month: date, at: datetime) -> None:
    """Write the statements of a civil month, once; a second call finds them and changes nothing.

    The cents of all households and of the grid fee are rounded as one pool, so that they add up to zero.
    """
    Community.objects.select_for_update(no_key=True).get(pk=community.pk)
    if Statement.objects.filter(household__community=community, month=month).exists():
        return
    homes = home_months(community, month)
    cents = balance_cents(
        [home.bought_neur for home in homes]
        + [home.sold_neur for home in homes]
        + [sum(home.grid_fee_neur for home in homes)]
    )
    statements = Statement.objects.bulk_create(
        [
            Statement(
                household_id=home.household_id,
                month=month,
                issued_at=at,
                slots=home.slots,
                provisional_slots=home.provisional_slots,
                saving_neur=home.saving_neur,
            )
            for home in homes
        ]
    )
    StatementLine.objects.bulk_create(
        line
        for i, (statement, home) in enumerate(zip(statements, homes, strict=True))
        for line in _lines(statement, home, bought_cents=cents[i], sold_cents=cents[len(homes) + i])
    )


def _lines(
    statement: Statement, home: HomeMonth, *, bought_cents: int, sold_cents: int
) -> Iterable[StatementLine]:
    """Posted lines carry their share of the pool's cents; the others inform and are rounded alone."""
    kinds = StatementLine.Kind
    rows = (
        (kinds.BOUGHT, home.bought_wh, home.bought_neur, bought_cents, True),
        (kinds.SOLD, home.sold_wh, home.sold_neur, sold_cents, True),
        (kinds.RETAILER_IMPORT, home.retailer_import_wh, home.retailer_import_neur, None, False),
        (kinds.RETAILER_EXPORT, home.retailer_export_wh, home.retailer_export_neur, None, False),
        (kinds.SAVING, home.bought_wh + home.sold_wh, home.saving_neur, None, False),
    )
    for position, (kind, energy_wh, amount_neur, cents, posted) in enumerate(rows):
        yield StatementLine(
            statement=statement,
            position=position,
            kind=kind,
            energy_wh=energy_wh,
            amount_neur=amount_neur,
            amount_cents=to_cents(amount_neur) if cents is None else cents,
            posted=posted,
        )
