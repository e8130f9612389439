"""An invitation's way: its link, its letter, what became of it, and a new link in the place of the old one."""

from datetime import timedelta
from smtplib import SMTPRecipientsRefused
from unittest.mock import patch

import pytest
from django.core import mail
from django.utils import translation

from community.models import AuditEvent, Invitation, Member, What
from community.services import invitations
from community.services.members import accept, invite
from community.tasks import send_invitation, send_letters
from community.wording.invitations import rows
from config.tenancy import at_the_door
from tests import factories as make

pytestmark = pytest.mark.django_db

NOW = make.NOON
NEW = {"name": "Lola", "password": make.PASSWORD, "again": make.PASSWORD}


@pytest.fixture(autouse=True)
def _clock():
    with patch("config.clock.now", lambda: NOW):
        yield


@pytest.fixture
def admin():
    return make.member(make.community(), "Marta", Member.Role.ADMIN)


@pytest.fixture
def office(client, admin):
    client.force_login(admin.user)
    return client


def invited(admin, email="lola@example.org", at=NOW, **facts):
    return invite(invited_by=admin, email=email, household=None, at=at, **facts)


def state(invitation, at=NOW):
    """The state in English."""
    invitation.refresh_from_db()
    with translation.override("en"):
        return rows([invitation], at)[0].state


def test_the_link_comes_with_a_picture_and_is_mailed_where_mail_is_set_up(office, settings):
    settings.EMAIL_HOST = "mail.example.org"

    answer = office.post("/neighbours/invite/", {"email": "lola@example.org", "household": "", "name": "Lola"})

    assert "<svg" in answer.content.decode()
    assert answer.context["link"] in mail.outbox[0].body
    assert state(Invitation.objects.get()) == "sent"
    assert "no-store" in answer.headers["cache-control"]


def test_a_mail_server_that_refuses_is_told_and_the_link_works_all_the_same(office, client, settings):
    settings.EMAIL_HOST = "mail.example.org"
    refusal = SMTPRecipientsRefused({"lola@example.org": (550, b"no such mailbox")})
    with patch("django.core.mail.message.EmailMessage.send", side_effect=refusal):
        answer = office.post("/neighbours/invite/", {"email": "lola@example.org"})

    assert answer.status_code == 200
    assert "no such mailbox" in answer.content.decode()
    assert state(Invitation.objects.get()) == "not delivered"
    client.logout()
    assert client.get(answer.context["link"]).status_code == 200


def test_an_invitation_sent_again_has_a_new_term_and_the_old_link_ends(office, client, admin):
    invitation, old = invited(admin, at=NOW - timedelta(days=20))
    assert state(invitation) == "expired"

    answer = office.post(f"/neighbours/invitations/{invitation.pk}/again/")

    invitation.refresh_from_db()
    assert invitation.expires_at == NOW + timedelta(days=14)
    client.logout()
    assert client.get(f"/join/{old}/").status_code == 410
    assert client.post(answer.context["link"], NEW).status_code == 302
    assert AuditEvent.objects.filter(what=What.INVITATION_RENEWED).count() == 1


def test_states_say_open_seen_accepted_withdrawn(office, client, admin):
    invitation, secret = invited(admin)
    assert state(invitation) == "open"
    client.logout()
    client.get(f"/join/{secret}/")
    assert state(invitation) == "seen"
    accept(secret=secret, name="Lola", password=make.PASSWORD, at=NOW)
    assert state(invitation) == "accepted"
    other, _ = invited(admin, "b@example.org")
    client.force_login(admin.user)
    client.post(f"/neighbours/invitations/{other.pk}/revoke/")
    assert state(other) == "withdrawn"


@pytest.mark.parametrize("path", ["/neighbours/invitations/{}/again/", "/neighbours/invitations/{}/revoke/"])
def test_nobody_touches_another_communitys_invitation(client, admin, path):
    invitation, secret = invited(admin)
    client.force_login(make.member(make.community(slug="otra"), "Zoe", Member.Role.ADMIN).user)

    assert client.post(path.format(invitation.pk)).status_code == 404
    assert client.get(f"/join/{secret}/").status_code == 200


def test_an_accepted_invitation_gets_no_new_link(office, admin):
    invitation, secret = invited(admin)
    accept(secret=secret, name="Lola", password=make.PASSWORD, at=NOW)

    assert office.post(f"/neighbours/invitations/{invitation.pk}/again/").headers["location"] == "/neighbours/"


