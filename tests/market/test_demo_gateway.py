"""The demo's homes follow suggestions as far as it is safe, say so, and lose no answer when the site is away."""

from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch
from urllib.error import HTTPError, URLError
from zoneinfo import ZoneInfo

import pytest

from community.demo.homes import curves
from community.demo.neighbourhood import HOMES
from market.agents import Battery, EvCharger, SimulatedHome
from market.demo.following import follow
from market.demo.gateway import Gateway
from market.demo.homes import DemoNeighbour
from tests import factories as make

BATTERY = Battery(7, 10_000, 4_000, 4_000, 1_000_000, 2_300)
START = make.NOON


def suggestion(**energy_wh):
    kinds = {"battery": 7, "ev_charger": 3, "pv": 5}
    devices = [{"device": kinds[kind], "kind": kind, "energy_wh": wh} for kind, wh in energy_wh.items()]
    return {"version": "v" * 16, "devices": devices, "scheduled_net_wh": 0, "reserve_pct": 20}


@pytest.mark.parametrize(
    ("asked", "soc_wh", "does", "answer"),
    [
        (800, 2_300, 800, "accepted"),
        (-200, 2_300, -200, "accepted"),
        (-800, 2_300, -300, "changed"),
        (-800, 1_500, 0, "refused"),
        (3_000, 2_300, 1_000, "changed"),
        (800, 10_000, 0, "refused"),
        (1_010, 2_300, 1_000, "accepted"),
    ],
)
def test_power_charge_and_first_of_all_the_reserve_bound_what_a_battery_follows(asked, soc_wh, does, answer):
    home = SimulatedHome(replace(BATTERY, soc_wh=soc_wh))

    followed = follow(home, suggestion(battery=asked), 20, "2026-11-23T11:00:00+00:00")

    (said,) = followed.answers
    assert followed.energy_wh == {7: does}
    assert (said["answer"], said.get("energy_wh", does)) == (answer, does)
    assert bool(said.get("reason")) == (answer != "accepted")


def test_a_car_takes_no_more_than_it_needs_and_nothing_when_it_is_away():
    here = SimulatedHome(charger=EvCharger(3, 7_400, True, 500, START))
    away = SimulatedHome(charger=EvCharger(3, 7_400))

    assert follow(here, suggestion(ev_charger=1_850), 20, "").energy_wh == {3: 500}
    assert follow(away, suggestion(ev_charger=1_850), 20, "").answers[0]["answer"] == "refused"
    assert follow(away, suggestion(pv=300), 20, "").energy_wh == {5: 300}


@pytest.fixture
def neighbour():
    facts = next(home for home in HOMES if home.battery_wh)
    return DemoNeighbour("Ana", 1, "meter", facts, SimulatedHome(BATTERY), ZoneInfo("Europe/Madrid"))


@pytest.fixture
def site():
    """A gateway whose calls are answered by what the test puts into the list, one after the other."""
    gateway = Gateway("", "")
    answers, calls = [], []

    def call(method, path, body=None):
        calls.append((method, path.partition("?")[0], deepcopy(body)))
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    with patch.object(gateway, "_call", call):
        yield gateway, answers, calls


def told(plan):
    return {"reserve_pct": plan["reserve_pct"], "slots": [plan]}


def test_a_home_fetches_follows_answers_and_reports(neighbour, site):
    gateway, answers, calls = site
    answers += [told(suggestion(battery=-200)), {}, {}, {}]

    gateway.hear(neighbour, START, START + make.QUARTER)
    report = neighbour.live(START)
    gateway.send(neighbour, report)

    assert [path.rsplit("/", 1)[-1] for _, path, _ in calls] == [
        "plan", "acknowledgements", "readings", "device-states",
    ]  # fmt: skip
    (state,) = report.states
    assert state["soc_wh"] == 2_300 + state["energy_wh"]
    assert neighbour.answers == neighbour.outbox == []


def test_a_home_with_panels_tells_what_they_made_without_what_they_held_back(neighbour):
    _load, (sun_wh,) = curves(neighbour.facts.curve, START, 1)
    neighbour.hear(START, suggestion(pv=sun_wh // 2))

    report = neighbour.live(START)

    told = {row["channel"]: row["energy_wh"] for row in report.readings}
    assert told["generation"] == sun_wh - sun_wh // 2 > 0


def test_a_home_without_panels_tells_of_none(neighbour):
    neighbour.facts = next(home for home in HOMES if not home.pv_w)

    assert {row["channel"] for row in neighbour.live(START).readings} == {"import", "export"}


def test_answers_wait_while_the_site_is_away_and_go_with_the_next(neighbour, site):
    gateway, answers, calls = site
    answers += [told(suggestion(battery=-200)), URLError("away"), told(suggestion(battery=-200)), {}]

    gateway.hear(neighbour, START, START + make.QUARTER)
    gateway.hear(neighbour, START + make.QUARTER, START + 2 * make.QUARTER)

    assert len(calls[-1][2]["acknowledgements"]) == 2
    assert neighbour.answers == []


def test_an_answer_that_the_site_will_never_take_is_dropped(neighbour, site):
    gateway, answers, _calls = site
    refused = HTTPError("", 422, "", {}, None)
    refused.read = lambda: b"no such suggestion"
    answers += [told(suggestion(battery=-200)), refused]

    gateway.hear(neighbour, START, START + make.QUARTER)

    assert neighbour.answers == []


def test_without_an_answer_the_home_uses_its_own_energy_and_keeps_its_reserve(neighbour, site):
    gateway, answers, calls = site
    answers += [URLError("away")]
    neighbour.reserve_pct = 20

    gateway.hear(neighbour, START, START + make.QUARTER)
    for i in range(16):
        neighbour.live(START + timedelta(hours=8) + i * make.QUARTER)

    assert len(calls) == 1
    assert neighbour.home.battery.soc_wh >= 2_000
