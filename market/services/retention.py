"""What is removed day by day because its time is over."""

from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from community.models import Announcement, AuditEvent, DeviceState, Invitation, JoinRequest
from market.models import BankAccount, Notice, OutboxMessage, PaymentItem, PlanStep, WhatIf
from market.queries.retention import cuts
from market.services.what_if import KEPT as ANSWERS_KEPT
from metering.services.retention import Removed, remove_measured, removed

# As long as the books (Código de Comercio, art. 30).
AUDIT_KEPT = timedelta(days=6 * 365 + 2)
# A bank may ask for a mandate for 13 months after the last collection, and somebody has to answer.
ACCOUNTS_KEPT = timedelta(days=14 * 31)
# Long enough that what is found again is known to have been told.
NOTICES_KEPT = timedelta(days=90)
# Whoever was invited and never came left an address here.
UNANSWERED = timedelta(days=90)
# What came of it stands elsewhere; so long an operator may look whether it was told.
TOLD_KEPT = timedelta(days=30)
# Nobody answered whoever asked to join.
WAITED = timedelta(days=365)


def remove_what_is_over(*, at: datetime, dry: bool = False) -> list[Removed]:
    """Remove everything whose time is over at `at`; how much of each kind. `dry` only counts.

    Raw readings go after thirteen months, once their month is closed; what was settled and booked stays.
    """
    kept_from = cuts(at)
    states = Q(pk__in=[])
    for community, cut in kept_from.items():
        states |= Q(device__household__community=community, at__lt=cut)
    plans = PlanStep.objects.filter(end__lt=min(kept_from.values(), default=at))
    unanswered = Invitation.objects.filter(accepted_at=None, expires_at__lt=at - UNANSWERED)
    told = OutboxMessage.objects.filter(state=OutboxMessage.State.DONE, made_at__lt=at - TOLD_KEPT)
    live = Session.objects.filter(session_key=OuterRef("session_key"), expire_date__gte=Now())
    wishes = JoinRequest.objects.filter(Q(decided_at__lt=at - UNANSWERED) | Q(asked_at__lt=at - WAITED))
    over: list[tuple[str, QuerySet]] = [  # type: ignore[type-arg]
        ("reports of devices", DeviceState.objects.filter(states)),
        ("planned steps", plans),
        ("answers to “what if”", WhatIf.objects.filter(asked_at__lt=at - ANSWERS_KEPT)),
        ("invitations that nobody accepted", unanswered),
        ("messages that were told outside", told),
        ("what members were told", Notice.objects.filter(changed_at__lt=at - NOTICES_KEPT)),
        ("wishes to join", wishes),
        ("announcements", Announcement.objects.filter(expires_at__lt=at - WAITED)),
        # Browsers know no other time than the real one, whatever the neighbourhood's clock says.
        ("sessions", Session.objects.filter(expire_date__lt=Now())),
        ("addresses and browsers of sessions that are over", UserSession.objects.exclude(Exists(live))),
    ]
    return [
        *remove_measured(cuts=kept_from, at=at, dry=dry),
        *(Removed(name, removed(rows, dry=dry)) for name, rows in over),
        Removed("numbers of bank accounts", forget_accounts(at=at, dry=dry)),
        Removed("events of who saw or changed what", _remove_events(at - AUDIT_KEPT, dry=dry)),
    ]


def forget_accounts(*, at: datetime, dry: bool = False, home: int | None = None) -> int:
    """Forget the numbers of bank accounts that were replaced and through which nothing went lately, of all homes
    or one; how many.
    """
    lately = PaymentItem.objects.filter(run__made_at__gt=at - ACCOUNTS_KEPT, account__isnull=False)
    old = BankAccount.objects.filter(replaced_at__lte=at).exclude(sealed_iban="")
    old = old if home is None else old.filter(household=home)
    old = old.exclude(pk__in=lately.values("account"))
    return old.count() if dry else old.update(sealed_iban="")


@transaction.atomic
def _remove_events(before: datetime, *, dry: bool) -> int:
    """The database lets events go only to a transaction that says up to when, and none that are young by its own
    clock: a neighbourhood's may be ahead of it.
    """
    old = AuditEvent.objects.filter(at__lt=before).filter(at__lt=Now() - AUDIT_KEPT)
    if dry:
        return old.count()
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('azotea.retention_before', %s, true)", [before.isoformat()])
    return removed(old, dry=False)
