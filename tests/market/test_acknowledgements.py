"""What is suggested to a home, what it answers, and what its owner reads of that."""

import json
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import translation

from community.services.devices import StateReport, record_states
from market.models import Acknowledgement, SetPoint
from market.queries.acknowledgements import following
from market.services.agents import place_orders
from market.services.clear import clear_slot
from market.services.forecasts import renew_forecasts
from market.wording.following import following_lines
from tests import factories as make

pytestmark = pytest.mark.django_db

START = make.NOON
DOORS = (
    "market.api.plan.now",
    "market.api.acknowledgements.now",
    "metering.api.authentication.now",
    "config.clock.now",
)


@pytest.fixture
def at():
    """Sets the clock of the doors."""
    instants = {"now": START}
    patches = [patch(door, lambda: instants["now"]) for door in DOORS]
    for one in patches:
        one.start()
    yield lambda instant: instants.update(now=instant)
    for one in patches:
        one.stop()


@pytest.fixture
def home(at):
    """A home with a battery of which the noon slot was cleared."""
    street = make.community()
    household = make.home(street, "Ana", make.tariff(), make.member(street, "Ana"))
    make.history(household, 800, until=START - timedelta(hours=1))
    battery = make.battery(household)
    record_states([StateReport(battery.pk, START - timedelta(minutes=15), soc_wh=5_000)])
    renew_forecasts(community=street, at=START - timedelta(minutes=10))
    cleared(street, START)
    return household


def cleared(street, start):
    slot = make.slot(street, start)
    place_orders(slot_id=slot.pk, at=slot.gate_closure - timedelta(minutes=1))
    clear_slot(slot_id=slot.pk, at=slot.gate_closure)
    return slot


@pytest.fixture
def token(home):
    return make.token(home)


def plan(home, token):
    address = f"/api/v1/metering-points/{make.meter(home).public_id}/plan"
    query = {"start": START.isoformat(), "end": (START + make.QUARTER).isoformat()}
    return Client().get(address, query, headers={"authorization": f"Bearer {token}"}).json()


def send(home, token, *answers):
    return Client().post(
        f"/api/v1/metering-points/{make.meter(home).public_id}/acknowledgements",
        json.dumps({"acknowledgements": answers}),
        content_type="application/json",
        headers={"authorization": f"Bearer {token}", "accept-language": "en"},
    )


def answer_to(told, **fields):
    (slot,) = told["slots"]
    said = {"device": slot["devices"][0]["device"], "start": slot["start"], "version": slot["version"]}
    return {**said, "answer": "accepted", **fields}


def test_a_plan_names_set_points_next_steps_reserve_and_what_to_do_without_it(home, token):
    told = plan(home, token)

    battery = home.devices.get()
    (slot,) = told["slots"]
    assert [asked["device"] for asked in slot["devices"]] == [battery.pk]
    assert slot["devices"][0]["energy_wh"] == SetPoint.objects.get().energy_wh
    assert told["fallback"] == {"behaviour": "self_consumption", "reserve_pct": 10}
    assert told["next"], "the battery has a plan for the hours ahead"
    assert {step["device"] for step in told["next"]} == {battery.pk}
    assert all(step["start"] < step["end"] and step["reason"] for step in told["next"])
    assert told["lacking"] == []
    assert plan(home, token) == told
    assert len(slot["version"]) == len(told["version"]) == 16


