"""Handing in a meter file: look first, store with one click, all or nothing, each reading traceable to its line."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from community.models import Member
from metering.formats import UnreadableFile
from metering.models import MeterFile, MeteringPoint, Reading
from metering.queries import energy
from metering.services import meter_files
from metering.services.readings import ReadingRow, store_readings
from tests import factories
from tests.metering.meter_file_maker import true_days, write

pytestmark = pytest.mark.django_db

FILES = Path(__file__).parent / "files"
CUPS = "ES9999000000000001DS0F"
AT = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)


@pytest.fixture
def street():
    street = factories.community()
    offer = factories.tariff()
    factories.home(street, "Ana", offer, factories.member(street, "Ana"))
    MeteringPoint.objects.update(cups=CUPS)
    return street


def take_in(street, name, **more):
    return meter_files.take_in(community=street, name=name, content=(FILES / name).read_bytes(), at=AT, **more)


def test_a_stored_reading_names_its_file_and_its_line(street):
    file = take_in(street, "edistribucion_autumn.csv")

    (upload,) = meter_files.commit(file_id=file.pk, at=AT)

    lines = (FILES / "edistribucion_autumn.csv").read_text("utf-8-sig").splitlines()
    reading = Reading.objects.get(channel="import", start=datetime(2026, 10, 25, 0, 0, tzinfo=UTC))
    assert upload.file == file
    assert reading.upload == upload
    assert reading.energy_wh == 220
    assert lines[reading.row - 1].startswith(f"{CUPS};25/10/2026;3;0,220;")
    assert Reading.objects.filter(channel="import").count() == 25
    assert Reading.objects.filter(channel="self").count() == 25


def test_looking_stores_nothing_and_says_what_would_change(street):
    file = take_in(street, "datadis_api_plain.json")
    point = MeteringPoint.objects.get()
    noon = datetime(2026, 3, 30, 10, 0, tzinfo=UTC)
    store_readings(
        metering_point=point,
        rows=[ReadingRow("import", noon, 999)],
        source="api",
        content_sha256="",
        at=AT,
        minutes=60,
    )

    seen = meter_files.preview(file=file, at=AT)

    (supply,) = seen.supplies
    assert (supply.outcome.created, supply.outcome.revised, supply.outcome.unchanged) == (95, 1, 0)
    assert Reading.objects.count() == 1


def test_storing_twice_and_handing_in_twice_change_nothing(street):
    first = take_in(street, "datadis_api_plain.json")
    meter_files.commit(file_id=first.pk, at=AT)
    again = take_in(street, "datadis_api_plain.json")
    meter_files.commit(file_id=again.pk, at=AT + timedelta(hours=1))

    assert again == first
    assert MeterFile.objects.count() == 1
    assert set(Reading.objects.values_list("version", flat=True)) == {1}


def test_an_older_version_of_a_curve_never_replaces_a_newer_one(street):
    old = MeterFile.objects.get(pk=take_in(street, "F5D_9999_9998_20260330.0").pk)
    newer = meter_files.take_in(
        community=street,
        name="F5D_9999_9998_20260330.1",
        content=(FILES / "F5D_9999_9998_20260330.0").read_bytes().replace(b";345;", b";346;"),
        at=AT,
    )
    meter_files.commit(file_id=newer.pk, at=AT)

    with pytest.raises(meter_files.OlderVersion):
        meter_files.commit(file_id=old.pk, at=AT)

    assert set(Reading.objects.values_list("version", flat=True)) == {1}


def test_an_estimate_never_replaces_a_measurement(street):
    rows = true_days([date(2026, 3, 30)], 60, "counted", lambda: (500, 0, True))
    mood = dict.fromkeys(("comma", "day_first", "bom", "crlf", "quotes", "preamble", "total", "packed"), False)
    measured = write("edistribucion", rows, 60, mood)
    estimated = measured.replace(b"0.500", b"0.700").replace(b";R\n", b";E\n")
    for name, content in (("measured.csv", measured), ("estimated.csv", estimated)):
        file = meter_files.take_in(community=street, name=name, content=content, at=AT)
        meter_files.commit(file_id=file.pk, at=AT)

    assert set(Reading.objects.filter(channel="import").values_list("energy_wh", "version")) == {(500, 1)}


def test_supplies_of_others_are_left_out_and_a_file_of_others_only_is_refused(street):
    MeteringPoint.objects.update(cups="ES9999000000000002DQ0F")
    file = take_in(street, "datadis_api_plain.json")

    with pytest.raises(meter_files.NothingToStore):
        meter_files.commit(file_id=file.pk, at=AT)

    assert not Reading.objects.exists()


def test_a_file_from_the_future_is_refused_whole(street):
    file = take_in(street, "edistribucion_autumn.csv")

    with pytest.raises(meter_files.RowErrors):
        meter_files.commit(file_id=file.pk, at=datetime(2026, 10, 25, 12, 0, tzinfo=UTC))

    assert not Reading.objects.exists()


@pytest.mark.parametrize(
    ("day", "quarters"), [(date(2026, 3, 29), 92), (date(2026, 5, 12), 96), (date(2026, 10, 25), 100)]
)
def test_days_of_92_96_and_100_quarters_fill_as_many_slots(street, day, quarters):
    rows = true_days([day], 15, "counted", iter_of(quarters))
    mood = dict.fromkeys(("comma", "day_first", "bom", "crlf", "quotes", "preamble", "total", "packed"), False)
    file = meter_files.take_in(
        community=street, name="quarters.csv", content=write("edistribucion", rows, 15, mood), at=AT
    )

    meter_files.commit(file_id=file.pk, at=AT)

    zone = ZoneInfo("Europe/Madrid")
    start = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    end = start + timedelta(minutes=15 * quarters)
    slots = {slot: wh for (_home, channel, slot), (wh, _q) in energy(street.pk, start, end, 15).items()
             if channel == "import"}  # fmt: skip
    assert [slots[row.start] for row in rows] == list(range(1, quarters + 1))
    assert len(slots) == quarters


def iter_of(count):
    numbers = iter(range(1, count + 1))
    return lambda: (next(numbers), 0, True)


def test_hours_of_a_quarter_hour_meter_are_split_and_quarters_count_before_them(street):
    file = take_in(street, "edistribucion_autumn.csv")
    meter_files.commit(file_id=file.pk, at=AT)
    start = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)
    store_readings(
        metering_point=MeteringPoint.objects.get(),
        rows=[ReadingRow("import", start, 100)],
        source="api",
        content_sha256="",
        at=AT,
    )

    found = energy(street.pk, start, start + timedelta(hours=1), 15)

    quarters = [found[key] for key in sorted(found, key=lambda key: key[2]) if key[1] == "import"]
    assert quarters == [(100, "measured"), (55, "profiled"), (55, "profiled"), (55, "profiled")]


def test_a_file_that_cannot_be_read_is_not_kept(street):
    with pytest.raises(UnreadableFile):
        meter_files.take_in(community=street, name="x.csv", content=b"hello\nworld", at=AT)

    assert not MeterFile.objects.exists()


@pytest.fixture
def admin(client, street):
    person = factories.member(street, "Marta", Member.Role.ADMIN)
    client.force_login(person.user)
    return client


def hand_in(client, name, content, **more):
    return client.post(reverse("meter-files"), {"file": SimpleUploadedFile(name, content), **more})


def test_the_page_shows_first_and_stores_on_one_click(admin):
    name = "edistribucion_dirty.csv"

    shown = admin.get(hand_in(admin, name, (FILES / name).read_bytes()).url)
    text = shown.content.decode()
    assert "e-distribución" in text
    assert "5,8\xa0kWh" in text
    assert "2 intervalos, desde las 02:00" in text
    assert not Reading.objects.exists()

    stored = admin.post(reverse("commit-meter-file", args=[MeterFile.objects.get().public_id]), follow=True)
    assert "lecturas guardadas" in stored.content.decode()
    assert Reading.objects.filter(channel="import").count() == 22


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"PK\x03\x04[Content_Types].xml", "hoja de c"),
        (b"CUPS;Fecha;Hora;Consumo\nES9999000000000001DS0F;1/1/2026;1;1", "no dice su unidad"),
        (b"[{]", "No es JSON"),
        (b"<feed><!DOCTYPE x></feed>", "punto de suministro"),
    ],
)
def test_an_unreadable_file_gets_its_cause_and_cure(admin, content, says):
    answer = hand_in(admin, "file.csv", content)

    assert answer.status_code == 422
    assert says in answer.content.decode()


def test_hours_that_may_be_starts_or_ends_are_asked_for(admin):
    rows = true_days([date(2026, 5, 12), date(2026, 5, 13)], 60, "start", lambda: (7, 1, True))
    content = write("datadis-api", rows, 60, {})

    asked = hand_in(admin, "x.json", content)
    told = hand_in(admin, "x.json", content, dialect="start")

    assert asked.status_code == 422
    assert "00:00 a 23:00" in asked.content.decode()
    assert told.status_code == 302


def test_a_resident_and_a_neighbouring_community_see_no_files(client, street):
    file = take_in(street, "datadis_api_plain.json")
    address = reverse("meter-file", args=[file.public_id])
    client.force_login(factories.member(street, "Bea").user)
    assert client.get(address).status_code == 403

    other = factories.community(slug="otra", name="Otra")
    client.force_login(factories.member(other, "Olga", Member.Role.ADMIN).user)
    assert client.get(address).status_code == 404
