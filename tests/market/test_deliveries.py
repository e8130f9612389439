"""Statements by e-mail: who gets one, what became of it, and what a mail server may do to them."""

from datetime import timedelta
from smtplib import SMTPRecipientsRefused
from unittest.mock import patch

import pytest
from django.core import mail
from django.test import override_settings
from django.urls import reverse

from community.models import Household, Member
from market import tasks
from market.models import Delivery
from market.services.closing import correct_month
from market.services.deliveries import MOST_ATTEMPTS, ask_again, ask_for_deliveries, deliver, due_deliveries
from market.services.statements import close_month
from market.wording.letters import statement_letter
from tests import factories as make
from tests.market.test_rent_and_pool import CLOSING, NOVEMBER, cleared, homes, metered, street, usual

__all__ = ["homes", "street"]
pytestmark = pytest.mark.django_db
LATER = CLOSING + timedelta(days=5)


@pytest.fixture
def closed(street, homes):
    """A closed month; Ana and Carla have members, Bruno's home nobody looks after."""
    for home, name in ((homes[0], "Ana"), (homes[2], "Carla")):
        Household.objects.filter(pk=home.pk).update(member=make.member(street, name))
    cleared(street, usual(homes))
    metered(homes)
    close_month(community=street, month=NOVEMBER, at=CLOSING)
    return homes


def send(delivery):
    return statement_letter(delivery).send()


def states():
    return dict(Delivery.objects.values_list("address", "state"))


def test_every_home_with_a_member_gets_its_statement_once(street, closed):
    assert ask_for_deliveries(community=street, at=CLOSING) == 2
    assert ask_for_deliveries(community=street, at=CLOSING) == 0
    for pk in due_deliveries(CLOSING, 10) * 2:
        deliver(delivery_id=pk, at=CLOSING, send=send)

    assert states() == {"ana@example.org": "sent", "carla@example.org": "sent"}
    assert sorted(letter.to[0] for letter in mail.outbox) == ["ana@example.org", "carla@example.org"]
    name, content, kind = mail.outbox[0].attachments[0]
    assert (name[:15], kind, content[:5]) == ("azotea-2026-11-", "application/pdf", b"%PDF-")
    assert "extracto de noviembre" in mail.outbox[0].subject
    assert "tu comercializadora sigue igual" in mail.outbox[0].body


def test_a_correction_is_a_letter_of_its_own(street, closed):
    ask_for_deliveries(community=street, at=CLOSING)
    metered(closed, at=CLOSING + timedelta(hours=1), taken=(400, 300))
    correct_month(community=street, month=NOVEMBER, at=LATER)

    assert ask_for_deliveries(community=street, at=LATER) == 2
    newest = Delivery.objects.filter(statement__version=2).first()
    assert "corregido" in statement_letter(newest).subject


def test_what_was_corrected_before_it_was_sent_is_one_letter(street, closed):
    ask_for_deliveries(community=street, at=CLOSING)
    metered(closed, at=CLOSING + timedelta(hours=1), taken=(400, 300))
    correct_month(community=street, month=NOVEMBER, at=LATER)
    ask_for_deliveries(community=street, at=LATER)

    for pk in due_deliveries(LATER, 10):
        deliver(delivery_id=pk, at=LATER, send=send)

    assert sorted(letter.to[0] for letter in mail.outbox) == ["ana@example.org", "carla@example.org"]
    assert all("corregido" in letter.subject for letter in mail.outbox)


def test_who_left_gets_none(street, closed):
    Member.objects.filter(user__name="Ana").update(left_at=CLOSING)

    ask_for_deliveries(community=street, at=CLOSING)

    assert list(states()) == ["carla@example.org"]


def test_a_refusal_is_noted_tried_again_and_given_up_with_its_reason(street, closed):
    def refuse(_delivery):
        raise SMTPRecipientsRefused({"ana@example.org": (550, b"no such user")})

    ask_for_deliveries(community=street, at=CLOSING)
    first, at, tried = due_deliveries(CLOSING, 1)[0], CLOSING, 0
    while Delivery.objects.get(pk=first).state == "waiting":
        deliver(delivery_id=first, at=at, send=refuse)
        tried += 1
        assert first not in due_deliveries(at, 10), "not at once"
        at += timedelta(days=1)

    given_up = Delivery.objects.get(pk=first)
    assert (tried, given_up.state) == (MOST_ATTEMPTS, "failed")
    assert "no such user" in given_up.reason
    assert ask_again(community=street, at=at) == 1
    deliver(delivery_id=first, at=at, send=send)
    assert Delivery.objects.get(pk=first).state == "sent"


@override_settings(EMAIL_HOST="mail.example.org")
def test_the_administrator_sends_and_sees_what_became_of_each(client, street, closed):
    client.force_login(make.member(street, "Marta", Member.Role.ADMIN).user)
    with patch("config.clock.now", lambda: CLOSING):
        client.post(reverse("send-statements", args=[2026, 11]))
        waiting = client.get(reverse("closing"), {"m": "2026-11"}).content.decode()
    with patch("market.tasks.now", lambda: CLOSING):
        for pk in due_deliveries(CLOSING, 10):
            tasks.send_statement(delivery_id=pk)
    with patch("config.clock.now", lambda: CLOSING):
        sent = client.get(reverse("closing"), {"m": "2026-11"}).content.decode()

    assert "espera su envío" in waiting
    assert "carla@example.org" in sent
    assert "enviado el" in sent
    assert len(mail.outbox) == 2


@pytest.mark.parametrize(("host", "letters"), [("mail.example.org", 2), ("", 0)])
def test_a_month_that_closes_by_itself_is_mailed_where_mail_is_set_up(street, homes, host, letters):
    for home, name in ((homes[0], "Ana"), (homes[2], "Carla")):
        Household.objects.filter(pk=home.pk).update(member=make.member(street, name))
    cleared(street, usual(homes))
    metered(homes)
    with override_settings(EMAIL_HOST=host), patch("market.tasks.now", lambda: CLOSING + timedelta(days=9)):
        tasks.close_months(community_id=street.pk)

    assert Delivery.objects.count() == letters


def test_without_mail_the_page_says_how_to_turn_it_on(client, street, closed):
    client.force_login(make.member(street, "Marta", Member.Role.ADMIN).user)
    with patch("config.clock.now", lambda: CLOSING):
        page = client.get(reverse("closing"), {"m": "2026-11"}, headers={"accept-language": "en"}).content.decode()
    assert "Mail is off on this site: whoever runs the site can turn it on." in page
