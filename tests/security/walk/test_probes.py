"""What an outside tester would try in addresses and forms: letters that are none, numbers that end nowhere, dates that never were, names that
lead elsewhere. Each is refused with a word, and never breaks the site.

Every value is tried on some place; `AZOTEA_PROBES=all` tries each on every one."""

import os
import re
from pathlib import Path
from urllib.parse import quote

import pytest
from django import forms
from django.db import transaction
from django.test import Client

from tests.security.walk.routes import ROUTES, address
from tests.security.walk.test_forms import pages_with_forms, typed

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(120)]
HUGE = "9" * 20
ENDLESS = "9" * 5_000  # more digits than Python turns into a number
VALUES = [
    "", "-1", "0", HUGE, ENDLESS, "٣", "²", "１", "1e9", "NaN", "\x00", "x\x00y", "'", "' OR 1=1--", "../../etc/passwd",
    "%2e%2e%2f", "<script>", "{{7*7}}", "\ud7ff\uffff", "a\r\nSet-Cookie: x=1", "x" * 5_000, "2026-99", "2026-13",
    "0000-00", "9999-12", "10000-01", "2026-02-30", "9999-12-31", "0001-01-01", "2026-11-23T11:00:00+99:99",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "9999-12-31T2359Z", "0001-01-01T0000Z", "[]", "null",
]  # fmt: skip


# Of a long list every third is taken, beginning with another one at each place.
ONE_OF = 1 if os.environ.get("AZOTEA_PROBES") == "all" else 3


def some(values, place):
    return list(values)[place % ONE_OF :: ONE_OF]


def visitor(world, kind):
    # A fault of the site is an answer here, as for any visitor.
    client = Client(raise_request_exception=False, headers={"accept-language": "en"})
    client.force_login(world.users[kind])
    return client


def fetch(client, method, path, body=None, **more):
    with transaction.atomic():
        answer = getattr(client, method)(path, body, **more)
        if answer.streaming:
            b"".join(answer.streaming_content)
        transaction.set_rollback(True)
    return answer


def broken(client, calls):
    """The calls whose answer is a fault of the site."""
    found = {}
    for path, body in calls:
        answer = fetch(client, "get" if body is None else "post", path, body)
        if answer.status_code >= 500:
            found[path[:120], str(body)[:120]] = answer.status_code
    return found


