"""Files that a worker reads: accepted at once, progress visible, stored whole or refused with the cause."""

from datetime import date, timedelta
from unittest.mock import patch

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from kombu.exceptions import OperationalError as BrokerAway

from metering import progress, tasks
from metering.models import ApiToken, MeterFile, MeteringPoint, Reading
from metering.services import meter_files
from tests import factories as make
from tests.metering.meter_file_maker import true_days, write
from tests.metering.test_telegrams import telegram

pytestmark = pytest.mark.django_db
MOOD = dict.fromkeys(("comma", "day_first", "bom", "crlf", "quotes", "preamble", "total", "packed"), False)


@pytest.fixture
def home():
    return make.home(make.community(), "Ana", make.tariff(), None)


@pytest.fixture
def content():
    days = [date(2026, 5, 1) + timedelta(days=i) for i in range(3)]
    return write("edistribucion", true_days(days, 60, "counted", lambda: (500, 0, True)), 60, MOOD)


@pytest.fixture(autouse=True)
def rung():
    """Which tasks were rung for; nobody listens, as when the worker is busy."""
    rings = []
    with (
        patch("metering.api.files.now", lambda: make.NOON),
        patch("metering.api.authentication.now", lambda: make.NOON),
        patch("config.clock.now", lambda: make.NOON),
        patch("metering.tasks.now", lambda: make.NOON),
        patch.object(tasks.store_file, "delay", lambda **given: rings.append(("store", given["file_id"]))),
        patch.object(tasks.look_at_file, "delay", lambda **given: rings.append(("look", given["file_id"]))),
    ):
        yield rings


@pytest.fixture
def call(home):
    headers = {"authorization": f"Bearer {make.token(home)}", "accept-language": "en"}

    def call(address, raw=None):
        if raw is None:
            return Client().get(address, headers=headers)
        return Client().post(address, raw, content_type="application/octet-stream", headers=headers)

    return call


def test_a_file_is_accepted_at_once_and_stored_by_a_worker(call, content, home, rung):
    MeteringPoint.objects.update(cups="ES9999000000000001DS0F")
    accepted = call("/api/v1/meter-files?name=mayo.csv", content)
    place = accepted["location"].removeprefix("http://testserver")

    assert (accepted.status_code, accepted["retry-after"], accepted.json()["state"]) == (202, "2", "waiting")
    assert not Reading.objects.exists()
    progress.tell(rung[0][1], "storing", 0, 1)
    assert call(place).json() | {"done": 0, "of": 1} == call(place).json()
    tasks.store_file(file_id=rung[0][1])

    done = call(place).json()
    assert done["state"] == "stored"
    assert [upload["created"] for upload in done["uploads"]] == [3 * 24 * 3]
    assert Reading.objects.filter(channel="import").count() == 72


def test_a_file_of_others_is_refused_and_says_why(call, content, rung):
    MeteringPoint.objects.update(cups="ES9999000000000002DQ0F")
    accepted = call("/api/v1/meter-files", content)

    tasks.store_file(file_id=rung[0][1])

    told = call(accepted["location"].removeprefix("http://testserver")).json()
    assert (told["state"], told["code"]) == ("refused", "nothing-to-store")
    assert "none of its supplies" in told["detail"]


def test_a_token_writes_its_own_meters_only(call, content, home, rung):
    other = make.home(home.community, "Bea", make.tariff("Otra"))
    MeteringPoint.objects.filter(household=home).update(cups="ES9999000000000003DV0F")
    MeteringPoint.objects.filter(household=other).update(cups="ES9999000000000001DS0F")
    call("/api/v1/meter-files", content)

    tasks.store_file(file_id=rung[0][1])

    assert not Reading.objects.exists()


def test_a_telegram_needs_its_metering_point(call, home, rung):
    text = telegram("261123110000W") + telegram("261123111500W", import_kwh=("001234.600", "000765.432"))

    assert call("/api/v1/meter-files", text.encode()).json()["code"] == "no-cups"
    point = make.meter(home).public_id
    assert call(f"/api/v1/meter-files?metering_point={point}", text.encode()).status_code == 202
    tasks.store_file(file_id=rung[-1][1])

    assert list(Reading.objects.order_by("channel").values_list("energy_wh", flat=True)) == [0, 33]
    assert Reading.objects.filter(channel="import").get().row == 18


@pytest.mark.parametrize(
    "query", ["?metering_point=nothing", "?metering_point=c6b9d3a4-0000-0000-0000-000000000000"]
)
def test_anothers_metering_point_looks_like_none(call, query):
    assert call(f"/api/v1/meter-files{query}", b"x").status_code == 404


def test_anothers_file_looks_like_none(call, content):
    file = meter_files.take_in(
        community=MeteringPoint.objects.get().household.community, name="x", content=content, at=make.NOON
    )

    assert call(f"/api/v1/meter-files/{file.public_id}").status_code == 404