def test_letters_bear_a_working_link_and_only_for_our_own_invitations(office, client, admin):
    ours, old = invited(admin, name="Lola Ruiz")
    zoe = make.member(make.community(slug="otra"), "Zoe", Member.Role.ADMIN)
    theirs, foreign = invited(zoe, "b@example.org")

    refused = office.post("/neighbours/letters/", {"invitations": [theirs.pk]})
    answer = office.post("/neighbours/letters/", {"invitations": [ours.pk]})

    assert refused.status_code == 422
    assert "Lola Ruiz" in answer.content.decode()
    client.logout()
    assert client.get(f"/join/{old}/").status_code == 410
    assert client.get(answer.context["letters"][0].link).status_code == 200
    assert client.get(f"/join/{foreign}/").status_code == 200


def test_what_is_accepted_as_letters_are_made_gets_none_and_is_named(office, admin):
    ours, _ = invited(admin, name="Lola Ruiz")
    gone, secret = invited(admin, "b@example.org")

    with accepted_before_it_is_renewed(gone, secret):
        answer = office.post("/neighbours/letters/", {"invitations": [ours.pk, gone.pk]})

    assert answer.status_code == 200
    assert [letter.invitation for letter in answer.context["letters"]] == [ours]
    assert [str(message).split(":")[0] for message in answer.context["messages"]] == ["b@example.org"]


def test_where_all_were_accepted_as_letters_are_made_the_list_says_so(office, admin):
    gone, secret = invited(admin, "b@example.org")

    with accepted_before_it_is_renewed(gone, secret):
        answer = office.post("/neighbours/letters/", {"invitations": [gone.pk]}, follow=True)

    assert answer.redirect_chain == [("/neighbours/", 302)]
    assert [str(message).split(":")[0] for message in answer.context["messages"]] == ["b@example.org"]


def accepted_before_it_is_renewed(invitation, secret):
    """The neighbour comes in after the administrator chose the invitation and before its new link is made."""
    renew = invitations.renew

    def late(*, invitation_id, **facts):
        if invitation_id == invitation.pk:
            with at_the_door():
                accept(secret=secret, name="Bea", password=make.PASSWORD, at=NOW)
        return renew(invitation_id=invitation_id, **facts)

    return patch("community.services.invitations.renew", late)


def test_a_letter_that_waits_is_sent_once_with_a_link_of_its_own(admin, client, settings):
    settings.EMAIL_HOST = "mail.example.org"
    invitation, _secret = invited(admin)
    invitations.ask_for_letters(invitation_ids=[invitation.pk], site="https://azotea.example", at=NOW)
    with patch("community.tasks.now", lambda: NOW):
        for _ in range(2):
            send_invitation(invitation_id=invitation.pk)
        with patch("community.tasks.send_invitation.apply_async") as ring:
            send_letters()

    assert len(mail.outbox) == 1
    ring.assert_not_called()
    link = next(word for word in mail.outbox[0].body.split() if word.startswith("https://azotea.example/join/"))
    assert client.get(link.removeprefix("https://azotea.example")).status_code == 200


def test_an_address_that_is_refused_is_tried_later_and_given_up_at_last(admin):
    invitation, secret = invited(admin)
    invitations.ask_for_letters(invitation_ids=[invitation.pk], site="", at=NOW)

    def refuse(_invitation, _secret):
        raise OSError("no route")

    at = NOW
    for attempt in range(invitations.MOST_ATTEMPTS):
        invitations.deliver(invitation_id=invitation.pk, at=at, send=refuse)
        invitations.deliver(invitation_id=invitation.pk, at=at, send=refuse)  # too soon: nothing happens
        invitation.refresh_from_db()
        assert invitation.mail_attempts == attempt + 1
        at = invitation.mail_due_at

    assert invitation.mail == "failed"
    assert "no route" in invitation.mail_reason
    assert invitations.due_letters(at, 10) == []


def test_residents_neither_invite_again_nor_print(client, admin):
    invitation, _ = invited(admin)
    client.force_login(make.member(admin.community, "Ana").user)

    assert client.post(f"/neighbours/invitations/{invitation.pk}/again/").status_code == 403
    assert client.get("/neighbours/letters/").status_code == 403


@pytest.mark.parametrize(
    ("role", "with_home", "leads_to", "met_with"),
    [
        ("resident", True, "/rules/", "Set your rules once"),
        ("resident", False, "/street/", "This is your street"),
        ("owner", False, "/neighbours/", "The way to the first settlement"),
    ],
)
def test_who_joins_is_led_to_what_is_theirs_to_do_first(client, admin, role, with_home, leads_to, met_with):
    home = make.home(admin.community, "Azahar 9", make.tariff()) if with_home else None
    admin.role = Member.Role.OWNER
    admin.save()
    invitation, secret = invite(invited_by=admin, email="lola@example.org", household=home, at=NOW)
    Invitation.objects.filter(pk=invitation.pk).update(role=role)

    answer = client.post(f"/join/{secret}/", NEW, headers={"accept-language": "en"})

    assert answer["location"].startswith(leads_to)
    assert met_with in client.get("/more/", headers={"accept-language": "en"}).content.decode()
