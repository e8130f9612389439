"""Other shapes of an upload: JSON lines, CSV, gzip, average power, and the good rows of a bad upload."""

import gzip
import json
import threading
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.db import connection
from django.test import Client

from metering.models import ApiToken, IdempotentAnswer, Reading, Upload
from metering.services.idempotency import once
from tests import factories as make
from tests.metering.test_api import GOOD, NOW

pytestmark = pytest.mark.django_db
LATER = {**GOOD, "start": "2026-11-23T12:15:00+01:00", "energy_wh": 7}


@pytest.fixture(autouse=True)
def _clock():
    with patch("metering.api.views.now", lambda: NOW), patch("metering.api.authentication.now", lambda: NOW):
        yield


@pytest.fixture
def send():
    home = make.home(make.community(), "Ana", make.tariff())
    token = make.token(home)

    def send(raw, kind="application/json", query="", **headers):
        address = f"/api/v1/metering-points/{make.meter(home).public_id}/readings{query}"
        headers = {"authorization": f"Bearer {token}", "accept-language": "en", **headers}
        return Client().post(address, raw, content_type=kind, headers=headers)

    return send


def stored():
    return list(Reading.objects.order_by("start").values_list("energy_wh", flat=True))


def test_json_lines(send):
    answer = send("\n".join(json.dumps(row) for row in (GOOD, LATER)) + "\n", "application/x-ndjson")

    assert answer.status_code == 201
    assert stored() == [250, 7]


def test_csv_with_a_header(send):
    table = f"channel,start,energy_wh,quality\nimport,{GOOD['start']},250,\nimport,{LATER['start']},7,estimated\n"

    assert send(table, "text/csv").status_code == 201
    assert stored() == [250, 7]


@pytest.mark.parametrize("cell", ["1.5", "", "+3", "٣", "9" * 30, "NaN"])
def test_a_bad_cell_of_a_csv_is_named(send, cell):
    answer = send(f"channel,start,energy_wh\nimport,{GOOD['start']},{cell}\n", "text/csv")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/readings/0/energy_wh"


def test_packed_with_gzip_up_to_a_limit(send):
    packed = gzip.compress(json.dumps({"readings": [GOOD]}).encode())
    bomb = gzip.compress(b" " * (30 * 1024 * 1024))

    assert send(packed, **{"content-encoding": "gzip"}).status_code == 201
    assert send(bomb, **{"content-encoding": "gzip"}).status_code == 413
    assert send(b"no gzip", **{"content-encoding": "gzip"}).status_code == 400
    assert send(packed, **{"content-encoding": "br"}).status_code == 415


def test_average_power_becomes_energy_and_says_that_it_was_calculated(send):
    row = {"channel": "import", "start": GOOD["start"], "power_w": 1_002}

    answer = send(json.dumps({"kind": "average_power", "readings": [row]}))

    assert answer.status_code == 201
    assert list(Reading.objects.values_list("energy_wh", "quality")) == [(250, "calculated")]


def test_an_unknown_kind_is_refused_with_the_known_ones(send):
    answer = send(json.dumps({"kind": "guess", "readings": [GOOD]}))

    assert answer.status_code == 422
    assert "average_power" in answer.json()["errors"][0]["message"]


def test_the_good_rows_of_a_bad_upload_are_stored_only_if_asked_for(send):
    body = json.dumps({"readings": [{**GOOD, "energy_wh": -1}, LATER, {**GOOD, "colour": 1}]})

    whole = send(body)
    assert (whole.status_code, stored()) == (422, [])
    part = send(body, query="?mode=partial")

    assert part.status_code == 207
    said = part.json()
    assert (said["received"], said["created"], said["rejected"]) == (3, 1, 2)
    assert [(error["row"], error["code"]) for error in said["errors"]] == [(0, "negative"), (2, "unknown-field")]
    assert stored() == [7]
    assert Reading.objects.get().row == 1


def test_of_two_contradicting_rows_neither_is_stored(send):
    answer = send(json.dumps({"readings": [GOOD, {**GOOD, "energy_wh": 1}, LATER]}), query="?mode=partial")

    assert answer.status_code == 207
    assert answer.json()["rejected"] == 2
    assert stored() == [7]


def test_an_upload_without_a_good_row_is_refused_even_in_part(send):
    assert send(json.dumps({"readings": [{**GOOD, "energy_wh": -1}]}), query="?mode=partial").status_code == 422
    assert send(json.dumps({"readings": [GOOD]}), query="?mode=some").status_code == 400
    assert not Upload.objects.exists()


KEYED = {"idempotency-key": "8e03978e-40d5-43e8-bc93-6894a57f9324"}


