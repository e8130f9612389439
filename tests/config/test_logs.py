"""What the log says, and what it never says."""

import json
import logging
import os
import subprocess
import sys
from io import StringIO

import pytest
from django.conf import settings
from django.urls import reverse

from config.logs import JsonLine, Line, Redacting, about, redacted
from market import tasks
from tests import factories as make

ROOT = settings.BASE_DIR


@pytest.fixture
def lines():
    """Logs as the site does, and reads the lines of JSON that come of it."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(Redacting())
    handler.setFormatter(JsonLine())
    logging.getLogger("market").addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.getLogger("market").removeHandler(handler)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("meter ES9999000000000001DS0F sent", "meter [CUPS] sent"),
        ("meter es9999000000000001ds", "meter [CUPS]"),
        ("ES 9999 0000 0000 0001 DS 0F", "[CUPS]"),
        ("paid to ES9121000418450200051332.", "paid to [IBAN]."),
        ("es91 2100 0418 4502 0005 1332", "[IBAN]"),
        ("DE89370400440532013000, FR7630006000011234567890189", "[IBAN], [IBAN]"),
        ("to ana.b+x@mail.example.org: no", "to [e-mail]: no"),
        ("azt_12ab34.c0ffee-_~x came", "[token] came"),
        ("Authorization: Bearer abc.def-ghi", "Authorization: Bearer [token]"),
        ("Not Found: /join/s3cr3t-of-ana/", "Not Found: /join/[token]/"),
        ("GET /account/password/reset/key/3-c1x2-9f/ 200", "GET /account/password/reset/key/[token]/ 200"),
        ("GET /account/confirm-email/MQ:1abc:x_-9/ 200", "GET /account/confirm-email/[token]/ 200"),
        (f"'key': 'MQ:1xWp7p:{'tC4I9l0g_-' * 4}abc', 'id': 3", "'key': '[signed]', 'id': 3"),
        ("postgresql://azotea:hunter2@db.example/azotea", "postgresql://azotea:[password]@db.example/azotea"),
        ("{'password': 'two words', 'name': 'x'}", "{'password': [secret], 'name': 'x'}"),
        ('{"new_password1": "two words"}', '{"new_password1": [secret]}'),
        ("POST /x?token=abc&day=3", "POST /x?token=[secret]&day=3"),
        ("contraseña=hunter2", "contraseña=[secret]"),
    ],
)
def test_secrets_are_taken_out(said, kept):
    assert redacted(said) == kept


@pytest.mark.parametrize(
    "harmless",
    [
        "Slot 12345 was not cleared: 4 homes buy 1200 Wh at 90000 µ€/kWh",
        "localhost/log/calle/1: 8 entries do not begin with the 12 that were signed.",
        "root 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "2026-11-23T11:00:00+00:00 tick from 6f1c1f9e-3f0e-4a51-9a34-2b6a1d1f0e11",
        "A token was revoked",
    ],
)
def test_what_is_no_secret_stays(harmless):
    assert redacted(harmless) == harmless


def test_arguments_and_tracebacks_are_redacted_too(lines):
    try:
        raise ValueError("ana@example.org has password=hunter2")
    except ValueError:
        logging.getLogger("market.x").exception("no meter %s of %s", "ES9999000000000001DS0F", "ana@example.org")

    (line,) = lines()
    assert line["message"] == "no meter [CUPS] of [e-mail]"
    assert "ValueError: [e-mail] has password=[secret]" in line["error"]
    assert "hunter2" not in json.dumps(line)


def test_a_line_is_one_line_and_says_when_who_and_about_what(lines):
    with about(slot_id=7), about(community_id=3):
        logging.getLogger("market.x").warning("two\nlines «ñ»")
    logging.getLogger("market.x").warning("later")

    first, later = lines()
    assert first.pop("at").endswith("+00:00")
    assert first == {
        "level": "WARNING", "logger": "market.x", "message": "two\nlines «ñ»", "slot_id": 7, "community_id": 3,
    }  # fmt: skip
    assert "slot_id" not in later


BREAKING = "a\n2026-11-28 INFO market: forged\r\x1b[2J\x00\u2028\u202egnp\tb"


def test_nothing_that_is_said_passes_for_another_plain_line():
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Line())
    log = logging.Logger("market")
    log.addHandler(handler)
    log.warning(BREAKING)
    try:
        raise ValueError(BREAKING)
    except ValueError:
        log.exception("it broke")

    first, second, *more = stream.getvalue().removesuffix("\n").split("\n")
    assert first.endswith("market: a\\x0a2026-11-28 INFO market: forged\\x0d\\x1b[2J\\x00\\u2028\\u202egnp\tb")
    assert second.endswith("market: it broke")
    assert len(more) > 3
    assert all(line.startswith("    ") and line.replace("\t", "").isprintable() for line in more)


@pytest.mark.parametrize("form", [Line, JsonLine])
def test_half_a_letter_is_written_out_and_stops_no_log(form):
    record = logging.LogRecord("market", logging.WARNING, __file__, 1, "half \ud800", (), None)

    assert form().format(record).encode().find(b"half \\ud800") > 0


@pytest.mark.django_db
def test_what_a_task_logs_says_its_slot(lines, monkeypatch):
    def refuse(*, slot_id, at):
        logging.getLogger("market.services.clear").error("not cleared")

    monkeypatch.setattr("market.services.clear.clear_slot", refuse)
    tasks.clear_slot(slot_id=make.slot(make.community()).pk)

    (line,) = lines()
    assert line["task"] == "market.tasks.clear_slot"
    assert isinstance(line["slot_id"], int)


@pytest.mark.django_db
def test_a_request_keeps_the_number_it_came_with_if_it_is_one(client):
    def number(**headers):
        return client.get(reverse("login"), **headers).headers["X-Request-ID"]

    assert number(HTTP_X_REQUEST_ID="01HX-abc_9") == "01HX-abc_9"
    for bad in ("short", "a" * 65, "with space", "line\nbreak", '"quoted"xx', ""):
        assert len(number(HTTP_X_REQUEST_ID=bad)) == 32
    assert number() != number()


@pytest.mark.django_db
def test_what_a_request_logs_bears_its_number(lines, client, monkeypatch):
    def live(request):
        logging.getLogger("market.x").warning("seen")
        raise AssertionError("on purpose")

    monkeypatch.setattr("market.views.operations.slots_to_clear", live)
    client.raise_request_exception = False
    client.get("/health/ready", HTTP_X_REQUEST_ID="abcdefgh")
    assert lines()[-1]["request_id"] == "abcdefgh"


PLAIN = """
import django, logging
django.setup()
from django.http import HttpResponse
from django.test import RequestFactory
from config.logs import RequestId, about
def answer(request):
    with about(slot_id=7):
        logging.getLogger("market").error("not cleared for %s", "ana@example.org")
    logging.getLogger("market").error("seen")
    return HttpResponse()
