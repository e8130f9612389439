"""Whatever is sent or handed out speaks the language that its reader chose, with the figures written as there."""

import json
from io import BytesIO

import pytest
from django.conf import settings
from django.utils import translation
from pypdf import PdfReader

from community.models import Announcement, AnnouncementLetter, JoinRequest, Member
from community.services import announcements
from community.services.members import invite
from community.wording.announcements import letter as announcement_letter
from community.wording.invitations import letter as invitation_letter
from market.models import Delivery, Event, Notice
from market.services.deliveries import ask_for_deliveries
from market.wording.documents import newest
from market.wording.letters import statement_letter
from market.wording.notices import letter, payload
from metering.wording.joining import refusal
from tests import factories as make
from tests.market.test_notices import A_DAY, CLOSING, NOVEMBER, chosen, closed, homes, street

__all__ = ["closed", "homes", "street"]
pytestmark = pytest.mark.django_db
NOW = make.NOON
LANGUAGES = [code for code, _name in settings.LANGUAGES]
each = pytest.mark.parametrize("language", LANGUAGES)


def text_of(pdf):
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


@each
def test_a_statement_comes_in_the_language_that_its_member_chose(closed, language):
    chosen(closed, email=[Event.STATEMENT], language=language)
    ask_for_deliveries(community=closed.community, at=CLOSING)

    with translation.override("en" if language != "en" else "ca"):  # whatever the worker speaks
        made = statement_letter(Delivery.objects.get())

    pdf = made.attachments[0][1]
    subject = {"es": "extracto de noviembre", "ca": "extracte, novembre", "en": "statement of November"}
    assert subject[language] in made.subject
    assert PdfReader(BytesIO(pdf)).trailer["/Root"]["/Lang"] == language
    with translation.override(language):
        document = newest(closed.households.get(), NOVEMBER)
    assert document.issued_text in text_of(pdf)
    assert document.legal_text in made.body


@each
def test_an_announcement_comes_in_the_language_that_its_member_chose(closed, language):
    chosen(closed, email=[Event.ANNOUNCED], language=language)
    admin = make.member(closed.community, "Marta", Member.Role.ADMIN)
    titles = {"es": "Asamblea", "ca": "Assemblea", "en": "Assembly"}
    written = {f"title_{code}": title for code, title in titles.items()}
    written |= {f"text_{code}": title for code, title in titles.items()}
    announcements.announce(by=admin, written=announcements.Written(**written, days=14), at=NOW, site="https://a.b")
    found = AnnouncementLetter.objects.get(member=closed, announcement=Announcement.objects.get())

    made = announcement_letter(found, "https://a.b/x")

    ends = {"es": "Recibes esto", "ca": "Reps això", "en": "You get this by e-mail"}
    assert titles[language] in made.subject
    assert ends[language] in made.body


@each
def test_an_invitation_comes_in_the_language_of_whoever_invites(language):
    admin = make.member(make.community(), "Marta", Member.Role.ADMIN)
    chosen(admin, language=language)
    invitation, _secret = invite(invited_by=admin, email="lola@example.org", household=None, at=NOW)

    made = invitation_letter(invitation, "https://a.b/x")

    assert {"es": "te invita", "ca": "et convida", "en": "invites you"}[language] in made.body


@each
def test_who_is_declined_hears_it_in_the_language_of_whoever_gives_the_reason(language):
    admin = make.member(make.community(), "Marta", Member.Role.ADMIN)
    chosen(admin, language=language)
    wish = JoinRequest(
        community=admin.community, name="Lola", email="l@example.org", decided_by=admin, reason="No."
    )

    made = refusal(wish)

    assert {"es": "Pediste", "ca": "demanar", "en": "you asked"}[language] in made.body


def told(member):
    """A notice of every kind, with the facts that it comes with."""
    home, moment = {"home": "Azahar 1", "home_id": member.households.get().pk}, NOW.isoformat()
    month = {"month": "2026-11-01"}
    facts = {
        Event.STATEMENT: home | month | {"saving_neur": 1_234_560_000_000, "version": 1},
        Event.DIGEST: home | month,
        Event.MONTH_CLOSED: month,
        Event.RULES_EXPIRE: home | {"until": moment},
        Event.METER_SILENT: home | {"until": moment},
        Event.PRICES: home
        | {
            "day": "2026-11-24",
            "low_from": moment,
            "low_ueur_kwh": 51_000,
            "high_from": moment,
            "high_ueur_kwh": 351_000,
        },
        Event.CAR: home
        | {
            "end": moment,
            "energy_wh": 8_000,
            "reason": "no_time",
            "step": {"ready_at": (NOW + A_DAY).isoformat()},
        },
        Event.NEW_LOGIN: {"at": moment, "browser": "Firefox/140.0"},
    }
    return {
        event: Notice(member=member, event=event, channel="email", facts=one, made_at=NOW, subject="s")
        for event, one in facts.items()
    }


def test_each_notice_is_said_in_three_languages_by_letter_and_on_a_device(closed):
    said = {}
    for language in LANGUAGES:
        chosen(closed, language=language)
        member = Member.objects.get(pk=closed.pk)
        for event, notice in told(member).items():
            shown = json.loads(payload(notice))
            said.setdefault(event, []).append((letter(notice).subject, letter(notice).body, shown["body"]))

    assert {*said} | {Event.ANNOUNCED} == {*Event}
    for event, versions in said.items():
        for texts in zip(*versions, strict=True):
            assert len(set(texts)) == len(LANGUAGES), event


@each
def test_a_notice_writes_sums_days_and_prices_as_its_language_does(closed, language):
    chosen(closed, language=language)
    notices = told(Member.objects.get(pk=closed.pk))

    sums, prices = (json.loads(payload(notices[one]))["body"] for one in (Event.STATEMENT, Event.PRICES))
    days = json.loads(payload(notices[Event.RULES_EXPIRE]))["body"]

    assert {"es": "+1.234,56\xa0€", "ca": "+1.234,56\xa0€", "en": "+1,234.56\xa0€"}[language] in sums
    assert {"es": "23 de noviembre", "ca": "23 de novembre", "en": "23 November"}[language] in days
    assert {"es": "0,351", "ca": "0,351", "en": "0.351"}[language] in prices
