"""What happens at the doors is told in the log, without anybody's address or password."""

import json
import logging
from io import StringIO
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from config.logs import JsonLine, Redacting
from tests import factories as make
from tests.community.test_ways_in import code_of, with_app

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana():
    return make.member(make.community(), "Ana")


@pytest.fixture
def told():
    """What the doors said since last asked: outcome, page and user of each line."""
    stream, logger = StringIO(), logging.getLogger("community.door_log")
    handler, level = logging.StreamHandler(stream), logger.level
    handler.addFilter(Redacting())
    handler.setFormatter(JsonLine())
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logger.removeHandler(handler)
    logger.setLevel(level)


def events(lines):
    return [(line["door"], line["page"], line.get("user")) for line in lines]


def log_in(client, password=make.PASSWORD, email="ana@example.org"):
    return client.post("/login/", {"username": email, "password": password})


def test_who_comes_in_and_leaves_is_told(client, ana, told):
    log_in(client)
    client.post("/logout/")

    assert events(told()) == [("came in", "login", ana.user_id), ("left", "logout", ana.user_id)]
    assert all(line["network"] == "127.0.0.0/24" and line["request_id"] for line in told())


def test_wrong_tries_at_one_account_are_seen_to_be_that_and_name_nobody(client, ana, told):
    for email in ("ana@example.org", " ANA@example.org", "nobody@example.org"):
        log_in(client, "not the password", email)

    lines = told()
    assert events(lines) == [("refused", "login", None)] * 3
    assert {line["level"] for line in lines} == {"WARNING"}
    first, second, other = (line["typed"] for line in lines)
    assert first == second != other
    assert "ana" not in json.dumps(lines)
    assert "not the password" not in json.dumps(lines)


def test_a_second_factor_that_is_wrong_is_refused_and_the_right_one_comes_in(client, ana, told):
    secret = with_app(ana.user)
    log_in(client)
    client.post("/account/second-factor/authenticate/", {"code": "000000"})
    client.post("/account/second-factor/authenticate/", {"code": code_of(secret)})

    assert events(told()) == [
        ("done", "login", None),
        ("refused", "mfa_authenticate", None),
        ("came in", "mfa_authenticate", ana.user_id),
    ]


def test_what_is_refused_inside_and_at_the_api_is_told_with_whom(client, ana, told):
    client.force_login(ana.user)
    client.get("/neighbours/")
    Client().get(reverse("api-readings", args=[uuid4()]), headers={"authorization": "Bearer azt_nobody.s3cret"})

    lines = told()
    assert events(lines)[0] == ("refused", "members", ana.user_id)
    assert events(lines)[1] == ("refused", "api-readings", None)
    assert "s3cret" not in json.dumps(lines)


def test_a_form_without_its_token_is_told(ana, told):
    strict = Client(enforce_csrf_checks=True)

    strict.post("/login/", {"username": "ana@example.org", "password": make.PASSWORD})

    assert events(told()) == [("refused", "login", None)]


def test_whoever_shows_the_password_again_gets_a_new_session_and_is_listed_once(client, ana, told):
    log_in(client)
    stolen = client.cookies["session"].value

    client.post("/account/reauthenticate/", {"password": "wrong one, surely"})
    kept = client.session.session_key
    client.post("/account/reauthenticate/", {"password": make.PASSWORD})

    assert kept == stolen != client.session.session_key
    assert events(told())[1:] == [
        ("refused", "account_reauthenticate", ana.user_id),
        ("shown again", "account_reauthenticate", ana.user_id),
    ]
    thief = Client()
    thief.cookies["session"] = stolen
    assert thief.get("/more/").status_code == 302
    assert client.get("/more/").status_code == 200
    assert len(client.get("/account/sessions/").context["sessions"]) == 1
