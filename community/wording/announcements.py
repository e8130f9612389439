"""Announcements in the reader's language, as far as they were written in it, and their letters."""

from collections.abc import Iterable
from typing import NamedTuple

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from community import figures
from community.models import Announcement, AnnouncementLetter
from community.models.announcements import LANGUAGES
from community.queries import language_of


class Told(NamedTuple):
    """An announcement as it is shown; `language` is the one in which it is written."""

    announcement: Announcement
    title: str
    text: str
    language: str
    by: str


def told(found: Announcement, language: str = "") -> Told:
    """The version in the reader's language, else the one that there is."""
    wanted = (language or translation.get_language() or settings.LANGUAGE_CODE)[:2]
    order = sorted(LANGUAGES, key=lambda code: code != wanted)
    written = next((code for code in order if getattr(found, f"title_{code}")), order[0])
    title, text = getattr(found, f"title_{written}"), getattr(found, f"text_{written}")
    day = figures.day(timezone.localtime(found.written_at).date())
    by = _("%(name)s, %(day)s") % {"name": found.written_by.user.name, "day": day}
    return Told(found, title, text, written, by)


def letter_rows(letters: Iterable[AnnouncementLetter]) -> list[tuple[AnnouncementLetter, str, str]]:
    """Each letter with what became of it and the colour of its badge."""
    marks = {"waiting": "", "sent": "sea", "failed": "attention"}
    return [(one, _became(one), marks[one.state]) for one in letters]


def _became(letter: AnnouncementLetter) -> str:
    changed = timezone.localtime(letter.changed_at)
    facts = {"day": figures.day(changed.date()), "time": figures.clock(letter.changed_at), "reason": letter.reason}
    if letter.state == AnnouncementLetter.State.SENT:
        return _("sent on %(day)s at %(time)s") % facts
    if letter.reason:
        return _("tried on %(day)s at %(time)s; the mail server said: %(reason)s") % facts
    return _("waits since %(day)s, %(time)s") % facts


def letter(found: AnnouncementLetter, address: str) -> EmailMessage:
    """The letter in the member's language; `address` is where mail can be turned off."""
    announcement = found.announcement
    with translation.override(language_of(found.member)), timezone.override(announcement.community.zone):
        shown = told(announcement)
        words = _("You get this by e-mail because you asked for it. Turn it off here: %(address)s")
        text = f"{shown.text}\n\n{shown.by}\n\n{words % {'address': address}}"
        subject = f"{announcement.community.name}: {shown.title}"
        return EmailMessage(" ".join(subject.split()), text, to=[found.member.user.email])
