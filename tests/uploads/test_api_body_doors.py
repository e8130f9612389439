"""Hostile bodies of API calls: bombs, endless rows, huge numbers, letters that are none. Refused soon, never a 500."""

import bz2
import gzip
import json
import tracemalloc
from unittest.mock import patch

import pytest
from django.test import Client

from metering.models import Reading
from tests import factories as make
from tests.metering.test_api import GOOD, NOW
from tests.uploads.hostile import MIB

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(60)]
MOST_MIB = 250
JSON, LINES, CSV = "application/json", "application/x-ndjson", "text/csv"
HEAD = b"channel,start,energy_wh\n"


def rows(*found):
    return json.dumps({"readings": list(found)}).encode()


# Name: (body, type, packed, statuses of which one is the answer).
BODIES = {
    "gzip bomb": (gzip.compress(b" " * 64 * MIB), JSON, True, {413}),
    "bomb in parts": (gzip.compress(b" " * 4 * MIB) * 15, JSON, True, {413}),
    "gzips in a row": (gzip.compress(b"") * 50_000, JSON, True, {400}),
    "gzip in gzip": (gzip.compress(gzip.compress(rows(GOOD))), JSON, True, {400}),
    "bzip2 called gzip": (bz2.compress(rows(GOOD)), JSON, True, {400}),
    "zip called gzip": (b"PK\x03\x04" + b"0" * 100, JSON, True, {400}),
    "gzip cut off": (gzip.compress(rows(GOOD))[:-9], JSON, True, {400}),
    "more than fits": (b" " * (5 * MIB + 1), JSON, False, {413}),
    "too deep": (b'{"readings":' + b"[" * 100_000, JSON, False, {400}),
    "millions of packed objects": (
        gzip.compress(b'{"readings":[' + b"{}," * 6_000_000 + b"{}]}"),
        JSON,
        True,
        {413},
    ),
    "millions of objects": (b'{"readings":[' + b"{}," * 1_500_000 + b"{}]}", JSON, False, {400}),
    "millions of numbers": (b'{"readings":[' + b"1," * 2_500_000 + b"1]}", JSON, False, {400}),
    "millions of lines": (b"1\n" * 2_000_000, LINES, False, {413}),
    "millions of empty lines": (gzip.compress(b"\n" * 4_900_000, 9), LINES, True, {200}),
    "millions of rows": (HEAD + b"a\n" * 2_000_000, CSV, False, {413}),
    "a million columns": (b"," * 1_000_000 + b"\n", CSV, False, {400}),
    "one endless cell": (HEAD + b'"' + b"x\n" * 500_000, CSV, False, {400}),
    "one endless line": (HEAD + b"x" * 4_000_000, CSV, False, {400}),
    "a row longer than its header": (HEAD + b"import," * 200_000, CSV, False, {422}),
    "a name twice": (b"channel,channel,start,energy_wh\n", CSV, False, {400}),
    "NUL in a table": (HEAD + b"import\x00,2026-11-23T12:00:00Z,1\n", CSV, False, {422}),
    "no UTF-8": (HEAD + b"\xff\xfe,\n", CSV, False, {400}),
    "digits by the million": (b'{"readings":[{"energy_wh":' + b"9" * MIB + b"}]}", JSON, False, {400}),
    "beyond 64 bits": (rows({**GOOD, "energy_wh": 2**64}), JSON, False, {422}),
    "an endless fraction": (b'{"readings":[{"energy_wh":1e999999}]}', JSON, False, {422}),
    "not a number": (b'{"readings":[{"energy_wh":NaN}]}', JSON, False, {400}),
    "half a letter": (b'{"readings":[{"\\ud800":1}]}', JSON, False, {400}),
    "half a letter as channel": (rows({**GOOD, "channel": "\udfff"}), JSON, False, {400}),
    "NUL as channel": (rows({**GOOD, "channel": "\x00"}), JSON, False, {422}),
    "a key of a mebibyte": (rows({**GOOD, "k" * MIB: 1}), JSON, False, {422}),
    "a long key twice": (b'{"' + b"k" * MIB + b'":1,"' + b"k" * MIB + b'":1}', JSON, False, {400}),
    "long keys in every row": (rows(*({f"{i:04}{'k' * 40_000}": 1} for i in range(100))), JSON, False, {422}),
    "XML": (b"<!DOCTYPE x><x/>", "application/xml", False, {415}),
    "a form": (b"readings=1", "application/x-www-form-urlencoded", False, {415}),
}


@pytest.fixture(autouse=True)
def _clock():
    with patch("metering.api.views.now", lambda: NOW), patch("metering.api.authentication.now", lambda: NOW):
        yield


@pytest.fixture
def home():
    return make.home(make.community(), "Ana", make.tariff())


def send(home, end, name):
    body, kind, packed, statuses = BODIES[name]
    headers = {"authorization": f"Bearer {make.token(home)}", "accept-language": "en"}
    if packed:
        headers["content-encoding"] = "gzip"
    address = f"/api/v1/metering-points/{make.meter(home).public_id}/{end}"
    return Client().post(address, body, content_type=kind, headers=headers), statuses


@pytest.mark.parametrize("name", sorted(BODIES))
def test_readings(home, name):
    answer, statuses = send(home, "readings", name)

    assert answer.status_code in statuses, answer.content[:300]
    assert "detail" in answer.json() or answer.status_code == 200
    assert len(answer.content) < 100_000
    assert not Reading.objects.exists()


@pytest.mark.parametrize("end", ["device-states", "acknowledgements"])
@pytest.mark.parametrize("name", sorted(BODIES))
def test_reports_and_answers(home, end, name):
    answer, _statuses = send(home, end, name)

    assert answer.status_code < 500
    assert len(answer.content) < 100_000


@pytest.mark.parametrize("name", sorted(BODIES))
def test_codes(name):
    body, kind, packed, _statuses = BODIES[name]
    headers = {"content-encoding": "gzip"} if packed else {}

    answer = Client(REMOTE_ADDR=f"203.0.113.{len(name)}").post(
        "/api/v1/hand-over", body, content_type=kind, headers=headers
    )

    assert 400 <= answer.status_code < 500


@pytest.mark.parametrize("name", ["millions of rows", "millions of lines", "millions of objects", "gzip bomb"])
def test_a_small_body_never_becomes_a_large_memory(home, name):
    tracemalloc.start()
    try:
        send(home, "readings", name)
        _now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert most < MOST_MIB * MIB


def test_letters_outside_the_first_plane_are_letters(home):
    answer = Client(headers={"authorization": f"Bearer {make.token(home)}"}).post(
        f"/api/v1/metering-points/{make.meter(home).public_id}/readings",
        b'{"readings":[{"\\ud83d\\ude00":1}]}',
        content_type=JSON,
    )

    assert answer.status_code == 422