# Which parameters a page reads; others it would not look at.
READ = {
    "market": ("home", "d"), "energy": ("home", "d", "v", "unit"), "energy-csv": ("home", "d", "v", "unit"),
    "home": ("home", "d"), "slot": ("home", "w"), "receipt": ("home",), "mandate": ("home",), "months": ("home", "m"),
    "statement": ("home", "day"), "statement-file": ("home",), "month-csv": ("home",), "virtual-battery": ("home",),
    "my-sharing": ("home",), "bank-account": ("home",), "my-log": ("p",), "audit": ("m", "p", "what"),
    "audit-csv": ("m", "what"), "community-day": ("d",), "cables": ("t", "p"), "closing": ("m",), "sharing": ("m",),
    "completeness": ("m",), "published-prices": ("m",), "new-pilot": ("homes",), "new-offer": ("preset",),
    "when": (
        "home", "length", "length=60&by=2026-11-24T08:00&power", "length=60&power=1&by",
        "length=60&power=1&by=2026-11-24T08:00&sort", "sort",
    ),
    "manifest": ("lang",), "proof": ("slots",), "roles": ("member", "member=1&role", "role"),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_whatever_a_query_says_the_site_answers(world, name):
    path = address(name, world.here.things)
    place = list(READ).index(name)
    calls = [
        (f"{path}?{key}={quote(value)}", None)
        for turn, key in enumerate(READ[name])
        for value in some(VALUES, place + turn)
    ]

    assert broken(visitor(world, "admin"), calls) == {}


def test_what_pages_read_of_a_query_is_what_is_tried(world):
    """No page reads a parameter that is not in the table above."""
    found = set()
    for app in ("community", "metering", "market"):
        for file in (Path(__file__).parents[3] / app).rglob("*.py"):
            if "/tests/" not in str(file):
                found |= set(re.findall(r'(?:GET|query)\.get\("(\w+)"', file.read_text()))
    known = {key for keys in READ.values() for key in keys}

    assert found - known <= {"name", "dialect", "metering_point"}, "of the API"


@pytest.mark.parametrize("value", ["0", HUGE, "9" * 4_400, "%D9%A3", "%00", "..%2f..%2fetc%2fpasswd", "-1", "1.0"])
def test_no_number_or_name_in_an_address_breaks_the_site(world, value):
    calls = []
    for name, asks in ROUTES.items():
        if name.startswith(("api-", "log")) or not (asks.things or asks.rest):
            continue
        path = address(name, world.here.things)
        for part in [
            *(str(world.here.things[kind]) for kind in asks.things.values()),
            *map(str, asks.rest.values()),
        ]:
            if part in path:
                calls += [(path.replace(part, value, 1), body) for body in (None, {})]
    assert len(calls) > 40
    assert broken(visitor(world, "owner"), calls) == {}


MONTHS = [
    "0-0",
    "2026-0",
    "2026-13",
    "0000-01",
    "0001-01",
    "9999-12",
    "10000-1",
    f"{HUGE}-1",
    f"2026-{HUGE}",
    "2026-00011",
]


@pytest.mark.parametrize("month", MONTHS)
def test_a_month_that_never_was_is_not_found(world, month):
    client = visitor(world, "owner")
    paths = [address(name, world.here.things) for name, asks in ROUTES.items() if "month" in asks.rest]
    calls = [(path.replace("2026-11", month), body) for path in paths for body in (None, {})]

    assert len(paths) >= 9
    assert broken(client, calls) == {}


@pytest.mark.parametrize(
    "path",
    ["0/000/../000", "../../../etc/passwd", "0/x001/000", "9/000", "99/000", f"{HUGE}/000", "0/000.p/0", "0/000.p/256",
     f"0/000.p/{HUGE}", f"0/000.p/{ENDLESS}", "0/000.p/٣", "٣/000", "entries/" + "x999/" * 40 + "999",
     "0/" + "x999/" * 40 + "999", "0/" + "x999/" * 2_000 + "999", "entries/000.p/\x00", "%00/000", "entries", "", "-1/000"],
)  # fmt: skip
def test_tiles_lead_nowhere_else(world, path):
    answer = fetch(visitor(world, "resident"), "get", "/log/tile/" + quote(path, safe="/%"))

    assert answer.status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/static/../config/settings/__init__.py", "/static/%2e%2e/config/settings/__init__.py", "/static/..%2fconfig/settings/__init__.py",
     "/static/%2e%2e%2f%2e%2e%2fetc/passwd", "/static//etc/passwd", "/static/css/%00.css", "/static/" + "a/" * 2_000,
     "/%00", "/%ff", "/x" * 3_000, "/favicon.ico/%2e%2e"],
)  # fmt: skip
def test_files_beside_the_static_ones_are_not_served(world, path):
    answer = fetch(Client(raise_request_exception=False), "get", path)

    assert answer.status_code in {301, 302, 400, 404}
    assert "SECRET_KEY" not in answer.content.decode(errors="replace")


TEXTS = ("x\x00y", "x" * 100_000, "\uffff")
NUMBERS = ("1" * 5_000, HUGE, f"-{HUGE}", "1e400", "NaN", "٣")
DAYS = ("9999-12-31", "0001-01-01", "9999-12-31T23:59", "0001-01-01T00:00")


def odd_values(field):
    if isinstance(field, forms.DateField | forms.DateTimeField):
        return (*DAYS, "x\x00y")
    if isinstance(field, forms.IntegerField | forms.DecimalField):
        return NUMBERS
    return (*TEXTS, *NUMBERS[:2]) if isinstance(field, forms.CharField) else ("x\x00y", NUMBERS[0])


@pytest.mark.parametrize("kind", ["admin", "resident"])
def test_whatever_stands_in_a_field_the_site_answers(world, kind):
    """One field of every sort of every form with what it cannot mean, the rest as it stands; every date's field."""
    found, tried = {}, 0
    for client, name, form in pages_with_forms(world, kind):
        client.raise_request_exception = False
        path, body, seen = address(name, world.here.things), typed(form), set()
        for bound in form:
            sort = type(bound.field)
            if sort in seen and not isinstance(bound.field, forms.DateField | forms.DateTimeField):
                continue
            seen.add(sort)
            for value in some(odd_values(bound.field), tried):
                answer = fetch(client, "post", path, body | {bound.html_name: value})
                tried += 1
                if answer.status_code >= 500:
                    found[name, bound.name, ascii(value[:24])] = answer.status_code
    assert not found, found
    assert tried > 40
