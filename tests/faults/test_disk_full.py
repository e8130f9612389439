"""A full disk: callers hear that there is no room, what was acknowledged is there, nothing is half stored.

A PostgreSQL of its own runs under a limit on the size of its files (RLIMIT_FSIZE): extending a table then fails as on
a full disk. What PostgreSQL says on a disk that is full to the last byte (53100) has the same answer.
"""

import gc
import io
import json
import os
import resource
import subprocess
from contextlib import contextmanager

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse

from config.programs import postgres
from market import tasks
from market.models import Settlement
from metering.models import MeterFile, Reading
from tests import factories as make
from tests.faults.test_database_crash import BEGIN, Site

LIMIT = 2 * 2**20
HOMES = 6
BUILDS = (
    BEGIN
    + """
from tests import migrated
from tests.faults.slots import cleared
migrated.fill()
street, offer = make.community(uploads_per_minute=10**6), make.tariff()
homes = [make.home(street, f"Casa {n}", offer) for n in range(int(sys.argv[2]))]
slot = cleared(street, homes[:3], make.NOON)
print(json.dumps([[str(make.meter(home).public_id), make.token(home)] for home in homes]))
"""
)
# Each home sends a month at once, then a single reading, by the API's own door, and says what it heard.
SENDS = (
    BEGIN
    + """
from unittest.mock import patch
from django.test import Client
from config import clock
begin, later = make.NOON - timedelta(days=31), make.NOON + timedelta(hours=1)
month = [
    {"channel": channel, "start": (begin + timedelta(minutes=15 * i)).isoformat(), "energy_wh": i % 900}
    for i in range(2_880) for channel in ("import", "export")
]
heard = []
with patch("metering.api.views.now", lambda: later), patch("metering.api.authentication.now", lambda: later):
    for point, token in json.loads(sys.argv[2]):
        answer = Client(raise_request_exception=False).post(
            f"/api/v1/metering-points/{point}/readings", json.dumps({"readings": month}),
            content_type="application/json", headers={"authorization": f"Bearer {token}"},
        )
        told = answer.json() if answer["Content-Type"].endswith("json") else {}
        heard.append([point, answer.status_code, told.get("code", ""), answer.get("Retry-After", "")])
print(json.dumps(heard))
"""
)
TELLS = (
    BEGIN
    + """
from django.db.models import Count
from market.queries.fsck import faults
from metering.models import Reading, Upload
print(json.dumps({
    "readings": {str(p): n for p, n in Reading.objects.values_list("metering_point__public_id").annotate(Count("pk"))},
    "uploads": Upload.objects.count(),
    "faults": list(faults(Community.objects.get())),
}))
"""
)


@contextmanager
def small_files(size):
    """This process, and whoever it starts, may write no file beyond so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def site(tmp_path):
    """A site whose write-ahead log comes in files of 1 MiB, so that tables meet the limit first."""
    site = Site(tmp_path)
    postgres.stop(site.folder)
    owner = site.folder.stat()
    lent = {"user": owner.st_uid, "group": owner.st_gid} if owner.st_uid != os.geteuid() else {}
    subprocess.run(
        [postgres.programs() / "pg_resetwal", "--wal-segsize=1", "-D", site.folder],
        check=True, capture_output=True, cwd=site.folder, **lent,
    )  # fmt: skip
    site.start()
    yield site
    try:
        site.holds()
    finally:
        postgres.stop(site.folder)


@pytest.mark.timeout(900)
def test_on_a_full_disk_senders_are_asked_to_come_again_and_what_was_acknowledged_is_there(site):
    senders = site.run(BUILDS, HOMES)

    postgres.stop(site.folder)
    with small_files(LIMIT):
        site.start()
    heard = site.run(SENDS, json.dumps(senders))
    postgres.stop(site.folder)
    site.start()
    found = site.run(TELLS)

    kept = {point for point, status, *_ in heard if status == 201}
    refused = {point: rest for point, *rest in heard if point not in kept}
    assert 0 < len(kept) < HOMES
    assert set(map(tuple, refused.values())) == {(503, "no-room", "300")}
    assert found["readings"] == dict.fromkeys(kept, 5_760), "all of a month, or nothing"
    assert found["uploads"] == len(kept)
    assert found["faults"] == []
    again = site.run(SENDS, json.dumps([one for one in senders if one[0] in refused]))
    assert {status for _point, status, *_ in again} == {201}, "with room, the same goes in"


def fail_with(code):
    """PostgreSQL itself refuses with this code, whatever was asked."""

    def refuse(*_args, **_kwargs):
        with connection.cursor() as cursor:
            cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION 'so it is' USING ERRCODE = '{code}'; END $$")

    return refuse


CODES = {"53100": ("no-room", "300"), "40P01": ("busy", "5"), "40001": ("busy", "5"), "55P03": ("busy", "5")}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("code", CODES)
def test_a_page_and_a_call_hear_the_same_of_a_full_disk_a_deadlock_and_a_conflict(client, monkeypatch, code):
    home = make.home(make.community(), "Ana", make.tariff(), make.member(make.community(slug="b"), "Ana"))
    client.force_login(home.member.user)
    said, wait = CODES[code]
    monkeypatch.setattr("community.views.more.page", fail_with(code))
    monkeypatch.setattr("metering.api.views.store_readings", fail_with(code), raising=False)
    monkeypatch.setattr("metering.api.intake.store_readings", fail_with(code), raising=False)
    body = json.dumps({"readings": [{"channel": "import", "start": "2026-11-23T12:00:00+01:00", "energy_wh": 1}]})

    page = client.get("/more/")
    call = Client(headers={"authorization": f"Bearer {make.token(home)}"}).post(
        reverse("api-readings", args=[make.meter(home).public_id]), body, content_type="application/json"
    )

    assert (page.status_code, page["Retry-After"]) == (503, wait)
    assert (call.status_code, call["Retry-After"], call.json()["code"]) == (503, wait, said)
    assert not Reading.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("code", ["40P01", "40001"])
def test_a_task_that_always_loses_is_tried_a_few_times_and_then_given_up(monkeypatch, code):
    tried = []
    refuse = fail_with(code)

    def lose(**_told):
        tried.append(1)
        refuse()

    monkeypatch.setattr("market.services.settle.settle_slots", lose)
    street = make.community()

    done = tasks.settle_slots.apply(kwargs={"community_id": street.pk, "slot_ids": [1]})

    assert done.failed()
    assert isinstance(done.result, OperationalError)
    assert 2 <= len(tried) <= 6
    assert not Settlement.objects.exists()


@pytest.mark.django_db
def test_a_file_that_the_disk_does_not_hold_while_it_comes_is_refused_with_the_cause():
    marta = Client(raise_request_exception=False)
    marta.force_login(make.member(make.community(), "Marta", "admin").user)

    with small_files(2**20):
        answer = marta.post("/meter-files/", {"file": io.BytesIO(b"x" * (3 * 2**20))})

    assert (answer.status_code, answer["Retry-After"]) == (503, "300")
    assert "disco" in answer.content.decode() or "disk" in answer.content.decode()
    assert not MeterFile.objects.exists()
    del answer, marta
    gc.collect()  # a half file that was left open would complain
