"""Invitations in words: their state with its day, what went wrong, and the letter."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.core.mail import EmailMessage
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from community import figures
from community.models import Invitation
from community.queries import language_of


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """An invitation as the list shows it; `mark` colours its badge, `open` ones can be sent again or withdrawn."""

    invitation: Invitation
    state: str
    mark: str
    said: str
    open: bool


def rows(invitations: Iterable[Invitation], at: datetime) -> list[InvitationRow]:
    """Every invitation with its state, the day of it, and what to do if something went wrong."""
    return [_row(one, at) for one in invitations]


def _row(one: Invitation, at: datetime) -> InvitationRow:
    if one.accepted_at is not None:
        said = _("joined on %(day)s") % {"day": _day(one.accepted_at)}
        return InvitationRow(one, pgettext("an invitation", "accepted"), "sea", said, open=False)
    if one.revoked_at is not None:
        said = _("since %(day)s its link does not work") % {"day": _day(one.revoked_at)}
        return InvitationRow(one, pgettext("an invitation", "withdrawn"), "", said, open=False)
    if one.expires_at <= at:
        said = _("its link ended on %(day)s; sending it again makes a new one") % {"day": _day(one.expires_at)}
        return InvitationRow(one, pgettext("an invitation", "expired"), "attention", said, open=True)
    until = _("works until %(day)s") % {"day": _day(one.expires_at)}
    if one.mail == Invitation.Mail.FAILED:
        said = _("The mail server said: %(reason)s. Look at the address, or pass the link on yourself.")
        return InvitationRow(
            one,
            pgettext("an invitation", "not delivered"),
            "attention",
            said % {"reason": one.mail_reason},
            open=True,
        )
    if one.mail == Invitation.Mail.WAITING:
        tries = ngettext("tried %(n)d time so far", "tried %(n)d times so far", one.mail_attempts)
        said = tries % {"n": one.mail_attempts} if one.mail_reason else until
        return InvitationRow(one, _("mail is waiting"), "", said, open=True)
    if one.seen_at is not None:
        seen = _("opened on %(day)s") % {"day": _day(one.seen_at)}
        return InvitationRow(one, pgettext("an invitation", "seen"), "sun", f"{seen} · {until}", open=True)
    if one.mail == Invitation.Mail.SENT and one.mail_at is not None:
        sent = _("mailed on %(day)s") % {"day": _day(one.mail_at)}
        return InvitationRow(one, pgettext("an invitation", "sent"), "", f"{sent} · {until}", open=True)
    return InvitationRow(one, pgettext("an invitation", "open"), "", until, open=True)


def problem(code: str) -> str:
    """Why somebody cannot be invited, and the cure."""
    return {
        "already-member": _("This person is a member already."),
        "already-invited": _("There is an open invitation for this e-mail. Withdraw it first, then invite again."),
        "home-taken": _("Somebody looks after this home by now."),
        "not-valid": _("This invitation was accepted or withdrawn meanwhile."),
    }.get(code, _("Only administrators can invite."))


def letter(invitation: Invitation, link: str) -> EmailMessage:
    """The letter with the link, in the language of whoever invites and the street's time."""
    community, inviter = invitation.community, invitation.invited_by
    with translation.override(language_of(inviter)), timezone.override(community.zone):
        words = _(
            "%(name)s invites you to share energy with your neighbours of %(community)s.\n\n"
            "Open this link to join: %(link)s\n\nIt works once, until %(day)s."
        )
        facts = {
            "name": inviter.user.name if inviter else _("Whoever runs this site"),
            "community": community.name,
            "link": link,
            "day": _day(invitation.expires_at),
        }
        subject = _("Your invitation to %(community)s") % facts
        return EmailMessage(subject, words % facts, to=[invitation.email])


def _day(instant: datetime) -> str:
    return figures.day(timezone.localtime(instant).date())
