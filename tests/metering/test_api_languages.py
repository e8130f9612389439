"""What the API says is said in the language that is asked for: the code stays, the words follow."""

import gzip
import json
import re
from unittest.mock import patch

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.test import Client

from config.api.words import PARTS
from metering.api import rate_limits
from metering.models import ApiToken
from tests import factories as make
from tests.metering.test_api import GOOD, NOW
from tests.metering.test_meter_keys import name_of, signed

pytestmark = pytest.mark.django_db
LANGUAGES = [code for code, _name in settings.LANGUAGES]
JSON, CSV = "application/json", "text/csv"
ROWS = json.dumps({"readings": [GOOD]})
STATES = {
    "no-number": {"device": "x", "at": GOOD["start"]},
    "half-a-truth": {"device": 1, "at": GOOD["start"], "plugged_in": 1},
    "two-lines": {"device": 1, "at": GOOD["start"], "model": "a\nb"},
}
# Words that neither Spanish nor Catalan has.
ENGLISH = re.compile(r"\b(the|of|is|with|not|expecting|unexpected|exceeds|field|line)\b", re.IGNORECASE)
# What is sent to the readings of a metering point, by what is wrong with it.
BODIES = {
    "no-json": ('{"readings": [', JSON, {}),
    "no-utf-8": (b"\xff", JSON, {}),
    "no-utf-8-table": (b"\xff", CSV, {}),
    "half-a-letter": (r'{"a": "\ud800"}', JSON, {}),
    "nan": ('{"a": NaN}', JSON, {}),
    "long-number": ('{"a": ' + "9" * 5_000 + "}", JSON, {}),
    "twice": ('{"a": 1, "a": 1}', JSON, {}),
    "deep": ("[" * 20, JSON, {}),
    "no-list": ("{}", JSON, {}),
    "open-quote": ('channel,start,energy_wh\n"import', CSV, {}),
    "name-twice": ("channel,channel\n", CSV, {}),
    "other-type": ("x", "text/html", {}),
    "no-gzip": ("x", JSON, {"content-encoding": "gzip"}),
    "other-packing": ("x", JSON, {"content-encoding": "br"}),
    "twice-packed": (gzip.compress(gzip.compress(b"{}")), JSON, {"content-encoding": "gzip"}),
    "no-type": (ROWS, JSON, {"accept": "image/png"}),
    "long-key": (ROWS, JSON, {"idempotency-key": "k" * 500}),
}
ROWS_AT_FAULT = [
    1, {}, {**GOOD, "x": 1}, {**GOOD, "channel": "up"}, {**GOOD, "energy_wh": "1"}, {**GOOD, "energy_wh": 10**12},
    {**GOOD, "energy_wh": -1}, {**GOOD, "start": "yesterday"}, {**GOOD, "start": "2026-11-23T12:00:00"},
    {**GOOD, "start": "2026-11-23T12:07:00Z"}, {**GOOD, "start": "2030-01-01T00:00:00Z"},
    {**GOOD, "start": "1999-01-01T00:00:00Z"}, {**GOOD, "energy_wh": 2**30},
]  # fmt: skip
QUERIES = ["", "?start=x&end=y", "?start=2026-11-23T00:00:00Z&end=2020-01-01T00:00:00Z"]
WINDOW = "start=2026-11-23T00:00:00Z&end=2026-11-24T00:00:00Z"
QUERIES += [f"?{WINDOW}&{more}" for more in ("channel=up", "resolution=P1W", "limit=0", "cursor=x", "as_of=x")]


@pytest.fixture(autouse=True)
def _clock():
    with (
        patch("metering.api.views.now", lambda: NOW),
        patch("metering.api.authentication.now", lambda: NOW),
        patch("metering.api.files.now", lambda: NOW),
        patch("market.api.acknowledgements.now", lambda: NOW),
    ):
        yield


@pytest.fixture
def home():
    return make.home(make.community(uploads_per_minute=600), "Ana", make.tariff())


@pytest.fixture
def say(home):
    """The answers to one call, in every language of the site."""
    token = make.token(home)

    def say(method, path, body=None, kind=JSON, *, token=token, **headers):
        if token:
            headers["authorization"] = f"Bearer {token}"
        path = path.replace("METER", f"metering-points/{make.meter(home).public_id}")
        body = json.dumps(body) if isinstance(body, dict) else body
        return [
            Client().generic(
                method, f"/api/v1/{path}", body or b"", kind, headers={**headers, "accept-language": code}
            )
            for code in LANGUAGES
        ]

    return say


def words(answer):
    """What a person reads of an answer."""
    told = answer.json()
    return [line.partition(": ")[2] if ": " in line else line for line in [told["detail"]]] + [
        error["message"] for error in told.get("errors", [])
    ]


def assert_each_says_it_in_its_language(answers):
    assert len({answer.status_code for answer in answers}) == 1
    assert answers[0].status_code >= 400
    assert len({answer.json()["code"] for answer in answers}) == 1
    assert [answer["content-language"] for answer in answers] == LANGUAGES
    for said in zip(*map(words, answers), strict=True):
        assert len(set(said)) == len(LANGUAGES), said
        assert [
            one for code, one in zip(LANGUAGES, said, strict=True) if code != "en" and ENGLISH.search(one)
        ] == []


