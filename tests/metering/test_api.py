"""The door for meters: every answer it can give."""

import json
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.test import Client

from community.models import DeviceState
from metering.models import ApiToken, Reading, Upload
from metering.services.tokens import revoke_token
from tests import factories as make

pytestmark = pytest.mark.django_db

NOW = make.NOON + timedelta(hours=1)
GOOD = {"channel": "import", "start": "2026-11-23T12:00:00+01:00", "energy_wh": 250}


@pytest.fixture(autouse=True)
def _clock():
    with patch("metering.api.views.now", lambda: NOW), patch("metering.api.authentication.now", lambda: NOW):
        yield


@pytest.fixture
def home():
    return make.home(make.community(), "Ana", make.tariff())


@pytest.fixture
def token(home):
    return make.token(home)


def send(home, token, body, *, path="readings", language="en", kind="application/json"):
    raw = body if isinstance(body, str | bytes) else json.dumps(body)
    headers = {"accept-language": language}
    if token:
        headers["authorization"] = f"Bearer {token}"
    address = f"/api/v1/metering-points/{make.meter(home).public_id}/{path}"
    return Client().post(address, raw, content_type=kind, headers=headers)


def codes(response):
    return [(error["pointer"], error["code"]) for error in response.json()["errors"]]


def test_new_readings_are_created_and_the_same_again_change_nothing(home, token):
    first = send(home, token, {"readings": [GOOD]})
    again = send(home, token, {"readings": [GOOD, GOOD]})

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() | {"upload": ""} == {
        "upload": "", "received": 1, "created": 1, "unchanged": 0, "revised": 0, "set_aside": 0,
        "rejected": 0, "errors": [], "warnings": [],
    }  # fmt: skip
    assert again.json()["unchanged"] == 2
    assert Reading.objects.count() == 1


def test_another_value_is_a_new_version_and_the_old_one_stays(home, token):
    send(home, token, {"readings": [GOOD]})

    answer = send(home, token, {"readings": [{**GOOD, "energy_wh": 260}]})

    assert answer.json()["revised"] == 1
    assert list(Reading.objects.order_by("version").values_list("version", "energy_wh")) == [(1, 250), (2, 260)]


def test_an_estimate_never_replaces_a_measurement(home, token):
    send(home, token, {"readings": [GOOD]})

    worse = send(home, token, {"readings": [{**GOOD, "energy_wh": 1, "quality": "estimated"}]})

    assert worse.json()["unchanged"] == 1
    assert Reading.objects.get().energy_wh == 250


@pytest.mark.parametrize(
    ("row", "code", "field"),
    [
        ({**GOOD, "start": "2026-11-23T12:00:00"}, "naive-timestamp", "start"),
        ({**GOOD, "start": "2026-11-23T12:07:00+01:00"}, "off-grid", "start"),
        ({**GOOD, "start": "2026-11-23T18:00:00Z"}, "future", "start"),
        ({**GOOD, "start": "2009-01-01T00:00:00Z"}, "too-old", "start"),
        ({**GOOD, "start": "9999-12-31T23:00:00-20:00"}, "not-an-instant", "start"),
        ({**GOOD, "start": 12}, "not-an-instant", "start"),
        ({**GOOD, "start": ["2026"]}, "not-an-instant", "start"),
        ({**GOOD, "start": "yesterday"}, "not-an-instant", "start"),
        ({**GOOD, "start": "2026-02-30T00:00:00Z"}, "not-an-instant", "start"),
        ({**GOOD, "energy_wh": -1}, "negative", "energy_wh"),
        ({**GOOD, "energy_wh": 1.5}, "not-an-integer", "energy_wh"),
        ({**GOOD, "energy_wh": True}, "not-an-integer", "energy_wh"),
        ({**GOOD, "energy_wh": 10**12}, "too-large", "energy_wh"),
        ({**GOOD, "energy_wh": 10_000_001}, "too-large", "energy_wh"),
        ({**GOOD, "channel": "sideways"}, "unknown-value", "channel"),
        ({**GOOD, "quality": "guessed"}, "unknown-value", "quality"),
        ({**GOOD, "colour": "red"}, "unknown-field", "colour"),
        ({"channel": "import", "start": GOOD["start"]}, "missing", "energy_wh"),
    ],
)
def test_a_bad_row_is_named_with_field_and_code_and_nothing_is_stored(home, token, row, code, field):
    answer = send(home, token, {"readings": [{**GOOD, "start": "2026-11-23T10:45:00Z"}, row]})

    assert answer.status_code == 422
    assert answer["content-type"] == "application/problem+json"
    assert codes(answer) == [(f"/readings/1/{field}", code)]
    assert not Reading.objects.exists()
    assert not Upload.objects.exists()


def test_every_bad_row_is_listed_up_to_a_hundred(home, token):
    answer = send(home, token, {"readings": [{**GOOD, "energy_wh": "x"}] * 150})

    assert len(answer.json()["errors"]) == 100
    assert answer.json()["detail"].startswith("150 rows")


def test_two_values_for_one_interval_in_one_upload_are_a_contradiction(home, token):
    answer = send(home, token, {"readings": [GOOD, {**GOOD, "energy_wh": 1}]})

    assert codes(answer) == [("/readings/1", "contradiction")]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{", 400),
        ('{"readings": [], "readings": []}', 400),
        ('{"readings": [{"energy_wh": NaN}]}', 400),
        ("[" * 60, 400),
        (b"\xff", 400),
        ("9" * 6_000, 400),
        ("[]", 422),
        ('{"rows": []}', 422),
        (json.dumps({"readings": [GOOD] * 10_001}), 413),
        (b" " * (5 * 1024 * 1024 + 1), 413),
    ],
)
def test_a_body_that_is_not_what_it_should_be_is_refused(home, token, body, status):
    assert send(home, token, body).status_code == status


