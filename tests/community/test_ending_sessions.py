"""Operators end sessions and forget lost second factors; ending one's own other sessions asks for the password."""

import time
from unittest.mock import patch

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from community.models import User
from tests import factories as make
from tests.community.test_ways_in import log_in, with_app

pytestmark = pytest.mark.django_db


@pytest.fixture
def neighbours():
    street = make.community()
    return [make.member(street, name) for name in ("Ana", "Berta")]


def inside(client):
    return client.get("/more/").status_code == 200


@pytest.fixture
def browsers(neighbours):
    """Ana's two and Berta's one, all inside."""
    clients = [Client(), Client(), Client()]
    for client, email in zip(clients, ["ana@example.org", "ana@example.org", "berta@example.org"], strict=True):
        log_in(client, email=email)
    assert all(map(inside, clients))
    return clients


def test_all_sessions_of_one_are_ended_and_nobody_elses(browsers, capsys):
    call_command("end_sessions", "Ana@example.org")

    assert [inside(client) for client in browsers] == [False, False, True]
    assert "2 sessions" in capsys.readouterr().out


def test_everybodys_sessions_are_ended(browsers):
    call_command("end_sessions", "--all")

    assert not any(map(inside, browsers))


@pytest.mark.parametrize("said", [[], ["ana@example.org", "--all"], ["ana@example.org", "nobody@example.org"]])
def test_a_slip_of_the_operator_ends_none(browsers, said):
    with pytest.raises(CommandError):
        call_command("end_sessions", *said)

    assert all(map(inside, browsers))


def test_an_operator_ends_them_on_the_page_too(browsers, neighbours):
    root = Client(headers={"accept-language": "en"})
    root.force_login(User.objects.create_superuser("root@example.org", make.PASSWORD, name="Root"))

    chosen = {"action": "end_sessions", "_selected_action": [neighbours[0].user_id]}
    answer = root.post(reverse("admin:community_user_changelist"), chosen, follow=True)

    assert [inside(client) for client in browsers] == [False, False, True]
    assert "2 sessions were ended" in answer.content.decode()


def test_whoever_lost_app_and_codes_comes_in_by_the_password_and_only_then(browsers, neighbours):
    with_app(neighbours[0].user)

    call_command("forget_second_factors", "ana@example.org")

    assert not Authenticator.objects.exists()
    assert [inside(client) for client in browsers] == [False, False, True]
    log_in(browsers[0])
    assert inside(browsers[0])
    with pytest.raises(CommandError):
        call_command("forget_second_factors", "nobody@example.org")


def test_ones_other_sessions_are_ended_only_after_the_password_was_shown(browsers):
    later = time.time() + 3_600
    with patch("time.time", lambda: later):
        answer = browsers[0].post("/account/sessions/")
        assert answer.status_code == 302
        assert answer["location"].startswith("/account/reauthenticate/")
        assert inside(browsers[1])

        browsers[0].post(answer["location"], {"password": make.PASSWORD})

        assert [inside(client) for client in browsers] == [True, False, True]