@pytest.mark.parametrize("fault", BODIES)
def test_a_body_that_cannot_be_read_is_refused_in_the_readers_language(say, fault):
    body, kind, headers = BODIES[fault]

    assert_each_says_it_in_its_language(say("POST", "METER/readings", body, kind, **headers))


def test_each_fault_of_a_row_is_named_in_the_readers_language(say):
    answers = say("POST", "METER/readings", {"readings": ROWS_AT_FAULT})

    assert {error["row"] for error in answers[0].json()["errors"]} == {*range(len(ROWS_AT_FAULT))}
    assert_each_says_it_in_its_language(answers)


@pytest.mark.parametrize("state", STATES)
def test_each_fault_of_a_report_is_named_in_the_readers_language(say, state):
    assert_each_says_it_in_its_language(say("POST", "METER/device-states", {"states": [STATES[state]]}))


@pytest.mark.parametrize(
    "answer",
    [
        {"answer": "changed"}, {"answer": "accepted", "energy_wh": 1}, {"answer": "accepted", "reason": 7},
        {"answer": "accepted"}, {"answer": "perhaps"},
    ],
)  # fmt: skip
def test_each_fault_of_an_acknowledgement_is_named_in_the_readers_language(say, answer):
    row = {"device": 7, "start": GOOD["start"], "version": "v", **answer}

    assert_each_says_it_in_its_language(say("POST", "METER/acknowledgements", {"acknowledgements": [row]}))


@pytest.mark.parametrize("query", QUERIES)
def test_a_bad_query_is_refused_in_the_readers_language(say, query):
    assert_each_says_it_in_its_language(say("GET", f"METER/readings{query}"))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "METER/readings"), ("GET", "METER/completeness"), ("GET", "METER/congestion?month=x"),
        ("GET", "METER/plan"), ("GET", "METER/envelope"), ("POST", "hand-over"), ("POST", "meter-files"),
        ("POST", "meter-files?dialect=x"), ("POST", "METER/keys"), ("GET", "metering-points/not-mine"),
        ("GET", "meter-files/00000000-0000-0000-0000-000000000000"),
    ],
)  # fmt: skip
def test_what_an_address_refuses_is_said_in_the_readers_language(say, method, path):
    if path.endswith("not-mine"):
        path = "metering-points/00000000-0000-0000-0000-000000000000/readings"

    assert_each_says_it_in_its_language(say(method, path))


@pytest.mark.parametrize("text", ["", "azt_0123456789ab.secret"])
def test_without_a_token_that_holds_it_is_said_in_the_readers_language(say, text):
    assert_each_says_it_in_its_language(say("GET", "metering-points", token=text))


def test_a_lacking_scope_is_named_in_the_readers_language(say):
    ApiToken.objects.update(scopes=[ApiToken.Scope.STATES_WRITE])

    assert_each_says_it_in_its_language(say("GET", "metering-points"))


@pytest.mark.parametrize("told", [
    {"did": "did:web:x", "signature": "AAAA"}, {"did": "did:key:z6Mk", "signature": "é"},
    {"did": [1], "signature": [1]}, {"did": None, "signature": ""}, {"did": "x" * 99, "signature": "x" * 99},
])  # fmt: skip
def test_a_key_that_cannot_be_registered_is_refused_in_the_readers_language(say, told):
    assert_each_says_it_in_its_language(say("POST", "METER/keys", told))


def test_a_key_that_signed_something_else_is_refused_in_the_readers_language(say):
    key = Ed25519PrivateKey.generate()

    assert_each_says_it_in_its_language(
        say("POST", "METER/keys", {"did": name_of(key), "signature": signed(key, b"else")})
    )


def test_too_many_calls_are_told_in_the_readers_language(say, monkeypatch):
    full = rate_limits.Bucket("uploads", 60, 0, 60, 30)
    monkeypatch.setattr(rate_limits.RateLimit, "allow_request", lambda *_: False)
    monkeypatch.setattr(rate_limits.RateLimit, "wait", lambda *_: float(full.next_seconds))

    answers = say("GET", "metering-points")

    assert_each_says_it_in_its_language(answers)
    assert all("30" in answer.json()["detail"] for answer in answers)


def test_what_is_doubted_of_stored_readings_is_told_in_the_readers_language(say):
    answers = say("POST", "METER/readings", {"readings": [{**GOOD, "energy_wh": 50_000}]})

    told = [answer.json()["warnings"][0]["message"] for answer in answers]
    assert len(set(told)) == len(LANGUAGES)


def described(part):
    """Every description and summary of an OpenAPI document."""
    for key, value in part.items() if isinstance(part, dict) else enumerate(part):
        if isinstance(value, dict | list):
            yield from described(value)
        elif key in PARTS:
            yield value


# What is the same in every language, and lists of codes, whose labels are the site's own words.
IN_NONE = ("base64", "* `")


def test_the_apps_description_of_the_api_is_in_the_readers_language():
    told = []
    for code in LANGUAGES:
        answer = Client().get("/api/v1/schema", headers={"accept-language": code, "accept": "application/json"})
        told.append([one for one in described(answer.json()) if one and not one.startswith(IN_NONE)])

    assert len(told[0]) > 80
    assert [said for said in zip(*told, strict=True) if len(set(said)) < len(LANGUAGES)] == []