def test_an_answer_is_kept_once_and_another_one_is_a_new_revision(home, token):
    accepted = answer_to(plan(home, token))
    changed = {**accepted, "answer": "changed", "energy_wh": 200, "reason": "Casi llena"}

    answers = [send(home, token, one) for one in (accepted, accepted, changed, changed)]

    assert [answer.status_code for answer in answers] == [201, 200, 201, 200]
    assert [answer.json() for answer in answers] == [
        {"created": 1, "revised": 0, "unchanged": 0},
        {"created": 0, "revised": 0, "unchanged": 1},
        {"created": 0, "revised": 1, "unchanged": 0},
        {"created": 0, "revised": 0, "unchanged": 1},
    ]
    assert list(Acknowledgement.objects.order_by("revision").values_list("revision", "answer", "energy_wh")) == [
        (1, "accepted", None),
        (2, "changed", 200),
    ]


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"answer": "perhaps"}, "answer", "unknown-value"),
        ({"answer": "changed"}, "energy_wh", "missing"),
        ({"energy_wh": 5}, "energy_wh", "contradiction"),
        ({"answer": "refused", "energy_wh": 1.5}, "energy_wh", "not-an-integer"),
        ({"reason": "x" * 201}, "reason", "not-a-text"),
        ({"reason": "a\u0000b"}, "reason", "not-a-text"),
        ({"reason": 7}, "reason", "not-a-text"),
        ({"device": 0}, "device", "too-small"),
        ({"device": 2**31 - 1}, "device", "unknown-device"),
        ({"version": "0" * 16}, "version", "other-version"),
        ({"start": "2026-11-23T12:15:00+01:00"}, "start", "no-suggestion"),
        ({"start": "2026-11-20T12:00:00+01:00"}, "start", "too-late"),
        ({"start": "2099-12-31T23:45:00Z"}, "start", "no-suggestion"),
        ({"start": "2026-11-23T12:00:00"}, "start", "naive-timestamp"),
        ({"mood": "good"}, "mood", "unknown-field"),
    ],
)
def test_an_answer_that_fits_nothing_is_refused_with_field_and_cure(home, token, fields, field, code):
    good = answer_to(plan(home, token))

    refused = send(home, token, good, {**good, **fields})

    assert refused.status_code == 422
    (error,) = refused.json()["errors"]
    assert (error["pointer"], error["code"]) == (f"/acknowledgements/1/{field}", code)
    assert error["message"].endswith(".")
    assert not Acknowledgement.objects.exists()


def test_two_answers_that_contradict_each_other_are_refused(home, token):
    good = answer_to(plan(home, token))

    refused = send(home, token, good, {**good, "answer": "refused"})

    assert [error["code"] for error in refused.json()["errors"]] == ["contradiction"]


def test_only_a_token_that_may_report_for_the_home_may_answer(home, token):
    good = answer_to(plan(home, token))
    other = make.home(home.community, "Zoe", make.tariff("Otra"))

    assert send(home, make.token(other), good).status_code == 404
    assert send(other, make.token(other), good).status_code == 422
    assert send(home, "", good).status_code == 401
    assert send(home, token, good)["ratelimit-policy"].startswith('"uploads"')


def test_the_database_refuses_a_change_without_what_happens_instead(home):
    point = SetPoint.objects.get()
    row = {"slot": point.slot, "device": point.device, "version": "0" * 16, "received_at": START}

    with pytest.raises(IntegrityError), transaction.atomic():
        Acknowledgement.objects.create(**row, answer="changed")


def lines(home, instant, language="en"):
    with translation.override(language):
        return [line.replace("\u00a0", " ") for line in following_lines(following(home, instant), instant)]


def test_the_owner_reads_that_the_home_follows_changed_or_refused(home, token):
    good = answer_to(plan(home, token))
    soon = START + timedelta(minutes=5)
    assert lines(home, soon) == [], "it may still answer"

    send(home, token, good)
    (follows,) = lines(home, soon)
    send(home, token, {**good, "answer": "changed", "energy_wh": 0, "reason": "Casi llena"})
    (changed,) = lines(home, soon)
    send(home, token, {**good, "answer": "refused"})
    (refused,) = lines(home, soon)

    assert "follows what the market suggests" in follows
    assert "decided to rest" in changed
    assert "“Casi llena”" in changed
    assert refused.endswith("refused.")
    assert lines(home, soon, "es") != lines(home, soon)


def test_the_owner_reads_that_nothing_has_answered_for_long(home, token):
    later = START + timedelta(hours=3)
    assert "Nothing in your home answers" in lines(home, later)[0]

    send(home, token, answer_to(plan(home, token)))
    cleared(home.community, START + make.QUARTER)

    assert "follows" in lines(home, START + timedelta(hours=1))[0]
    assert "last answered for" in lines(home, later)[0]


def test_the_home_page_shows_it(home, token, at):
    send(home, token, answer_to(plan(home, token)))
    make.read(home, START - make.QUARTER, 0, 500)
    at(START + timedelta(minutes=20))
    page = Client(headers={"accept-language": "en"})
    page.login(username="ana@example.org", password=make.PASSWORD)

    assert "Your home follows what the market suggests" in page.get("/").content.decode()
