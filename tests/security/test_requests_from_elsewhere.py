"""What a stranger's page, a scanner or a forged header can make the site do: nothing."""

import re

import pytest
from django.test import Client
from django.urls import URLResolver, get_resolver

from config.middleware.headers import POLICY
from tests import factories as make

pytestmark = pytest.mark.django_db

MADE_UP = {
    "int": "1",
    "uuid": "01890a5d-ac96-774b-bcce-b302099a8057",
    "str": "x",
    "slug": "x",
    "path": "x",
    "slot_start": "2026-03-02T1000Z",
}


# A mail program has no cookie: the link itself is signed, and ends one kind of letter of one member.
SIGNED = {"letters/end/<str:token>/"}


def routes(patterns=None, before="", *, api=False):
    """Every address of the URL table, in the API or outside, as its written route."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route, api=api)
        elif route.startswith("api/") == api and "^" not in route:
            yield route


def address(route):
    """A made-up address of this route: the token check comes before anything is looked up."""
    return "/" + re.sub(r"<(?:(\w+):)?\w+>", lambda found: MADE_UP[found[1] or "str"], route)


def test_no_page_takes_a_post_without_the_csrf_token():
    stranger = Client(enforce_csrf_checks=True)

    answers = {route: stranger.post(address(route)).status_code for route in routes() if route not in SIGNED}

    assert len(answers) > 50
    assert {route: status for route, status in answers.items() if status != 403} == {}


@pytest.mark.parametrize(
    "path",
    [
        "/.git/HEAD",
        "/.git/config",
        "/.env",
        "/settings.py",
        "/__debug__/",
        "/server-status",
        "/operator/doc/",
        "/static/",
        "/static/js/",
    ],
)
def test_what_scanners_look_for_is_not_there(client, path):
    response = client.get(path, follow=True)

    assert response.status_code == 404 or response.redirect_chain[0][0].startswith("/operator/login/")
    assert response.headers["Content-Security-Policy"] == POLICY
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "testserver.evil.example", "a b", "testserver/x"]
)
def test_a_foreign_host_name_is_refused(client, host):
    assert client.get("/login/", headers={"host": host}).status_code == 400


def test_a_forwarded_host_name_changes_nothing(client):
    response = client.get("/login/", headers={"x-forwarded-host": "evil.example"})

    assert response.status_code == 200
    assert b"evil.example" not in response.content


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_the_language_switch_never_leads_elsewhere(client, elsewhere):
    response = client.post("/language/setlang/", {"language": "en", "next": elsewhere})

    assert response.status_code == 302
    assert response.headers["location"] == "/"


def test_no_address_tells_a_trace_back():
    member = Client()
    member.force_login(make.member(make.community(), "Ana", "owner").user)

    answers = {
        (who, route): client.generic("TRACE", address(route), headers={"x-told": "back-again"})
        for who, client in (("nobody", Client()), ("member", member))
        for route in routes()
    }

    assert not [asked for asked, answer in answers.items() if b"back-again" in answer.content]
    done = {route for (_who, route), answer in answers.items() if answer.status_code == 200}
    assert done <= {"account/signup/"}, "that one says to everything that nobody signs up here"


@pytest.mark.parametrize(("language", "words"), [("es", "ha esperado demasiado"), ("ca", "ha esperat massa")])
def test_a_form_from_before_somebody_else_came_in_is_refused_in_the_sites_own_words(language, words):
    """Who logs in gets another token: a page that was open in the other tab has the old one."""
    browser = Client(enforce_csrf_checks=True, headers={"accept-language": language})
    browser.force_login(make.member(make.community(), "Ana").user)
    browser.get("/rules/")

    answer = browser.post("/rules/", {"csrfmiddlewaretoken": "a" * 64})

    said = answer.content.decode()
    assert answer.status_code == 403
    assert words in said
    assert "<style" not in said
    assert 'href="/"' in said
