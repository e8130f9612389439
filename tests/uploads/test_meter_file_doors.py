"""Every door for meter files refuses what is hostile with its cause, soon, and never breaks."""

from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from config.patience import let_think
from metering import tasks
from metering.formats import UnreadableFile, decoding, read_file
from metering.models import MeterFile, MeteringPoint, Reading
from metering.wording.files import unreadable
from tests import factories as make
from tests.uploads.hostile import CUPS, HEADER, LINE, METER_FILES, zipped

MADRID = ZoneInfo("Europe/Madrid")
HOSTILE = pytest.mark.parametrize("name", sorted(METER_FILES))
# A reader that looks for ever is ended.
pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def home():
    street = make.community()
    home = make.home(street, "Ana", make.tariff())
    MeteringPoint.objects.update(cups=CUPS)
    return home


def outcome(content):
    """The code of the file's fault, if it has one, and all that would be told of it."""
    try:
        found = read_file(content, MADRID, cups=CUPS)
    except UnreadableFile as error:
        return error.code, [unreadable(error)]
    return None, [one.value for one in found.refusals]


@HOSTILE
def test_reading_it_ends_and_names_the_cause(name):
    content, codes = METER_FILES[name]
    code, said = outcome(content)

    assert code in codes
    assert max(map(len, said), default=0) < 500


@HOSTILE
@pytest.mark.django_db
def test_the_page_says_the_cause_beside_the_field(home, name):
    client = Client(headers={"accept-language": "en"})
    client.force_login(make.member(home.community, "Marta", "admin").user)
    content, _codes = METER_FILES[name]

    answer = client.post(
        "/meter-files/",
        {"file": SimpleUploadedFile("octubre.csv", content), "metering_point": make.meter(home).pk},
        follow=True,
    )

    assert answer.status_code in {200, 422}
    assert not Reading.objects.exists()
    if answer.status_code == 422:
        assert (
            'id="id_file_error"' in answer.content.decode() or 'id="id_dialect_error"' in answer.content.decode()
        )


@HOSTILE
@pytest.mark.django_db
def test_the_api_answers_with_a_code_and_the_worker_survives(home, name):
    let_think()  # the test's own transaction is open while the file is read; the site's is not
    content, _codes = METER_FILES[name]
    address = f"/api/v1/meter-files?name=..%2F..%2Fx%0A.csv&metering_point={make.meter(home).public_id}"
    with (
        patch("metering.api.files.now", lambda: make.NOON),
        patch("metering.api.authentication.now", lambda: make.NOON),
    ):
        answer = Client(headers={"authorization": f"Bearer {make.token(home)}", "accept-language": "en"}).post(
            address, content, content_type="application/octet-stream"
        )

    assert answer.status_code in {202, 422}
    assert answer.json().get("code") or answer.json()["name"] == "x.csv"
    for file in MeterFile.objects.all():
        tasks.store_file(file_id=file.pk)
        file.refresh_from_db()
        assert file.failure or file.committed_at
    assert Client().get("/login/").status_code == 200


@pytest.mark.parametrize("rest", [b"", b"\x00" * 512])
def test_files_in_a_row_are_one_file_and_padding_is_let_be(rest):
    import gzip

    content = gzip.compress(HEADER.encode()) + gzip.compress(LINE.encode()) + rest

    assert len(read_file(content, MADRID).intervals) == 1


def test_what_is_packed_tightly_but_small_is_read():
    import bz2

    lines = "".join(f"{CUPS};{day:02}/10/2026;{hour};0,000\n" for day in range(1, 32) for hour in range(1, 25))

    assert read_file(bz2.compress((HEADER + lines).encode()), MADRID).intervals


def test_nothing_of_an_archive_is_unfolded(monkeypatch):
    monkeypatch.setattr(decoding.zlib, "decompressobj", None)

    with pytest.raises(UnreadableFile, match="archive"):
        read_file(zipped(a=b"0" * 1_000), MADRID)


@pytest.mark.parametrize("mark", ["{},", "[],", "1,"])
def test_json_of_more_entries_than_memory_should_hold_is_not_parsed(mark, monkeypatch):
    monkeypatch.setattr("metering.formats.reading.MOST_MARKS", {"[": {"{": 10, "[": 10, ",": 80}})
    monkeypatch.setattr("metering.formats.datadis.json.loads", None)

    with pytest.raises(UnreadableFile, match="many-lines"):
        read_file(f"[{mark * 100}0]".encode(), MADRID)


@pytest.mark.django_db
def test_a_body_beyond_all_limits_is_refused_by_its_length(client):
    answer = client.post("/login/", b"x", content_type="application/octet-stream", CONTENT_LENGTH=str(10**10))
    endless = client.post("/login/", b"x", content_type="application/octet-stream", CONTENT_LENGTH="9" * 5_000)

    assert (answer.status_code, endless.status_code) == (413, 413)
    assert "64 MiB" in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "sample",
    [
        "x;" * 9_999,
        '"' + "x\n" * 9_000,
        "\x00;Fecha",
        "a" * 20_001,
        "Fecha;" + "9" * 19_000,
        "\u202eFecha;\x01",
        ";;;\n" * 4_000,
    ],
)
def test_the_page_of_columns_takes_any_sample(home, sample):
    client = Client(headers={"accept-language": "en"})
    client.force_login(make.member(home.community, "Marta", "admin").user)
    chosen = {f"column_{i}": "import" for i in range(60)}

    for told in ({"sample": sample}, {"sample": sample, "name": "Mía", **chosen}):
        assert client.post("/meter-files/columns/", told).status_code in {200, 422}
    assert not home.community.column_mappings.exists()