RequestId(answer)(RequestFactory().get("/", headers={"x-request-id": "abcdefgh"}))
logging.getLogger("market").error("later")
"""


def test_a_plain_line_says_its_request_and_its_slot_too():
    environment = {name: value for name, value in os.environ.items() if name != "LOG_FORMAT"}

    done = subprocess.run(
        [sys.executable, "-c", PLAIN], cwd=ROOT, capture_output=True, text=True, check=True,
        env={**environment, "DJANGO_SETTINGS_MODULE": "config.settings"},
    )  # fmt: skip

    assert [line.partition(" ERROR ")[2] for line in done.stderr.splitlines()] == [
        "market [request_id=abcdefgh slot_id=7]: not cleared for [e-mail]",
        "market [request_id=abcdefgh]: seen",
        "market: later",
    ]


@pytest.mark.parametrize("name", ["market", "django.request", "django.server", "gunicorn.access", "celery.task"])
def test_the_site_logs_json_when_told_so_whoever_speaks(name):
    program = (
        "import django, logging; django.setup();"
        f"logging.getLogger({name!r}).error('of %s', 'ana@example.org', extra={{'status_code': 500}})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "LOG_FORMAT": "json", "DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert [json.loads(line)["message"] for line in done.stderr.splitlines()] == ["of [e-mail]"]


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "piece", ["9", "token", "a-", "a.b+", "password=", "x@", "a@b.", "a:aaaaaa:", "://a", "AA11 AAAA ", "Bearer "]
)
def test_no_text_keeps_the_log_busy(piece):
    """Looked at anew from each of its letters, a word of this length would take hours."""
    assert redacted(piece * (500_000 // len(piece)))
