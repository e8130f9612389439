"""Closing months in their time, and correcting closed ones by documents of their own; what was issued stays."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from community.models import Community, Household, Member, What
from community.services.audit import record_for
from market.models import Statement, StatementLine
from market.queries.month import HomeMonth, home_months, latest_statements, months_to_correct, unclosed_months
from market.services.statements import Draft, Row, close_month, facts_of, kept_by_the_community, rows_of, write
from market.services.wallets import live_wallets
from market.settlement.statement import balance_cents, to_cents

# Distributors deliver about two days late; a month is closed when that has passed and all is settled.
CLOSING_DELAY = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Anew:
    """A household's month as it stands now, and the line of each kind that was issued last."""

    home: HomeMonth
    rows: Sequence[Row]
    before: dict[str, StatementLine]
    version: int
    rent_neur: int

    def changed(self, row: Row) -> bool:
        """Whether the line says something else than was issued."""
        line = self.before.get(row.kind)
        return line is None or (line.energy_wh, line.amount_neur) != (row.energy_wh, row.amount_neur)


def close_due_months(*, community: Community, at: datetime) -> None:
    """Close every past month whose slots are all settled; with it go the corrections of the months before.

    Virtual batteries are lived on with what statements say.
    """
    due = unclosed_months(community, at - CLOSING_DELAY)
    for month in due:
        close_month(community=community, month=month, at=at)
    for month in months_to_correct(community) if due else []:
        correct_month(community=community, month=month, at=at)
    live_wallets(community=community, at=at)


@transaction.atomic
def correct_month(*, community: Community, month: date, at: datetime, by: Member | None = None) -> int:
    """State a closed month anew for the homes whose figures changed since; how many documents.

    The money was booked when the slots were settled again. Lines that did not change keep their cents, the others
    are rounded so that all homes and the community's accounts add up to zero. Congestion rent stays as it was
    given back: what corrections change of it is left to the next month. An open month is left alone.
    """
    locked = Community.objects.select_for_update(no_key=True).get(pk=community.pk)
    issued = latest_statements(locked, month)
    if not issued:
        return 0
    mode = next(iter(issued.values())).legal_mode
    rule = next((statement.rent_rule for statement in issued.values() if statement.rent_rule), "")
    news = [_anew(home, issued.get(home.household_id), rule) for home in home_months(locked, month)]
    cents = _cents(locked, month, news)
    changed = [one for one in news if any(map(one.changed, one.rows))]
    homes = Household.objects.filter(pk__in=[one.home.household_id for one in changed])
    record_for(homes, What.MONTH_CORRECTED, at=at, by=by, reason=f"{month:%Y-%m}")
    return write(
        locked,
        (
            Draft(
                Statement(
                    **facts_of(one.home, one.rent_neur, rule),
                    legal_mode=mode,
                    month=month,
                    version=one.version,
                    issued_at=at,
                ),
                one.rows,
                [cents[one.home.household_id, row.kind] for row in one.rows],
            )
            for one in changed
        ),
    )


def _anew(home: HomeMonth, issued: Statement | None, rent_rule: str) -> Anew:
    """The household's lines now, with those of before that have come to nothing."""
    before = {} if issued is None else {line.kind: line for line in issued.lines.all()}
    rent = before.get(StatementLine.Kind.RENT)
    rent_neur = 0 if rent is None else rent.amount_neur
    rows = rows_of(home, rent_neur, rent_rule)
    kinds = {row.kind for row in rows}
    gone = [Row(line.kind, 0, 0, line.posted) for line in before.values() if line.kind not in kinds]
    version = 1 if issued is None else issued.version + 1
    return Anew(home, [*rows, *gone], before, version, rent_neur)


def _cents(community: Community, month: date, news: Sequence[Anew]) -> dict[tuple[int, str], int]:
    """Cents by household and kind."""
    cents: dict[tuple[int, str], int] = {}
    pool: list[tuple[tuple[int, str], int]] = []
    kept = 0
    for one in news:
        for row in one.rows:
            place = (one.home.household_id, row.kind)
            if not one.changed(row):
                cents[place] = one.before[row.kind].amount_cents
                kept += cents[place] if row.posted else 0
            elif row.posted:
                pool.append((place, row.amount_neur))
            else:
                cents[place] = to_cents(row.amount_neur)
    accounts = kept_by_the_community(community, month, sum(one.rent_neur for one in news))
    rounded = balance_cents([*(amount for _place, amount in pool), *accounts], -kept)
    return cents | {place: rounded[i] for i, (place, _amount) in enumerate(pool)}