def test_other_media_types_are_refused(home, token):
    assert send(home, token, "a=1", kind="text/plain").status_code == 415


def test_the_words_follow_the_reader_the_codes_do_not(home, token):
    row = {**GOOD, "energy_wh": -5}

    english = send(home, token, {"readings": [row]}).json()["errors"][0]
    spanish = send(home, token, {"readings": [row]}, language="es").json()["errors"][0]

    assert english["code"] == spanish["code"] == "negative"
    assert english["message"] != spanish["message"]


def test_without_a_valid_token_nobody_enters(home, token):
    revoked = make.token(home)
    revoke_token(token=ApiToken.objects.order_by("-pk").first(), at=NOW)

    for text in ("", "azt_0.0", "nonsense", token + "x", revoked):
        answer = send(home, text, {"readings": [GOOD]})
        assert answer.status_code == 401
        assert "Bearer" in answer["www-authenticate"]


def test_an_expired_token_is_no_token(home, token):
    ApiToken.objects.update(expires_at=NOW)

    assert send(home, token, {"readings": [GOOD]}).status_code == 401


def test_a_token_without_the_scope_is_told_which(home, token):
    ApiToken.objects.update(scopes=["readings:read"])

    answer = send(home, token, {"readings": [GOOD]})

    assert answer.status_code == 403
    assert "readings:write" in answer.json()["detail"]


def test_anothers_meter_looks_like_none(home):
    other = make.home(make.community(slug="otra"), "Zoe", make.tariff("Otra"))

    assert send(home, make.token(other), {"readings": [GOOD]}).status_code == 404


def test_secrets_are_kept_as_hashes_only(home, token):
    row = ApiToken.objects.get()

    assert token.split(".")[1] not in row.secret_hash
    assert token.split("_")[1].split(".")[0] == row.key_id


def test_readings_can_be_read_back_in_a_window(home, token):
    send(home, token, {"readings": [GOOD, {**GOOD, "channel": "export", "energy_wh": 7}]})
    send(home, token, {"readings": [{**GOOD, "energy_wh": 260}]})
    point = f"/api/v1/metering-points/{make.meter(home).public_id}"
    headers = {"authorization": f"Bearer {token}"}

    def get(query):
        return Client().get(f"{point}/readings?{query}", headers=headers)

    rows = get("start=2026-11-23T11:00:00Z&end=2026-11-23T11:15:00Z").json()
    only = get("start=2026-11-23T12:00:00%2B01:00&end=2026-11-23T13:00:00%2B01:00&channel=export").json()

    assert [(row["channel"], row["energy_wh"], row["version"]) for row in rows] == [
        ("export", 7, 1),
        ("import", 260, 2),
    ]
    assert [row["energy_wh"] for row in only] == [7]
    assert get("start=2026-11-23T11:00:00&end=2026-11-23T11:15:00Z").status_code == 400
    assert get("start=2024-01-01T00:00:00Z&end=2026-11-23T11:15:00Z").status_code == 400
    listed = Client().get("/api/v1/metering-points", headers=headers).json()
    assert [row["id"] for row in listed] == [str(make.meter(home).public_id)]


def test_device_reports_are_kept_once_and_only_for_the_homes_own_devices(home, token):
    mine = make.battery(home)
    theirs = make.battery(make.home(home.community, "Zoe", make.tariff("Otra")))
    said = {"device": mine.pk, "at": "2026-11-23T12:00:00+01:00", "soc_wh": 4_000, "energy_wh": -300}

    first = send(home, token, {"states": [said]}, path="device-states")
    again = send(home, token, {"states": [said]}, path="device-states")
    other = send(home, token, {"states": [{**said, "device": theirs.pk}]}, path="device-states")

    assert (first.status_code, again.status_code, other.status_code) == (204, 204, 422)
    assert codes(other) == [("/states/0/device", "unknown-device")]
    assert DeviceState.objects.get().energy_wh == -300


def test_a_report_from_the_future_is_refused_so_that_nobody_is_believed_after_the_token_ends(home, token):
    said = {"device": make.battery(home).pk, "soc_wh": 4_000}
    ahead = [{**said, "at": (NOW + late).isoformat()} for late in (timedelta(minutes=4), timedelta(minutes=6))]

    refused = send(home, token, {"states": ahead}, path="device-states")
    taken = send(home, token, {"states": ahead[:1]}, path="device-states")

    assert (refused.status_code, codes(refused)) == (422, [("/states/1/at", "future")])
    assert taken.status_code == 204
    assert DeviceState.objects.count() == 1


def test_the_description_covers_every_address_without_warnings(client, capsys):
    schema = client.get("/api/v1/schema", headers={"accept": "application/json"})

    assert schema.status_code == 200
    assert {path.rsplit("/", 1)[-1] for path in schema.json()["paths"]} == {
        "metering-points", "readings", "device-states", "plan", "completeness", "meter-files", "{public_id}", "hand-over", "envelope", "congestion", "acknowledgements", "keys",
    }  # fmt: skip
    assert "Warning" not in capsys.readouterr().err
