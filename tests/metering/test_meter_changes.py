"""A dial that fell: seen on the board, declared on its page, and then it counts."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.urls import reverse

from metering.models import MeterChange, Reading, Reminder, Upload
from metering.services.registers import RegisterRow, store_registers
from tests import factories
from tests.factories import NOON, QUARTER

pytestmark = pytest.mark.django_db


@pytest.fixture
def point():
    street = factories.community()
    return factories.meter(factories.home(street, "Ana", factories.tariff(), factories.member(street, "Ana")))


@pytest.fixture
def admin(client, point):
    person = factories.member(point.household.community, "Marta", "admin")
    client.force_login(person.user)
    rows = [RegisterRow("import", NOON + QUARTER * i, wh) for i, wh in enumerate((900_000, 900_100, 7, 57))]
    store_registers(metering_point=point, rows=rows, source="api", content_sha256="", at=NOON + timedelta(hours=2))
    with patch("config.clock.now", lambda: NOON + timedelta(hours=3)):
        yield client


def declare(client, point, **change):
    told = {"channel": "import", "changed_at": "2026-11-23T12:20:00", "final": "900,15", "first": "0"}
    return client.post(reverse("meter-changes", args=[point.public_id]), {**told, **change})


def test_the_board_asks_whether_the_meter_was_changed(admin, point):
    text = admin.get(reverse("completeness")).content.decode()

    assert "2 lecturas de sus contadores" in text
    assert reverse("meter-changes", args=[point.public_id]) in text


def test_the_page_proposes_what_has_probably_happened(admin, point):
    text = admin.get(reverse("meter-changes", args=[point.public_id])).content.decode()

    assert 'value="2026-11-23T12:30:00"' in text
    assert 'value="900.1' in text or 'value="900,1' in text


def test_a_declared_change_counts_at_once(admin, point):
    assert declare(admin, point).status_code == 302

    assert MeterChange.objects.get().final_wh == 900_150
    assert list(Reading.objects.order_by("start").values_list("energy_wh", flat=True)) == [100, 57, 50]
    assert Upload.objects.filter(source="change").count() == 1


@pytest.mark.parametrize(
    "change", [{"final": "x"}, {"final": "-1"}, {"changed_at": "ayer"}, {"final": "800", "first": "5"}]
)
def test_what_cannot_have_happened_is_refused(admin, point, change):
    answer = declare(admin, point, **change)

    assert answer.status_code == 422
    assert not MeterChange.objects.exists()


def test_the_same_change_is_declared_once(admin, point):
    declare(admin, point)

    assert declare(admin, point).status_code == 422
    assert MeterChange.objects.count() == 1


def test_only_the_communitys_administrator_may(client, point):
    client.force_login(factories.member(point.household.community, "Bea").user)

    assert declare(client, point).status_code == 403


def test_a_reminder_is_mailed_once_a_day_and_the_board_says_when(admin, point, settings, mailoutbox):
    settings.EMAIL_HOST = "localhost"
    address = reverse("send-reminder", args=[point.public_id])

    admin.post(address, {"m": "2026-11"})
    page = admin.post(address, {"m": "2026-11"}, follow=True).content.decode()

    (mail,) = mailoutbox
    assert (mail.to, mail.reply_to) == (["ana@example.org"], ["marta@example.org"])
    assert "noviembre de 2026" in mail.body
    assert "ya se le ha escrito hoy" in page
    assert "recordado el 23 de noviembre" in page


def test_a_reminder_that_cannot_be_mailed_says_so(admin, point):
    with patch("metering.views.board.EmailMessage.send", side_effect=ConnectionRefusedError):
        page = admin.post(reverse("send-reminder", args=[point.public_id]), follow=True).content.decode()

    assert "no se ha podido enviar" in page
    assert not Reminder.objects.exists()
