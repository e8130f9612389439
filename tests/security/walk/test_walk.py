"""Every address, by everybody, to every object: nothing of another street, home or role is shown or changed."""

import io
import itertools
import re
import zipfile

import pytest
from django.db import transaction
from django.test import Client

from community.roles import Can
from tests.security.walk.routes import (
    MAY_BE_MISSING,
    MEMBER,
    OF_ACCOUNTS,
    OPERATOR,
    OVER_ALL,
    ROUTES,
    address,
    may_enter,
    named,
    reaches,
)
from tests.security.walk.world import PEOPLE

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(120)]
KINDS = [*PEOPLE, "left", "operator", "anonymous"]
PAGES = {name: asks for name, asks in ROUTES.items() if not name.startswith("api-")}


@pytest.fixture(autouse=True)
def _somebody_to_write_to(settings):
    settings.SECURITY_CONTACT = "mailto:security@example.org"


def visitor(world, kind):
    client = Client(headers={"accept-language": "en"})
    if kind != "anonymous":
        client.force_login(world.users[kind])
    return client


def call(client, method, path, body=None, **more):
    """The answer; whatever it changed is undone."""
    with transaction.atomic():
        answer = getattr(client, method.lower())(path, body or {}, **more)
        answer.said = told(answer)
        transaction.set_rollback(True)
    return answer


def told(answer):
    """All that an answer says, what is packed inside it as well."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    headers = "\n".join(answer.headers.values())
    if body[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            body = b"\n".join(packed.read(name) for name in packed.namelist())
    return headers + body.decode("utf-8", "replace")


def objects(world, where):
    """What an address may name, as the walkers see it: their own, their neighbour's, the other street's."""
    here, there = world.here, world.there
    return {
        "mine": here.things,
        "neighbours": here.things | here.neighbours,
        "theirs": there.things,
    }[where]


def inside(answer, name):
    """Whether somebody was let in: no refusal, and no way to a door."""
    if answer.status_code == 302:
        return name == "logout" or not re.match(
            r"/login/|/account/second-factor/|/account/reauthenticate/", answer["location"]
        )
    missing = answer.status_code == 404 and name in MAY_BE_MISSING
    return missing or answer.status_code in {200, 201, 202, 204, 207, 400, 409, 410, 422}


def expected(asks, kind, where, method):
    """The status that a refusal has; None for whoever may come in."""
    need = asks.post if asks.post and method == "POST" and may_enter(asks.need, kind) else asks.need
    if asks is ROUTES["home"] and kind == "operator":
        return None  # who runs the site is led to its own pages
    if not may_enter(need, kind):
        return 302 if kind == "anonymous" or need == OPERATOR else 403
    return None if reaches(asks, kind, where) else 404


def places(asks):
    return ("mine", "neighbours", "theirs") if asks.things else ("mine",)


def test_every_route_is_in_the_table():
    known = {name for name, _pattern in named() if not name.startswith(("admin:", "favicon.ico", *OF_ACCOUNTS))}

    assert known == set(ROUTES)


@pytest.mark.parametrize("kind", KINDS)
def test_pages_open_to_whom_the_table_says_and_to_their_own_objects_only(world, kind):
    client, wrong = visitor(world, kind), {}
    for name, asks in PAGES.items():
        for where in places(asks):
            path = address(name, objects(world, where))
            for method in ("GET", "POST"):
                answer, refusal = call(client, method, path), expected(asks, kind, where, method)
                if method not in asks.methods and refusal is None:
                    refusal = 405
                good = inside(answer, name) if refusal is None else answer.status_code == refusal
                if not good and not (refusal in {403, 404} and answer.status_code == 405):
                    wrong[method, path, where] = (answer.status_code, answer.get("location"), refusal)
                if not (kind == "operator" and name in OVER_ALL):
                    wrong |= leaks(world, kind, where, f"{method} {path}", answer.said)
    assert not wrong, "\n".join(f"{k}: {v}" for k, v in wrong.items())


def leaks(world, kind, where, what, text):
    """Words of the other street in any answer, and the neighbour's private ones in those to residents and strangers.
    What was asked for may come back; what stands behind it may not."""
    words = world.secrets | (world.private if kind in {"resident", "left", "anonymous"} else frozenset())
    found = sorted(word for word in words if says(text, word) and word not in what)
    return {(what, "leaks"): found} if found else {}


def says(text, word):
    """Whether the word stands there, and not inside of a longer number or key."""
    return word in text and re.search(rf"(?<![\w.,-]){re.escape(word)}(?![\w-])", text) is not None


OF_A_HOME = ["home", "market", "when", "energy", "energy-csv", "slot", "receipt", "mandate", "months", "statement", "statement-file", "month-csv",
             "yesterday", "virtual-battery", "my-sharing", "agree-sharing", "gestor", "bank-account"]  # fmt: skip


@pytest.mark.parametrize("where", ["neighbours", "theirs"])
@pytest.mark.parametrize("kind", ["owner", "admin", "billing", "reader", "resident"])
def test_a_home_that_is_not_ones_own_is_not_found(world, kind, where):
    """By whatever role: `?home=` names one's own homes only."""
    client, wrong = visitor(world, kind), {}
    home = objects(world, where)["home"]
    for name in OF_A_HOME:
        path = f"{address(name, world.here.things)}?home={home}"
        for method in ROUTES[name].methods:
            answer = call(client, method, path)
            if answer.status_code != 404:
                wrong[method, path] = answer.status_code
            wrong |= leaks(world, "resident", where, path, answer.said)
    assert not wrong, wrong