def test_a_ring_that_got_lost_is_repeated(call, content, rung):
    call("/api/v1/meter-files", content)
    rung.clear()

    with patch("metering.tasks.now", lambda: make.NOON + timedelta(minutes=3)):
        tasks.sweep_files()

    assert rung == [("store", MeterFile.objects.get().pk)]


@pytest.fixture
def admin(home, client):
    client.force_login(make.member(home.community, "Marta", "admin").user)
    with patch.object(meter_files, "LARGE", 10):
        yield client


def test_a_large_file_is_read_and_stored_while_nobody_waits(admin, content, rung):
    MeteringPoint.objects.update(cups="ES9999000000000001DS0F")
    page = admin.post(reverse("meter-files"), {"file": SimpleUploadedFile("mayo.csv", content)}).url
    assert "Se está leyendo el archivo" in admin.get(page).content.decode()
    assert "every 2s" in admin.get(page).content.decode()
    assert rung == [("look", MeterFile.objects.get().pk)]

    tasks.look_at_file(file_id=rung[0][1])
    text = admin.get(page).content.decode()
    assert "every 2s" not in text
    assert "12,0\xa0kWh" in text

    admin.post(reverse("commit-meter-file", args=[MeterFile.objects.get().public_id]))
    assert "Se están guardando sus lecturas" in admin.get(page).content.decode()
    tasks.store_file(file_id=rung[-1][1])

    tasks.look_at_file(file_id=rung[0][1])
    assert "Guardado el" in admin.get(page).content.decode()
    assert Reading.objects.filter(channel="import").count() == 72


def test_a_large_file_that_cannot_be_read_says_why(admin, rung):
    page = admin.post(reverse("meter-files"), {"file": SimpleUploadedFile("x.csv", b"hello\nworld, hello")}).url
    admin.get(page)

    tasks.look_at_file(file_id=rung[0][1])

    assert "Ninguna línea" in admin.get(page).content.decode()


def test_a_file_that_is_read_better_today_is_read_again_on_one_click(admin, content):
    MeteringPoint.objects.update(cups="ES9999000000000001DS0F")
    with patch.object(meter_files, "LARGE", 10**6):
        page = admin.post(reverse("meter-files"), {"file": SimpleUploadedFile("mayo.csv", content)}).url
        commit = reverse("commit-meter-file", args=[MeterFile.objects.get().public_id])
        admin.post(commit)
        Reading.objects.filter(channel="import").update(energy_wh=5)  # as an earlier reader took it
        admin.post(commit)
        assert set(Reading.objects.values_list("version", flat=True)) == {1}

        MeterFile.objects.update(parser_version=0)
        assert "Leerlo otra vez" in admin.get(page).content.decode()
        admin.post(commit)

    newest = Reading.objects.filter(channel="import", version=2)
    assert set(newest.values_list("energy_wh", flat=True)) == {500}


def test_dials_of_a_file_are_shown_and_stored(admin, home):
    text = telegram("261123110000W") + telegram("261123111500W", import_kwh=("001234.600", "000765.432"))
    with patch.object(meter_files, "LARGE", 10**6):
        file = SimpleUploadedFile("p1.txt", text.encode())
        given = {"file": file, "metering_point": make.meter(home).pk}
        page = admin.post(reverse("meter-files"), given).url
        shown = admin.get(page).content.decode()
        admin.post(reverse("commit-meter-file", args=[MeterFile.objects.get().public_id]))

    assert "DSMR P1" in shown
    assert "2000,032" in shown.replace(".", "")
    assert Reading.objects.filter(channel="import").get().energy_wh == 33


def test_a_token_needs_the_scope(call, content):
    ApiToken.objects.update(scopes=["readings:read"])

    assert call("/api/v1/meter-files", content).status_code == 403


def test_without_the_broker_a_file_is_taken_in_and_waits_for_the_sweep(call, content, caplog):
    with patch.object(tasks.store_file, "delay", side_effect=BrokerAway):
        accepted = call("/api/v1/meter-files", content)

    assert accepted.status_code == 202
    assert "the broker is away" in caplog.text
    assert meter_files.asked_before(make.NOON) == [MeterFile.objects.get().pk]


def test_a_large_file_that_is_read_better_today_is_read_again_by_a_worker(admin, content, rung):
    MeteringPoint.objects.update(cups="ES9999000000000001DS0F")
    admin.post(reverse("meter-files"), {"file": SimpleUploadedFile("mayo.csv", content)})
    commit = reverse("commit-meter-file", args=[MeterFile.objects.get().public_id])
    admin.post(commit)
    tasks.store_file(file_id=rung[-1][1])
    Reading.objects.filter(channel="import").update(energy_wh=5)  # as an earlier reader took it
    MeterFile.objects.update(parser_version=0)

    admin.post(commit)
    tasks.store_file(file_id=rung[-1][1])

    assert set(Reading.objects.filter(channel="import", version=2).values_list("energy_wh", flat=True)) == {500}
