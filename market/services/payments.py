"""Bank accounts, and runs of what is due: each statement is paid once, a correction by what it changed."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Sum

from community.models import Community, Household, Member, What
from community.roles import Can, only_those_who
from community.services.audit import record, record_for
from community.services.homes import lock_as_seen
from config.sealing import seal
from market.models import BankAccount, CreditorAccount, PaymentItem, PaymentRun, Statement, StatementLine

# Legal modes in which statements are owed.
OWING = (Community.LegalMode.PRIVATE_SETTLEMENT, Community.LegalMode.SHARING)


class NothingDue(ValueError):
    """Every statement that is owed has been paid already, or nothing is owed."""


@transaction.atomic
def keep_account(
    *, household: Household, holder: str, iban: str, signed_on: date | None, by: Member, at: datetime
) -> BankAccount:
    """Keep where a home's money goes; `signed_on` is the day of its mandate, None if nothing may be collected.

    Another number needs another mandate, which gets a reference of its own. Raises `HomeChangedHands`.
    """
    lock_as_seen(household)
    BankAccount.objects.filter(household=household, replaced_at=None).update(replaced_at=at)
    account = BankAccount.objects.create(
        household=household,
        holder=holder,
        sealed_iban=seal(iban),
        iban_end=iban[-4:],
        mandate_signed_on=signed_on,
        added_by=by,
        added_at=at,
    )
    record(
        What.BANK_ACCOUNT_CHANGED,
        community=household.community,
        at=at,
        by=by,
        about=account,
        household=household,
        reason=f"…{account.iban_end}",
    )
    return account


@transaction.atomic
def keep_creditor(*, by: Member, holder: str, iban: str, creditor_id: str, at: datetime) -> CreditorAccount:
    """Keep the community's own account. Raises `NotAllowed`."""
    only_those_who(Can.PAY, by)
    facts = {
        "holder": holder, "sealed_iban": seal(iban), "iban_end": iban[-4:], "creditor_id": creditor_id,
        "changed_by": by, "changed_at": at,
    }  # fmt: skip
    account = CreditorAccount.objects.update_or_create(community=by.community, defaults=facts)[0]
    said = f"…{account.iban_end}"
    record(What.CREDITOR_CHANGED, community=by.community, at=at, by=by, about=account, reason=said)
    return account


class Due(NamedTuple):
    """A statement that is owed and in no run yet, and what it asks for beyond its earlier version, cents."""

    statement: Statement
    cents: int


def due(community: Community, homes: Sequence[Household] | None = None) -> list[Due]:
    """What is owed and was not handed to the bank yet, by home and month; of all homes, or of those named."""
    whose = Household.objects.filter(community=community) if homes is None else homes
    statements = (
        Statement.objects.filter(household__in=whose, payment=None, legal_mode__in=OWING)
        .select_related("household__member__user", "household__community")
        .order_by("household__name", "month", "version")
    )
    sums = (
        StatementLine.objects.filter(statement__household__in=whose, posted=True)
        .values_list("statement__household", "statement__month", "statement__version")
        .annotate(cents=Sum("amount_cents"))
    )
    owed = {(home, month, version): int(cents) for home, month, version, cents in sums}
    answer = []
    for one in statements:
        place = (one.household_id, one.month)
        answer.append(Due(one, owed.get((*place, one.version), 0) - owed.get((*place, one.version - 1), 0)))
    return answer


@transaction.atomic
def make_run(*, by: Member, at: datetime) -> PaymentRun:
    """Take everything that is due into one run; statements of nothing go with it. Raises `NothingDue`."""
    only_those_who(Can.PAY, by)
    community = Community.objects.select_for_update(no_key=True).get(pk=by.community_id)
    found = due(community)
    if not any(one.cents for one in found):
        raise NothingDue
    run = PaymentRun.objects.create(community=community, made_by=by, made_at=at)
    held = BankAccount.objects.filter(household__community=community, replaced_at=None)
    accounts = {account.household_id: account for account in held}
    PaymentItem.objects.bulk_create(
        [
            PaymentItem(
                run=run,
                statement=one.statement,
                cents=one.cents,
                account=_usable(accounts.get(one.statement.household_id), one),
            )
            for one in found
        ]
    )
    homes = {one.statement.household_id: one.statement.household for one in found}
    record_for(homes.values(), What.PAYMENT_RUN_MADE, at=at, by=by, about=run)
    return run


def _usable(account: BankAccount | None, owed: Due) -> BankAccount | None:
    """The account, if the amount may be moved on it: what is collected needs a mandate, and what somebody before
    owes is nobody else's.
    """
    if account is None or owed.statement.month < owed.statement.household.own_since:
        return None
    return None if owed.cents < 0 and account.mandate_signed_on is None else account