@pytest.mark.parametrize("kind", ["admin", "anonymous"])
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_no_other_method_does_more_than_the_two(world, kind, method):
    client, wrong = visitor(world, kind), {}
    for name, asks in PAGES.items():
        for where in places(asks):
            path = address(name, objects(world, where))
            answer = call(client, method, path)
            # The doors are class-based: they take a PUT as a POST, with the same checks, and tell their methods.
            if answer.status_code not in {302, 403, 404, 405} and name not in {"login", "logout", "security_txt"}:
                wrong[path] = answer.status_code
            wrong |= leaks(world, kind, where, path, answer.said)
    assert not wrong, wrong


def test_looking_at_the_head_says_what_looking_says(world):
    client, wrong = visitor(world, "admin"), {}
    for name, asks in PAGES.items():
        path = address(name, objects(world, "mine"))
        statuses = [call(client, method, path).status_code for method in ("GET", "HEAD")]
        if "GET" in asks.methods and len(set(statuses)) > 1:
            wrong[path] = statuses
    assert not wrong, wrong


@pytest.mark.parametrize("kind", ["owner", "admin", "billing", "reader", "operator"])
def test_no_power_over_others_without_a_second_factor(world, settings, kind):
    settings.SECOND_FACTOR_REQUIRED = True
    client, found = visitor(world, kind), {}
    for name, asks in PAGES.items():
        if asks.need not in {*Can, OPERATOR} or not may_enter(asks.need, kind):
            continue
        for method in asks.methods:
            answer = call(client, method, address(name, objects(world, "mine")))
            found[method, name] = (answer.status_code, answer.get("location"))
    assert len(found) > 1
    assert set(found.values()) == {(302, "/account/second-factor/")}


@pytest.mark.parametrize("kind", ["owner", "admin", "billing", "reader"])
def test_pages_for_everybody_take_whoever_has_no_second_factor_for_a_resident(world, settings, kind):
    settings.SECOND_FACTOR_REQUIRED = True
    client, wrong = visitor(world, kind), {}
    for name, asks in PAGES.items():
        if asks.need != MEMBER:
            continue
        for where, method in itertools.product(places(asks), asks.methods):
            path = address(name, objects(world, where))
            answer = call(client, method, path)
            strange = asks.things and asks.own_of is not None and kind != asks.own_of[where == "neighbours"]
            if answer.status_code >= 500 or (strange and inside(answer, name) and answer.status_code != 404):
                wrong[method, path, where] = answer.status_code
            wrong |= leaks(world, "resident", where, f"{method} {path}", answer.said)
    assert not wrong, "\n".join(f"{k}: {v}" for k, v in wrong.items())


def test_the_walk_sees_a_leak_where_there_is_one(world, monkeypatch):
    """With a hole in the one way from a request to a home, the neighbour's figures are found."""
    hole = world.here.homes["neighbour"]
    monkeypatch.setattr("market.views.mandate.household_of", lambda _request: hole)
    client = visitor(world, "resident")

    found = leaks(world, "resident", "mine", "GET /rules/", call(client, "GET", "/rules/").said)

    assert hole.name in found["GET /rules/", "leaks"]
