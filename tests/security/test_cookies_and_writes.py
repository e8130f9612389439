"""The API knows no cookie; looking changes nothing."""

import pytest
from celery.app.task import Task
from django.db import connection
from django.test import Client
from django.urls import get_resolver

from tests import factories as make
from tests.market.test_query_counts import addresses
from tests.security.crawl import place, walk
from tests.security.test_requests_from_elsewhere import address, routes

__all__ = ["place"]

pytestmark = pytest.mark.django_db

# For everybody: the description, the page that shows it, and the exchange of a code that is itself the secret.
OPEN = {"api/v1/schema", "api/v1/docs", "api/v1/hand-over"}
# What a look may write: that a session is in use, and that somebody looked at somebody's home.
MAY_WRITE = {"django_session", "community_auditevent"}
# allauth notes the account's own address in its list when that list is first shown.
MAY_WRITE_THERE = {"/account/email/": {"account_emailaddress"}}


def api_routes():
    (api,) = [found for found in get_resolver().url_patterns if str(found.pattern) == "api/v1/"]
    return sorted(set(routes(api.url_patterns, "api/v1/", api=True)) - OPEN)


@pytest.mark.parametrize("role", ["owner", "admin"])
def test_a_browser_that_is_logged_in_is_nobody_at_the_api(role):
    browser = Client()
    street = make.community()
    make.home(street, "Azahar 1", make.tariff(), make.member(street, "Marta", role))
    browser.post("/login/", {"username": "marta@example.org", "password": make.PASSWORD})
    assert browser.get("/more/").status_code == 200

    answers = {
        (method, route): getattr(browser, method)(address(route), content_type="application/json").status_code
        for route in api_routes()
        for method in ("get", "post", "put", "patch", "delete")
    }

    assert len(answers) >= 50
    assert {asked: status for asked, status in answers.items() if status != 401} == {}


def test_a_token_opens_no_page_and_makes_no_session():
    street = make.community()
    home = make.home(street, "Azahar 1", make.tariff(), make.member(street, "Ana"))
    gateway = Client(headers={"authorization": f"Bearer {make.token(home)}"})

    heard = gateway.get("/api/v1/metering-points")

    assert heard.status_code == 200
    assert not heard.cookies
    for path in ("/", "/months/", "/account/bank/", "/account/data/"):
        assert gateway.get(path)["location"].startswith("/login/?next="), path


def written():
    """By table, how many rows this test's transaction has written so far."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables "
            "WHERE n_tup_ins + n_tup_upd + n_tup_del > 0"
        )
        return dict(cursor.fetchall())


def test_what_a_transaction_wrote_is_counted():
    before = written()
    street = make.community()
    street.name = "Otra"
    street.save()

    assert written()["community_community"] == before.get("community_community", 0) + 2


@pytest.mark.parametrize(("who", "least"), [("nobody", 60), ("resident", 80), ("admin", 120), ("operator", 130)])
def test_looking_writes_nothing_and_rings_no_bell(place, who, least, monkeypatch):
    rung, found, looked = [], {}, 0
    monkeypatch.setattr(Task, "apply_async", lambda task, *_, **__: rung.append(task.name))

    before = written()
    for path, _answer in walk(place[who], [*addresses(), "/operator/"]):
        looked += 1
        now = written()
        tables = {name for name in now if now[name] != before.get(name, 0)} - MAY_WRITE
        tables -= MAY_WRITE_THERE.get(path, set())
        if tables or rung:
            found[path] = (tables, list(rung))
        before = now
        rung.clear()

    assert found == {}
    assert looked >= least
