"""Announcements: seen by every member until put away or over, mailed to those who want it, each letter accounted for."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.core import mail

from community.models import Announcement, AuditEvent, Member, What
from community.services import announcements
from community.tasks import send_announcement
from tests import factories as make

pytestmark = pytest.mark.django_db

NOW = make.NOON
TYPED = {
    "title_es": "Asamblea",
    "text_es": "El jueves.\n<script>alert(1)</script>",
    "title_ca": "",
    "text_ca": "",
    "title_en": "",
    "text_en": "",
    "days": 14,
}


@pytest.fixture(autouse=True)
def _clock():
    with patch("config.clock.now", lambda: NOW):
        yield


@pytest.fixture
def street():
    return make.community()


@pytest.fixture
def admin(street):
    return make.member(street, "Marta", Member.Role.ADMIN)


@pytest.fixture
def ana(street):
    return make.home(street, "Azahar 1", make.tariff(), make.member(street, "Ana")).member


def announced(admin, *, site="", **more):
    written = announcements.Written(**{**TYPED, **more})
    return announcements.announce(by=admin, written=written, at=NOW, site=site)


def page(client, member, path="/", language="es"):
    client.force_login(member.user)
    return client.get(path, headers={"accept-language": language}).content.decode()


def test_a_member_sees_it_as_plain_text_until_it_is_put_away(client, admin, ana):
    client.force_login(admin.user)
    client.post("/announcements/new/", TYPED)
    made = Announcement.objects.get()

    seen = page(client, ana)
    assert "Asamblea" in seen
    assert "<script>alert" not in seen
    answer = client.post(f"/announcements/{made.pk}/dismiss/", {"next": "/"})
    assert answer.headers["location"] == "/"
    assert "Asamblea" not in page(client, ana)
    assert "Asamblea" in page(client, ana, "/announcements/")
    assert "Asamblea" in page(client, admin, "/street/")
    assert AuditEvent.objects.filter(what=What.ANNOUNCED).count() == 1


def test_it_ends_by_itself_and_may_be_taken_back(client, admin, ana):
    made = announced(admin)
    with patch("config.clock.now", lambda: NOW + timedelta(days=14)):
        assert "Asamblea" not in page(client, ana)
    client.force_login(admin.user)
    client.post(f"/announcements/{made.pk}/end/")
    assert "Asamblea" in page(client, admin, "/announcements/")
    assert "Asamblea" not in page(client, ana)
    assert AuditEvent.objects.filter(what=What.ANNOUNCEMENT_ENDED).count() == 1


@pytest.mark.parametrize(("language", "words"), [("es", "Retirar el anuncio"), ("ca", "Retira l'anunci")])
def test_the_button_that_ends_an_announcement_says_so(client, admin, language, words):
    made = announced(admin)

    assert words in page(client, admin, f"/announcements/{made.pk}/", language)


def test_a_reader_in_catalan_sees_catalan_and_else_spanish(client, admin, ana):
    made = announced(admin, title_en="Assembly", text_en="On Thursday.")
    assert "Asamblea" in page(client, ana, language="ca")
    Announcement.objects.filter(pk=made.pk).update(title_ca="Assemblea de veïns", text_ca="Dijous.")

    assert "Assemblea de veïns" in page(client, ana, language="ca")
    assert "Asamblea" in page(client, ana, language="es")


def test_readers_see_their_language_or_the_one_that_there_is(client, admin, ana):
    made = announced(admin)
    assert 'lang="es"' in page(client, ana, language="en").split("Asamblea")[0].rsplit("<section", 1)[1]
    Announcement.objects.filter(pk=made.pk).update(title_en="Assembly", text_en="On Thursday.")

    assert "Assembly" in page(client, ana, language="en")
    assert "Asamblea" in page(client, ana, language="es")


@pytest.mark.parametrize(
    "wrong",
    [
        {"title_es": ""},
        {"text_es": ""},
        {"title_es": "", "text_es": ""},
        {"days": 0},
        {"days": 91},
        {"title_en": "Only"},
    ],
)
def test_half_an_announcement_is_none(client, admin, wrong):
    client.force_login(admin.user)

    assert client.post("/announcements/new/", {**TYPED, **wrong}).status_code == 422
    assert not Announcement.objects.exists()


def test_letters_go_to_those_who_asked_for_them_and_once(client, admin, ana, settings):
    settings.EMAIL_HOST = "mail.example.org"
    client.force_login(ana.user)
    client.post("/announcements/mail/", {"wanted": "yes"})
    client.force_login(admin.user)
    client.post("/announcements/new/", TYPED)
    with patch("community.tasks.now", lambda: NOW):
        for _ in range(2):
            for pk in announcements.due_letters(NOW, 10):
                send_announcement(letter_id=pk)

    assert [letter.to for letter in mail.outbox] == [["ana@example.org"]]
    assert "http://testserver/announcements/" in mail.outbox[0].body
    assert "sent on" in page(client, admin, f"/announcements/{Announcement.objects.get().pk}/", "en")


def test_only_what_was_not_delivered_is_sent_again(client, street, admin, ana):
    lola = make.member(street, "Lola")
    Member.objects.filter(pk__in=[ana.pk, lola.pk]).update(wants_mail=True)
    made = announced(admin, site="https://azotea.example")

    def send(letter):
        if letter.member_id == lola.pk:
            raise OSError("no such mailbox")

    at = NOW
    for _ in range(announcements.MOST_ATTEMPTS):
        for letter in made.letters.all():
            announcements.deliver(letter_id=letter.pk, at=at, send=send)
        at += timedelta(days=3)

    assert dict(made.letters.values_list("member__user__name", "state")) == {"Ana": "sent", "Lola": "failed"}
    assert "no such mailbox" in page(client, admin, f"/announcements/{made.pk}/", "en")
    client.post(f"/announcements/{made.pk}/again/")
    assert dict(made.letters.values_list("member__user__name", "state")) == {"Ana": "sent", "Lola": "waiting"}


def test_what_was_taken_back_is_mailed_no_more(admin, ana):
    Member.objects.filter(pk=ana.pk).update(wants_mail=True)
    made = announced(admin, site="https://azotea.example")
    assert len(announcements.due_letters(NOW, 10)) == 1

    announcements.end(announcement_id=made.pk, by=admin, at=NOW)

    assert announcements.due_letters(NOW, 10) == []


def test_a_dismissal_leads_nowhere_else(client, admin, ana):
    made = announced(admin)
    client.force_login(ana.user)

    for away in ("//evil.example/", "https://evil.example/", "javascript:alert(1)", "\\\\evil.example"):
        answer = client.post(f"/announcements/{made.pk}/dismiss/", {"next": away})
        assert answer.headers["location"] == "/announcements/"


@pytest.mark.parametrize("path", ["new/", "{}/", "{}/end/", "{}/again/"])
def test_residents_announce_nothing(client, admin, ana, path):
    made = announced(admin)
    client.force_login(ana.user)

    assert client.post(f"/announcements/{path.format(made.pk)}").status_code in {403, 405}
    assert client.get(f"/announcements/{path.format(made.pk)}").status_code in {403, 405}


@pytest.mark.parametrize("path", ["{}/", "{}/end/", "{}/again/", "{}/dismiss/"])
def test_another_communitys_announcements_are_not_ours(client, admin, path):
    made = announced(admin)
    client.force_login(make.member(make.community(slug="otra"), "Zoe", Member.Role.ADMIN).user)

    method = client.get if path == "{}/" else client.post
    assert method(f"/announcements/{path.format(made.pk)}").status_code == 404
