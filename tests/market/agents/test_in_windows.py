"""What a car with windows orders, and what its plan says."""

from datetime import timedelta

import pytest

from market.agents import CarWindows, EvCharger, Lack, decide
from market.agents.charging import charging
from market.agents.horizon import horizon
from market.agents.window_steps import window_steps


def car(seen, energy_wh, *, hours=13.0, need_wh=3_700, lack=None, late_s=None):
    windows = CarWindows(tuple(energy_wh), late_s or {}, lack)
    return EvCharger(3, 7_400, True, need_wh, seen.start + timedelta(hours=hours), windows)


def test_inside_its_window_a_car_is_firm_with_the_energy_of_the_slot(observe):
    seen = observe(19, pv=False)
    seen = observe(19, pv=False, ev_chargers=(car(seen, [1_200, 1_850, 650]),))

    decision = decide(seen)

    assert decision.base_wh == {3: 1_200}
    (wish,) = decision.orders
    assert (wish.kind, wish.energy_wh) == ("firm", 1_200 + 150)


def test_outside_its_window_a_car_is_not_firm_and_takes_nothing_from_its_retailer(observe):
    seen = observe(1, pv=False)
    seen = observe(1, pv=False, ev_chargers=(car(seen, [0, 0, 1_850, 1_850], hours=6),))

    decision = decide(seen)

    assert decision.base_wh == {3: 0}
    (flexible,) = [wish for wish in decision.orders if wish.kind == "flexible"]
    assert flexible.limit_ueur_kwh < seen.import_ueur_kwh[0]


@pytest.mark.parametrize("hours", [0.5, 0.25])
def test_out_of_time_and_without_room_a_car_takes_what_the_cables_allow(observe, hours):
    seen = observe(19, pv=False)
    charger = car(seen, [0, 0], hours=hours)

    asked = charging(seen, charger, horizon(seen, 1))

    assert not asked.firm
    assert asked.willing_ueur_kwh == seen.import_ueur_kwh[0]


def test_the_plan_shows_windows_from_the_first_slot_on_and_counts_their_energy(observe):
    seen = observe(19, pv=False)
    charger = car(seen, [1_200, 1_850, 0, 0, 650], late_s={0: 40, 4: 7})
    decision = decide(observe(19, pv=False, ev_chargers=(charger,)))

    steps = [step for step in decision.plan if step.device_id == 3]

    assert [(step.energy_wh, step.reason, step.facts["late_s"]) for step in steps] == [
        (3_050, "in_window", 40),
        (650, "in_window", 7),
    ]
    assert steps[0].start == seen.start
    assert steps[0].end == seen.start + timedelta(minutes=30)
    home = sum(step.energy_wh for step in decision.plan if step.device_id is None)
    bare = sum(step.energy_wh for step in decide(observe(19, pv=False)).plan if step.device_id is None)
    assert home - bare == 1_850 + 650, "what is firm in the slot itself is no part of what comes after it"


def test_what_a_car_will_lack_is_a_step_of_its_own(observe):
    seen = observe(19, pv=False)
    lack = Lack(3_200, "grid_full", "transformer", "transformer", 0, 8, 54)

    *_, step = window_steps(seen, car(seen, [500], lack=lack))

    assert (step.kind, step.reason, step.energy_wh) == ("ev_lacks", "grid_full", 3_200)
    assert step.end == seen.start + timedelta(hours=13)
    assert step.facts["full_until"] == (seen.start + timedelta(hours=2)).isoformat()
    assert step.facts["ready_at"] == (seen.start + timedelta(hours=13, minutes=30)).isoformat()
