"""The plan tells in windows what the battery and the car will do, with reasons and figures."""

from datetime import timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from market.agents import EvCharger, Mandate, decide
from tests.examples import examples
from tests.market.agents.seeing import observations


def of_device(decision, device_id):
    return [step for step in decision.plan if step.device_id == device_id]


def test_the_battery_stores_the_sun_and_covers_the_evening(observe, battery):
    decision = decide(observe(6, battery=battery(1_500)))

    reasons = [step.reason for step in of_device(decision, 7)]
    assert reasons.index("store_surplus") < len(reasons) - 1 - reasons[::-1].index("cover_need")
    stored = next(step for step in decision.plan if step.reason == "store_surplus")
    assert stored.kind == "charge"
    assert stored.facts["worth_ueur_kwh"] > stored.facts["price_ueur_kwh"]
    assert stored.facts["until"] == stored.end.isoformat()


def test_windows_of_a_battery_follow_each_other_through_the_horizon(observe, battery):
    seen = observe(6, battery=battery(1_500), mandate=Mandate(grid_charge=True))

    windows = of_device(decide(seen), 7)

    assert windows[0].start == seen.start + timedelta(minutes=15)
    assert all(before.end <= after.start for before, after in pairwise(windows))
    assert windows[-1].end <= seen.start + timedelta(hours=24)
    assert all(step.energy_wh >= 100 or step.kind == "hold" for step in windows)


def test_night_charging_is_planned_only_if_allowed(observe, battery):
    seen = {"pv": False, "battery": battery(1_000)}

    without = decide(observe(22, **seen))
    allowed = decide(observe(22, **seen, mandate=Mandate(grid_charge=True)))

    assert "store_cheap" not in {step.reason for step in without.plan}
    assert "store_cheap" in {step.reason for step in allowed.plan}


def test_the_plan_keeps_the_reserve(observe, battery):
    store = battery(6_000)

    windows = of_device(decide(observe(18, pv=False, battery=store, mandate=Mandate(reserve_pct=50))), 7)

    given = sum(step.energy_wh for step in windows if step.kind == "discharge")
    taken = sum(step.energy_wh for step in windows if step.kind == "charge")
    assert taken == 0
    assert 0 < given <= 950


def test_a_car_is_planned_into_the_cheapest_hours_before_it_leaves(observe):
    leaves = observe(19).start + timedelta(hours=12)
    seen = observe(19, pv=False, ev_chargers=(EvCharger(3, 3_700, True, 7_400, leaves),))

    windows = of_device(decide(seen), 3)

    assert sum(step.energy_wh for step in windows) == 7_400
    assert {step.facts["price_ueur_kwh"] for step in windows} == {117_000}
    assert {step.facts["ready_by"] for step in windows} == {leaves.isoformat()}


def test_a_plan_is_made_only_when_asked_for(observe, battery):
    seen = observe(6, battery=battery(1_500))

    assert decide(seen, planned=False).plan == ()
    assert decide(seen, planned=False).orders == decide(seen).orders


@settings(max_examples=examples(80), deadline=None)
@given(st.data())
def test_worth_and_price_of_a_window_never_contradict_what_it_does(observe, battery, data):
    seen = data.draw(observations(observe, battery))

    for step in decide(seen).plan:
        worth = step.facts.get("worth_ueur_kwh")
        if worth is None:
            continue
        if step.reason == "store_surplus":
            assert worth > step.facts["price_ueur_kwh"]
        elif step.reason == "cover_need":
            assert worth < step.facts["price_ueur_kwh"]