def test_a_call_repeated_with_its_key_gets_the_answer_that_was_lost(send):
    body = json.dumps({"readings": [GOOD]})

    first, again = send(body, **KEYED), send(body, **KEYED)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert (first.get("idempotent-replayed"), again["idempotent-replayed"]) == (None, "true")
    assert Upload.objects.count() == 1


def test_a_key_belongs_to_one_call_for_a_day(send):
    send(json.dumps({"readings": [GOOD]}), **KEYED)

    other = send(json.dumps({"readings": [LATER]}), **KEYED)
    IdempotentAnswer.objects.update(answered_at=NOW - timedelta(hours=24))
    tomorrow = send(json.dumps({"readings": [LATER]}), **KEYED)

    assert (other.status_code, other.json()["code"]) == (422, "key-reused")
    assert tomorrow.status_code == 201


def test_a_refused_call_leaves_its_key_unused(send):
    bad = send(json.dumps({"readings": [{**GOOD, "energy_wh": -1}]}), **KEYED)
    good = send(json.dumps({"readings": [GOOD]}), **KEYED)

    assert (bad.status_code, good.status_code) == (422, 201)
    assert send(json.dumps({"readings": [GOOD]}), **{"idempotency-key": "k" * 256}).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_a_key_that_is_being_worked_on_is_in_flight(send):
    token = ApiToken.objects.get()
    told = []

    def slow():
        def meanwhile():
            told.append(send(json.dumps({"readings": [GOOD]}), **KEYED))
            connection.close()

        other = threading.Thread(target=meanwhile)
        other.start()
        other.join()
        return 200, {}

    once(token=token, key=KEYED["idempotency-key"], fingerprint="x", at=NOW, work=slow)

    assert (told[0].status_code, told[0].json()["code"]) == (409, "key-in-flight")


def test_registers_become_the_energy_between_them(send):
    rows = [
        {"channel": "import", "at": "2026-11-23T11:45:00+01:00", "register_wh": 9_000_000_000},
        {"channel": "import", "at": "2026-11-23T12:00:00+01:00", "register_wh": 9_000_000_250},
        {"channel": "import", "at": "2026-11-23T12:05:00+01:00", "register_wh": 12},
    ]

    answer = send(json.dumps({"kind": "register", "readings": rows}))

    assert answer.status_code == 201
    assert (answer.json()["created"], answer.json()["set_aside"]) == (3, 1)
    assert list(Reading.objects.values_list("energy_wh", "quality")) == [(250, "measured")]


def test_registers_as_a_table_say_their_kind_in_the_address(send):
    table = f"channel,at,register_wh\nimport,2026-11-23T11:45:00+01:00,100\nimport,{GOOD['start']},350\n"

    assert send(table, "text/csv", "?kind=register").status_code == 201
    assert stored() == [250]


def test_registers_that_no_dial_shows_are_refused_with_their_rows(send):
    rows = [
        {"channel": "import", "at": "2026-11-23T12:00:00+01:00", "register_wh": -1},
        {"channel": "import", "at": "2026-11-23T12:00:00", "register_wh": 5},
        {"channel": "export", "at": "2026-11-23T12:00:00+01:00", "register_wh": 5},
        {"channel": "export", "at": "2026-11-23T12:00:00+01:00", "register_wh": 6},
    ]
    body = json.dumps({"kind": "register", "readings": rows})

    answer = send(body)
    part = send(
        json.dumps({"kind": "register", "readings": [*rows, {**rows[2], "at": GOOD["start"][:11] + "11:00:00Z"}]})
    )

    assert answer.status_code == part.status_code == 422
    told = [(error["row"], error["code"]) for error in answer.json()["errors"]]
    assert told == [(0, "out-of-range"), (1, "naive-timestamp"), (3, "contradiction")]


def test_a_worse_quality_replaces_a_better_one_only_by_force(send):
    send(json.dumps({"readings": [GOOD]}))
    worse = json.dumps({"readings": [{**GOOD, "energy_wh": 240, "quality": "estimated"}]})

    assert send(worse).json()["unchanged"] == 1
    assert send(worse, query="?force=true").json()["revised"] == 1
    ApiToken.objects.update(scopes=["readings:write"])
    assert send(worse, query="?force=true").status_code == 403


def test_figures_worth_a_look_are_stored_and_pointed_out(send):
    rows = [{**GOOD, "energy_wh": 5_000}, {**GOOD, "channel": "export", "energy_wh": 3}]

    answer = send(json.dumps({"readings": rows})).json()

    assert answer["created"] == 2
    warnings = [(one["code"], one["row"], one["count"]) for one in answer["warnings"]]
    assert warnings == [("above-fuse", 0, 1), ("unexpected-export", 1, 1)]
