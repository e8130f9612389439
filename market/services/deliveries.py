"""Sending statements by e-mail: who gets one is written down first, and what became of it after."""

from collections.abc import Callable
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.db import transaction

from community.models import Community, Member, What
from community.services.audit import record
from market.models import Delivery, Event, Statement
from market.queries.notices import wants_no_letter

# After so many refusals an address is given up; an administrator may ask again.
MOST_ATTEMPTS = 5
FIRST_PAUSE = timedelta(minutes=5)


@transaction.atomic
def ask_for_deliveries(
    *, community: Community, at: datetime, since: datetime | None = None, by: Member | None = None
) -> int:
    """Note a delivery for every statement of a home with a member that has none yet and wants one; how many.

    Only those issued at `since` or later, if it is given. A version that was superseded is not sent any more.
    """
    issued = Statement.objects.filter(
        household__community=community, household__member__left_at__isnull=True, deliveries__isnull=True
    ).exclude(household__member=None)
    issued = issued.exclude(household__member__in=wants_no_letter(Event.STATEMENT))
    if since is not None:
        issued = issued.filter(issued_at__gte=since)
    newest: dict[tuple[int, object], Statement] = {}
    for statement in issued.select_related("household__member__user", "household__community").order_by("version"):
        newest[statement.household_id, statement.month] = statement
    made = Delivery.objects.bulk_create(
        [
            Delivery(statement=one, address=one.household.member.user.email, due_at=at, changed_at=at)
            for one in newest.values()
            if one.household.member is not None and one.month >= one.household.own_since
        ],
        ignore_conflicts=True,
    )
    if made:
        record(What.STATEMENTS_SENT, community=community, at=at, by=by)
    return len(made)


def ask_again(*, community: Community, at: datetime) -> int:
    """Let the deliveries of a community that were given up wait once more; how many."""
    given_up = Delivery.objects.filter(statement__household__community=community, state=Delivery.State.FAILED)
    return given_up.update(state=Delivery.State.WAITING, attempts=0, due_at=at, changed_at=at)


def due_deliveries(at: datetime, most: int) -> list[int]:
    """Deliveries that wait, oldest first."""
    due = Delivery.objects.filter(state=Delivery.State.WAITING, due_at__lte=at).order_by("due_at", "pk")
    return list(due.values_list("pk", flat=True)[:most])


def _is_superseded(statement: Statement) -> bool:
    later = Statement.objects.filter(household=statement.household_id, month=statement.month)
    return later.filter(version__gt=statement.version).exists()


@transaction.atomic
def deliver(*, delivery_id: int, at: datetime, send: Callable[[Delivery], object]) -> None:
    """Send one statement and note what became of it; what was sent already or is being sent is left alone.

    A worker that dies after the mail server took the letter sends it again: twice is better than never.
    """
    due = Delivery.objects.select_for_update(skip_locked=True).filter(
        pk=delivery_id, state=Delivery.State.WAITING, due_at__lte=at
    )
    delivery = due.first()
    if delivery is None:
        return
    if _is_superseded(delivery.statement):
        # Its correction is a letter of its own.
        delivery.delete()
        return
    delivery.attempts += 1
    delivery.changed_at = at
    try:
        send(delivery)
    except (SMTPException, OSError) as error:
        delivery.reason = f"{type(error).__name__}: {error}"[:200]
        delivery.due_at = at + FIRST_PAUSE * 4 ** (delivery.attempts - 1)
        if delivery.attempts >= MOST_ATTEMPTS:
            delivery.state = Delivery.State.FAILED
    else:
        delivery.state, delivery.reason = Delivery.State.SENT, ""
    delivery.save()
