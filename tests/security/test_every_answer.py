"""Every page that anybody can reach, read as a browser reads it: nothing inline, nothing from elsewhere, every header.

Looking at it changes nothing.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch
from uuid import uuid4

import pytest
from celery.app.task import Task
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from config import clock
from config.middleware.headers import ALWAYS, OPERATOR_POLICY, POLICY
from tests import factories as make
from tests.market.test_query_counts import NOW, addresses
from tests.security.crawl import is_page, lived_in, read, walk

pytestmark = pytest.mark.django_db

HARDENED = {
    "allowEval": False,
    "allowScriptTags": False,
    "includeIndicatorStyles": False,
    "selfRequestsOnly": True,
    "historyCacheSize": 0,
}
# The one page that cannot do without: Swagger UI sets style attributes and makes elements of text.
TRY_IT_POLICY = OPERATOR_POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")


def policy_of(answer):
    place = answer.wsgi_request.resolver_match
    if place is None:
        return POLICY
    if place.url_name == "api-docs":
        return TRY_IT_POLICY
    return OPERATOR_POLICY if place.app_names == ["admin"] else POLICY


def lacking(answer):
    """Headers that this answer should bear and does not, with what it bears instead."""
    wanted = {**ALWAYS, "Content-Security-Policy": policy_of(answer)}
    found = {name: answer.get(name) for name, value in wanted.items() if answer.get(name) != value}
    if "no-store" not in answer.get("Cache-Control", ""):
        found["Cache-Control"] = answer.get("Cache-Control")
    kind = answer.get("Content-Type", "")
    if answer.content and (not kind or (kind.startswith("text/") and "charset=" not in kind)):
        found["Content-Type"] = kind
    if not answer.get("X-Request-ID"):
        found["X-Request-ID"] = None
    return found


# What a look may write: that a session is in use, and that somebody looked at somebody's home.
MAY_WRITE = {"django_session", "community_auditevent"}
# allauth notes the account's own address in its list when that list is first shown.
MAY_WRITE_THERE = {"/account/email/": {"account_emailaddress"}}
WHO = ("nobody", "resident", "admin", "operator")


@dataclass
class Look:
    """What one look at an address found."""

    path: str
    status: int
    lacks: dict
    is_page: bool
    faults: list
    wrote: set
    rang: list


@pytest.fixture(scope="module")
def looks(django_db_setup, django_db_blocker):
    """By who looks, all looks of one walk; the street that they saw is gone before any test begins."""
    with django_db_blocker.unblock(), transaction.atomic(), patch.object(clock, "now", lambda: NOW):
        place = lived_in()
        found = {who: list(looked(place[who])) for who in WHO}
        transaction.set_rollback(True)
    return found


def looked(client):
    before, rung = written(), []
    with patch.object(Task, "apply_async", lambda task, *_, **__: rung.append(task.name)):
        for path, answer in walk(client, [*addresses(), "/operator/", "/nowhere/", "/api/v1/docs"]):
            now = written()
            tables = {name for name in now if now[name] != before.get(name, 0)}
            tables -= MAY_WRITE | MAY_WRITE_THERE.get(path, set())
            shows = is_page(answer) and bool(answer.content)
            faults = faults_of(answer) if shows else []
            yield Look(path, answer.status_code, lacking(answer), shows, faults, tables, list(rung))
            before = now
            rung.clear()


def written():
    """By table, how many rows this transaction has written so far."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables "
            "WHERE n_tup_ins + n_tup_upd + n_tup_del > 0"
        )
        return dict(cursor.fetchall())


def faults_of(answer):
    found = read(answer)
    if policy_of(answer) == POLICY and b"<body" in answer.content and found.htmx != HARDENED:
        found.faults.append(f"htmx: {found.htmx}")
    if policy_of(answer) == TRY_IT_POLICY:
        found.faults.remove("<style>")
    return found.faults


@pytest.mark.parametrize(("who", "least"), [("nobody", 10), ("resident", 40), ("admin", 70), ("operator", 60)])
def test_no_page_has_anything_inline_or_from_elsewhere_and_every_answer_bears_the_headers(looks, who, least):
    found = looks[who]

    assert [one.path for one in found if one.status >= 500] == []
    assert {one.path: one.faults for one in found if one.faults} == {}
    assert {one.path: one.lacks for one in found if one.lacks} == {}
    assert sum(one.is_page for one in found) >= least


def test_what_a_transaction_wrote_is_counted():
    before = written()
    street = make.community()
    street.name = "Otra"
    street.save()

    assert written()["community_community"] == before.get("community_community", 0) + 2


@pytest.mark.parametrize(("who", "least"), [("nobody", 60), ("resident", 80), ("admin", 120), ("operator", 130)])
def test_looking_writes_nothing_and_rings_no_bell(looks, who, least):
    found = looks[who]

    assert {one.path: (one.wrote, one.rang) for one in found if one.wrote or one.rang} == {}
    assert len(found) >= least


