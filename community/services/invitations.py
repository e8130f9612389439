"""What becomes of invitations on their way: a new link and term, whether it was opened, letters by e-mail.

A link's secret is stored as a hash only, so a letter that is sent later, or again, bears a new secret: the link
before it stops working.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.db import transaction
from django.db.models import F

from community.models import Invitation, Member, What
from community.roles import Can, NotAllowed
from community.services.audit import record
from community.services.members import INVITATION_LIFETIME, InvitationProblem, hash_of, new_secret
from community.services.powers import hold

# After so many refusals an address is given up; an administrator may ask again.
MOST_ATTEMPTS = 5
FIRST_PAUSE = timedelta(minutes=5)
OPEN = {"accepted_at": None, "revoked_at": None}


@transaction.atomic
def renew(*, invitation_id: int, by: Member, at: datetime) -> tuple[Invitation, str]:
    """Give an invitation that nobody accepted a new link and a new term; the link before stops working.

    Raises `InvitationProblem`: `not-admin`, and `not-valid` for one that was accepted or withdrawn.
    """
    try:
        hold(Can.INVITE, by)
    except NotAllowed as error:
        raise InvitationProblem("not-admin") from error
    found = Invitation.objects.select_for_update(of=("self",)).select_related("household", "community")
    invitation = found.filter(pk=invitation_id, community=by.community_id, **OPEN).first()
    if invitation is None:
        raise InvitationProblem("not-valid")
    secret = new_secret()
    invitation.secret_hash, invitation.expires_at = hash_of(secret), at + INVITATION_LIFETIME
    invitation.mail, invitation.mail_at, invitation.mail_attempts = Invitation.Mail.NONE, None, 0
    invitation.seen_at, invitation.mail_reason = None, ""
    invitation.invited_by = by  # whoever has seen the link answers for it
    invitation.save()
    record(
        What.INVITATION_RENEWED,
        community=by.community,
        at=at,
        by=by,
        about=invitation,
        household=invitation.household,
    )
    return invitation, secret


def note_seen(*, invitation: Invitation, at: datetime) -> None:
    """Note that the link was opened, the first time."""
    Invitation.objects.filter(pk=invitation.pk, seen_at=None).update(seen_at=at)


def post(*, invitation: Invitation, at: datetime, send: Callable[[], object]) -> Invitation:
    """Send the letter of a link that has just been made, and note what became of it."""
    invitation.mail_attempts += 1
    invitation.mail_at = at
    try:
        send()
    except (SMTPException, OSError) as error:
        invitation.mail, invitation.mail_reason = Invitation.Mail.FAILED, said(error)
    else:
        invitation.mail, invitation.mail_reason = Invitation.Mail.SENT, ""
    invitation.save(update_fields=["mail", "mail_at", "mail_reason", "mail_attempts"])
    return invitation


def ask_for_letters(*, invitation_ids: list[int], site: str, at: datetime) -> int:
    """Let letters of open invitations wait to be sent, under the address of this site; how many."""
    waiting = Invitation.objects.filter(pk__in=invitation_ids, expires_at__gt=at, **OPEN)
    return waiting.update(
        mail=Invitation.Mail.WAITING, mail_at=at, mail_due_at=at, mail_attempts=0, mail_reason="", site=site[:200]
    )


def due_letters(at: datetime, most: int) -> list[int]:
    """Invitations whose letter waits, oldest first."""
    due = Invitation.objects.filter(mail=Invitation.Mail.WAITING, mail_due_at__lte=at, expires_at__gt=at, **OPEN)
    return list(due.order_by("mail_due_at", "pk").values_list("pk", flat=True)[:most])


@transaction.atomic
def deliver(*, invitation_id: int, at: datetime, send: Callable[[Invitation, str], object]) -> None:
    """Send one letter with a new secret and note what became of it; what was sent or is being sent is left alone.

    If the mail server refuses, the link that was there goes on working.
    """
    due = Invitation.objects.select_for_update(skip_locked=True, of=("self",)).filter(
        pk=invitation_id, mail=Invitation.Mail.WAITING, mail_due_at__lte=at, expires_at__gt=at, **OPEN
    )
    invitation = due.select_related("community", "household", "invited_by__user").first()
    if invitation is None:
        return
    secret = new_secret()
    invitation.mail_attempts += 1
    invitation.mail_at = at
    try:
        send(invitation, secret)
    except (SMTPException, OSError) as error:
        invitation.mail_reason = said(error)
        invitation.mail_due_at = at + FIRST_PAUSE * 4 ** (invitation.mail_attempts - 1)
        if invitation.mail_attempts >= MOST_ATTEMPTS:
            invitation.mail = Invitation.Mail.FAILED
    else:
        invitation.mail, invitation.mail_reason = Invitation.Mail.SENT, ""
        invitation.secret_hash = hash_of(secret)
    invitation.save()


def invitations_of(community_id: int, since: datetime) -> list[Invitation]:
    """A community's invitations since then, accepted and withdrawn ones too; open ones first, newest first."""
    found = Invitation.objects.filter(community=community_id, created_at__gte=since)
    order = (F("accepted_at").asc(nulls_first=True), F("revoked_at").asc(nulls_first=True), "-created_at", "-pk")
    return list(found.select_related("household", "invited_by__user", "accepted_by__user").order_by(*order))


def said(error: Exception) -> str:
    """What a mail server said, as far as it is kept."""
    return f"{type(error).__name__}: {error}"[:200]
