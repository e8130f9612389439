"""Announcements: written once, read by every member until it is put away or over, and mailed to those who want it.

Who gets a letter is written down first, and what became of it after.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from community.models import Announcement, AnnouncementLetter, Community, Dismissal, Member, What
from community.roles import Can, only_those_who
from community.services.audit import record
from community.services.invitations import FIRST_PAUSE, MOST_ATTEMPTS, said


@dataclass(frozen=True, slots=True)
class Written:
    """An announcement as typed: a title and a text in one or more of the site's languages."""

    title_es: str
    text_es: str
    title_ca: str
    text_ca: str
    title_en: str
    text_en: str
    days: int


@transaction.atomic
def announce(*, by: Member, written: Written, at: datetime, site: str = "") -> Announcement:
    """Tell all members; under the address `site` letters go to those who want them (empty: to nobody).

    What stands already in the same words is not said again: whoever clicks twice means once.
    """
    only_those_who(Can.ANNOUNCE, by)
    Community.objects.select_for_update(no_key=True).get(pk=by.community_id)
    words = {name: text for name, text in asdict(written).items() if name != "days"}
    twin = standing(by.community_id, at).filter(**words).first()
    if twin is not None:
        return twin
    made = Announcement.objects.create(
        community=by.community,
        written_by=by,
        written_at=at,
        expires_at=at + timedelta(days=written.days),
        site=site[:200],
        **words,
    )
    if site:
        wanted = Member.objects.filter(community=by.community, left_at=None, wants_mail=True)
        AnnouncementLetter.objects.bulk_create(
            [AnnouncementLetter(announcement=made, member=one, due_at=at, changed_at=at) for one in wanted]
        )
    record(What.ANNOUNCED, community=by.community, at=at, by=by, about=made)
    return made


@transaction.atomic
def end(*, announcement_id: int, by: Member, at: datetime) -> None:
    """Take an announcement back: nobody sees it any more, and letters that wait are not sent."""
    only_those_who(Can.ANNOUNCE, by)
    found = Announcement.objects.filter(pk=announcement_id, community=by.community_id, ended_at=None)
    if found.update(ended_at=at):
        record(
            What.ANNOUNCEMENT_ENDED, community=by.community, at=at, by=by, about=Announcement(pk=announcement_id)
        )


def dismiss(*, announcement: Announcement, member: Member, at: datetime) -> None:
    """Put an announcement away; once more changes nothing."""
    Dismissal.objects.get_or_create(announcement=announcement, member=member, defaults={"at": at})


def want_mail(*, member: Member, wanted: bool) -> None:
    """Whether announcements come by e-mail, too."""
    Member.objects.filter(pk=member.pk).update(wants_mail=wanted)


def standing(community_id: int, at: datetime) -> QuerySet[Announcement]:
    """What is announced at present, newest first."""
    found = Announcement.objects.filter(
        community=community_id, ended_at=None, expires_at__gt=at, written_at__lte=at
    )
    return found.select_related("written_by__user").order_by("-written_at", "-pk")


def unread_by(member: Member, at: datetime) -> Sequence[Announcement]:
    """What is announced at present and the member has not put away."""
    away = Dismissal.objects.filter(announcement=OuterRef("pk"), member=member)
    return list(standing(member.community_id, at).filter(~Exists(away)))


def send_failed_again(*, announcement: Announcement, by: Member, at: datetime) -> int:
    """Let the letters that were given up wait once more, and no others; how many."""
    only_those_who(Can.ANNOUNCE, by)
    failed = announcement.letters.filter(state=AnnouncementLetter.State.FAILED, member__left_at=None)
    return failed.update(state=AnnouncementLetter.State.WAITING, attempts=0, due_at=at, changed_at=at)


def due_letters(at: datetime, most: int) -> list[int]:
    """Letters that wait, oldest first; of what was taken back or is over none is sent any more."""
    due = AnnouncementLetter.objects.filter(
        state=AnnouncementLetter.State.WAITING,
        due_at__lte=at,
        announcement__ended_at=None,
        announcement__expires_at__gt=at,
        member__left_at=None,
    )
    return list(due.order_by("due_at", "pk").values_list("pk", flat=True)[:most])


@transaction.atomic
def deliver(*, letter_id: int, at: datetime, send: Callable[[AnnouncementLetter], object]) -> None:
    """Send one letter and note what became of it; what was sent or is being sent is left alone.

    A worker that dies after the mail server took the letter sends it again: twice is better than never.
    """
    due = AnnouncementLetter.objects.select_for_update(skip_locked=True, of=("self",)).filter(
        pk=letter_id, state=AnnouncementLetter.State.WAITING, due_at__lte=at
    )
    letter = due.select_related("announcement__community", "member__user").first()
    if letter is None:
        return
    letter.attempts += 1
    letter.changed_at = at
    try:
        send(letter)
    except (SMTPException, OSError) as error:
        letter.reason = said(error)
        letter.due_at = at + FIRST_PAUSE * 4 ** (letter.attempts - 1)
        if letter.attempts >= MOST_ATTEMPTS:
            letter.state = AnnouncementLetter.State.FAILED
    else:
        letter.state, letter.reason = AnnouncementLetter.State.SENT, ""
    letter.save()