def test_an_answer_that_refuses_bears_the_headers_too(client, settings):
    """Before the address is looked at, because of the sender, of the body, of the method, or by an accident."""
    settings.DEBUG = False
    home = make.home(make.community(), "Ana", make.tariff())
    readings = reverse("api-readings", args=[make.meter(home).public_id])
    client.raise_request_exception = False
    strict, member = Client(enforce_csrf_checks=True), Client()
    member.force_login(make.member(home.community, "Eva").user)

    answers = {
        400: client.get("/login/", headers={"host": "evil.example"}),
        401: client.get(readings),
        403: strict.post("/login/"),
        404: client.get("/nowhere/"),
        405: member.post("/proof/verify_receipt.py"),
        413: client.post("/login/", headers={"content-length": str(2**40)}),
        415: client.post(readings, b"x", "text/plain", headers={"authorization": f"Bearer {make.token(home)}"}),
    }

    assert {status: answer.status_code for status, answer in answers.items()} == {one: one for one in answers}
    assert {status: lacking(answer) for status, answer in answers.items() if lacking(answer)} == {}


def test_an_accident_and_a_lock_bear_the_headers_and_say_nothing_of_what_happened(client, monkeypatch):
    client.raise_request_exception = False
    user = make.member(make.community(), "Ana").user
    client.force_login(user)

    def accident(*_args, **_kwargs):
        raise ValueError("SELECT secret FROM somewhere")

    monkeypatch.setattr("community.views.more.page", accident)
    broken = client.get("/more/")

    assert broken.status_code == 500
    assert lacking(broken) == {}
    assert b"secret" not in broken.content
    assert b"Traceback" not in broken.content


def test_the_way_to_https_bears_the_headers(settings):
    settings.SECURE_SSL_REDIRECT = True

    moved = Client().get("/login/")

    assert (moved.status_code, moved["location"]) == (301, "https://testserver/login/")
    assert lacking(moved) == {}


@pytest.mark.django_db
def test_who_speaks_to_the_api_without_encryption_is_refused_and_not_led_on(settings, client):
    settings.SECURE_SSL_REDIRECT = True
    path = reverse("api-readings", args=[uuid4()])

    for answer in (client.get(path), client.post(path, "{}", content_type="application/json")):
        assert answer.status_code == 403
        assert answer["content-type"] == "application/problem+json"
        assert "https" in answer.json()["detail"]
        assert not [name for name in ALWAYS if name not in answer.headers]
    assert client.get("/api/v1/docs").status_code == 301
    assert client.get(path, secure=True).status_code == 401


def test_over_https_the_browser_is_told_to_stay_there_for_a_year(settings):
    settings.SECURE_HSTS_SECONDS, settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = 31_536_000, True

    for path in ("/login/", "/nowhere/", "/static/js/azotea.js", "/health/live"):
        answer = file(Client(), path, secure=True)
        assert answer["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains", path


def file(client, path, method="get", **more):
    """A file's answer, read and closed."""
    answer = getattr(client, method)(path, **more)
    if answer.streaming:
        b"".join(answer.streaming_content)
    answer.close()
    return answer


@pytest.mark.parametrize("path", ["js/azotea.js", "js/trusted-types.js", "css/base.css", "img/azotea.svg"])
def test_files_bear_the_headers_and_may_be_kept(client, path):
    answer = file(client, f"/static/{path}")

    assert answer.status_code == 200
    assert {name: answer.get(name) for name in ALWAYS} == ALWAYS
    assert answer["Content-Security-Policy"] == POLICY
    assert "max-age" in answer["Cache-Control"]
    assert "Cookie" not in answer.get("Vary", "")


def test_who_leaves_leaves_no_page_in_the_browser_and_it_still_remembers_the_log(client):
    client.force_login(make.member(make.community(), "Ana").user)

    assert "Cookie" in client.get("/more/")["Vary"]
    left = client.post("/logout/")

    assert left["Clear-Site-Data"] == '"cache"'


def test_scripts_keep_nothing_in_the_browser_but_heads_of_the_log():
    """What a log-out does not wipe away may hold nothing of anybody."""
    stores = re.compile(r"localStorage|sessionStorage|indexedDB|caches\.open|document\.cookie")
    scripts = sorted((Path(__file__).parents[2] / "static/js").glob("*.js"))

    assert [one.name for one in scripts if stores.search(one.read_text())] == ["heads.js", "sw.js"]


def test_pages_may_ask_a_device_for_nothing_but_passkeys(client):
    policy = dict(part.split("=") for part in client.get("/login/")["Permissions-Policy"].split(", "))

    assert {"camera", "microphone", "geolocation", "payment", "usb"} <= policy.keys()
    assert {name for name, who in policy.items() if who == "(self)"} == {
        "publickey-credentials-create",
        "publickey-credentials-get",
    }
    assert set(policy.values()) == {"()", "(self)"}


def test_no_answer_invites_another_site(client):
    home = make.home(make.community(), "Ana", make.tariff())
    readings = reverse("api-readings", args=[make.meter(home).public_id])

    for path in ("/login/", readings, "/api/v1/schema", "/static/js/azotea.js"):
        for method in ("get", "options"):
            answer = file(client, path, method, headers={"origin": "https://evil.example"})
            assert not [name for name in answer.headers if name.lower().startswith("access-control-")], path
