"""The rule by the tariff's hours: cheap energy for dear hours, without a look at what is to come."""

from dataclasses import replace
from datetime import timedelta

from market.agents import EvCharger, Mandate
from market.agents.time_of_use import decide_by_tariff, worth_ueur_kwh


def test_in_dear_hours_the_battery_covers_the_need(observe, battery):
    decision = decide_by_tariff(observe(20, battery=battery(6_000)))

    assert decision.base_wh == {7: -150}
    assert not [wish for wish in decision.orders if wish.kind == "firm"]


def test_in_cheap_hours_it_keeps_what_it_has(observe, battery):
    decision = decide_by_tariff(observe(3, battery=battery(6_000)))

    assert decision.base_wh == {7: 0}
    assert [(wish.side, wish.energy_wh) for wish in decision.orders if wish.kind == "firm"] == [("buy", 150)]


def test_surplus_is_stored(observe, battery):
    assert decide_by_tariff(observe(12, battery=battery(3_000))).base_wh == {7: 550}


def test_by_night_an_owner_who_allows_it_has_the_battery_filled_to_a_part_that_leaves_room_for_the_sun(
    observe, battery
):
    seen = observe(3, battery=battery(1_000), mandate=Mandate(grid_charge=True))

    bought = [wish for wish in decide_by_tariff(seen).orders if wish.device_id == 7 and wish.side == "buy"]
    with_grid = [wish for wish in bought if wish.limit_ueur_kwh == 117_000]
    full_enough = decide_by_tariff(replace(seen, batteries=(battery(6_000),))).orders

    assert sum(wish.energy_wh for wish in with_grid) == 1_000
    assert all(wish.limit_ueur_kwh < 117_000 for wish in full_enough if wish.device_id == 7 and wish.side == "buy")


def test_what_is_forecast_for_later_changes_nothing(observe, battery):
    seen = observe(18, battery=battery(6_000))

    otherwise = replace(seen, net_load_wh=seen.net_load_wh[:1] + (5_000,) * 95, price_ueur_kwh=(1,) * 96)

    assert decide_by_tariff(otherwise) == decide_by_tariff(seen)


def test_a_car_waits_for_its_cheapest_hours_until_it_can_wait_no_longer(observe):
    evening = observe(20, pv=False)
    car = EvCharger(3, 4_000, True, 8_000, evening.start + timedelta(hours=11))

    waiting = decide_by_tariff(replace(evening, ev_chargers=(car,)))
    late = decide_by_tariff(
        replace(evening, ev_chargers=(replace(car, ready_by=evening.start + timedelta(hours=2)),))
    )

    assert waiting.base_wh == {3: 0}
    assert {wish.limit_ueur_kwh for wish in waiting.orders if wish.device_id == 3} == {117_000}
    assert late.base_wh == {3: 1_000}


def test_a_flat_tariff_makes_the_battery_serve_its_own_home(observe, battery):
    flat = {"import_ueur_kwh": (150_000,) * 96}

    assert decide_by_tariff(observe(12, battery=battery(3_000), **flat)).base_wh == {7: 550}
    assert decide_by_tariff(observe(3, battery=battery(3_000), **flat)).base_wh == {7: -150}


def test_the_plan_names_the_hours_in_turn_and_covers_the_day(observe, battery):
    seen = observe(0, battery=battery(3_000))

    plan = decide_by_tariff(seen).plan

    assert [step.reason for step in plan[:2]] == ["cheap_hours", "dear_hours"]
    assert plan[0].start == seen.start
    assert [step.start for step in plan[1:]] == [step.end for step in plan[:-1]]
    assert plan[-1].end == seen.start + timedelta(hours=24)


def test_the_worth_lies_between_the_cheapest_and_the_dearest_hour(observe):
    assert 117_000 < worth_ueur_kwh(observe(3)) < 229_000
