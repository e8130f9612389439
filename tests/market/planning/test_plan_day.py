"""Days whose best plan is known by hand or from the shared cases."""

import json
from pathlib import Path

import numpy as np
import pytest

from market.planning import Batteries, Cars, plan_day
from tests.market.planning.days import alone, battery, car, homes, ints, street, with_slots

CASES = Path(__file__).parents[1] / "clearing" / "cases"
STORAGE = json.loads((CASES / "grid_cases.json").read_text())["multi_slot"]
MARKET = {case["id"]: case for case in json.loads((CASES / "market_cases.json").read_text())["cases"]}


@pytest.mark.parametrize("case", STORAGE, ids=[case["name"] for case in STORAGE])
def test_the_shared_storage_cases_cost_what_they_should(case):
    given = case["inputs"]
    load = [[round(1e3 * kwh) for kwh in given["demand_kwh"]]]
    prices = [[round(1e6 * price) for price in given["import_price"]]]
    power_w = round(4e3 * given["power_kwh_per_slot"])
    store = battery(
        capacity_wh=round(1e3 * given["cap_kwh"]), charge_w=power_w, discharge_w=power_w,
        initial_wh=round(1e3 * given["e0"]), efficiency_ppm=round(1e6 * given["eta_charge"]),
    )  # fmt: skip

    plan = plan_day(alone(homes(load, price=prices, paid=0), store))

    assert plan.cost_neur / 1e9 == pytest.approx(case["expected"]["cost"], abs=1e-9)
    assert plan.retailer_import_wh / 1e3 == pytest.approx(case["reference"]["grid_kwh"], abs=1e-6)


def test_the_battery_of_the_market_cases_keeps_the_sun_for_the_evening():
    case = MARKET["battery_two_slots"]
    given, expected = case["input"], case["expected"]
    sun, need = round(1e3 * given["slot0"]["pv_surplus"]), round(1e3 * given["slot1"]["demand"])
    bought, sold = (
        round(1e6 * given["slot1"]["retailer_sells_at"]),
        round(1e6 * given["slot0"]["retailer_buys_at"]),
    )
    store = battery(
        capacity_wh=round(1e3 * given["battery"]["capacity_kwh_stored"]), charge_w=20_000, discharge_w=20_000,
        efficiency_ppm=round(1e6 * given["battery"]["eff_charge"]),
    )  # fmt: skip

    plan = plan_day(alone(homes([[0, need]], [[sun, 0]], price=bought, paid=sold), store))

    assert plan.charge_wh[0] / 1e3 == pytest.approx([expected["charge0"], 0], abs=1e-4)
    assert plan.discharge_wh[0] / 1e3 == pytest.approx([0, expected["discharge1"]], abs=1e-4)
    assert plan.retailer_export_wh / 1e3 == pytest.approx([expected["export0"], 0], abs=1e-4)
    assert plan.retailer_import_wh / 1e3 == pytest.approx([0, expected["import1"]], abs=1e-4)
    assert plan.cost_neur / 1e9 == pytest.approx(expected["net_cost"], abs=1e-4)
    assert plan.price_ueur_kwh / 1e6 == pytest.approx(expected["slot_prices"])


def test_a_neighbour_pays_the_fee_and_the_retailer_the_rest():
    day = alone(homes([[1_000], [0]], [[0], [400]], price=200_000, paid=50_000), grid_fee_ueur_kwh=5_000)

    plan = plan_day(day)

    assert plan.local_wh == pytest.approx([400])
    assert plan.cost_neur == 600 * 200_000 + 400 * 5_000
    assert plan.price_ueur_kwh.tolist() == [200_000]


def test_where_sun_is_plenty_a_buyer_pays_the_feed_in_price_and_the_fee():
    day = alone(homes([[400], [0]], [[0], [1_000]], price=200_000, paid=50_000), grid_fee_ueur_kwh=5_000)

    plan = plan_day(day)

    assert plan.price_ueur_kwh.tolist() == [55_000]
    assert plan.cost_neur == 400 * 5_000 - 600 * 50_000


def test_a_retailer_sells_to_its_own_homes_only():
    day = alone(homes([[1_000], [1_000]], price=[[100_000], [300_000]], paid=50_000))

    plan = plan_day(day)

    assert plan.cost_neur == 1_000 * 100_000 + 1_000 * 300_000


def test_a_battery_that_feeds_the_car_of_its_own_home_pays_no_fee():
    who = homes([[0, 0]], price=200_000, paid=0)
    store = battery(initial_wh=1_000, efficiency_ppm=1_000_000)

    plan = plan_day(alone(who, store, car(energy_wh=1_000), grid_fee_ueur_kwh=5_000))

    assert plan.cost_neur == 0
    assert plan.car_wh.sum() == pytest.approx(1_000)
    assert plan.take_wh.sum() == pytest.approx(0)


def test_cars_wait_for_the_cheap_slot_as_far_as_the_transformer_lets_them():
    who = homes([[0, 0], [0, 0]], price=[[100_000, 200_000]] * 2)
    cars = Cars(ints(0, 1), ints(0, 0), ints(2, 2), ints(1_000, 1_000), ints(8_000, 8_000))

    plan = plan_day(alone(who, cars=cars), street(s_va=6_000.0))

    assert plan.car_wh.sum(axis=0) == pytest.approx([1_500, 500])
    assert {(one.slot, one.kind, one.side) for one in plan.bindings} == {(0, "transformer", "import")}
    assert plan.home_price_ueur_kwh[:, 0].tolist() == [200_000, 200_000]
    assert plan.price_ueur_kwh.tolist() == [100_000, 200_000]


def test_a_full_cable_holds_sun_back_behind_it_only():
    who = homes([[0], [0]], [[3_000], [3_000]], paid=50_000, nodes=("b2", "b0"))

    plan = plan_day(alone(who), street(limit_a=10.0))

    room = 3 * 10.0 * 400 / 3**0.5 / 4
    assert plan.held_back_wh[:, 0] == pytest.approx([3_000 - room, 0], abs=1e-3)
    assert plan.home_price_ueur_kwh[:, 0].tolist() == [0, 50_000]
    assert {(one.element, one.side) for one in plan.bindings} == {("l1", "export")}


def test_a_high_voltage_holds_back_the_sun_that_raises_it_most():
    who = homes([[0], [0]], [[2_000], [2_000]], paid=50_000, nodes=("b2", "b1"), phases=("a", "a"))

    plan = plan_day(alone(who), street(v_max_pu=1.06))

    far, near = plan.held_back_wh[:, 0]
    assert far > 0
    assert near == pytest.approx(0)
    assert [(one.kind, one.element, one.phase) for one in plan.bindings] == [("voltage_high", "b2", "a")]


def test_energy_that_no_plan_can_charge_is_reported_and_not_refused():
    cars = car(arrives=1, leaves=2, energy_wh=3_000, charge_w=4_000)

    plan = plan_day(alone(homes([[0, 0]]), cars=cars))

    assert plan.car_wh[0] == pytest.approx([0, 1_000])
    assert plan.missing_wh == pytest.approx([2_000])
    assert plan.penalty_neur == 10 * 200_000 * 2_000


def test_a_car_that_lacks_energy_does_not_break_the_transformer():
    plan = plan_day(alone(homes([[0, 0]]), cars=car(energy_wh=2_000, charge_w=8_000)), street(s_va=3_000.0))

    assert plan.car_wh[0] == pytest.approx([750, 750])
    assert plan.missing_wh == pytest.approx([500])
    assert not any(one.broken_wh for one in plan.bindings)


def test_firm_load_beyond_a_limit_is_reported_and_the_battery_helps():
    day = alone(homes([[2_000, 0]]), battery(initial_wh=500, efficiency_ppm=1_000_000), import_limit_w=4_000)

    plan = plan_day(day)

    assert plan.discharge_wh[0, 0] == pytest.approx(500)
    assert [(one.slot, one.kind, one.broken_wh) for one in plan.bindings] == [(0, "import", 500)]


def test_a_price_below_zero_lets_the_battery_waste_no_more_than_time_allows():
    who = homes([[0]], price=-100_000, paid=-200_000)
    store = battery(initial_wh=1_000, final_wh=1_000, capacity_wh=1_000, efficiency_ppm=900_000)

    plan = plan_day(alone(who, store))

    assert plan.charge_wh[0, 0] / 1_500 + plan.discharge_wh[0, 0] / 1_500 == pytest.approx(1)
    assert plan.discharge_wh[0, 0] == pytest.approx(0.81 * plan.charge_wh[0, 0])


def test_a_plan_is_the_same_whoever_asks_again():
    who = homes([[200, 300, 100]] * 4, [[0, 900, 0]] * 4, nodes=("b1", "b2", "b2", "b3"))
    day = alone(who, battery(home=1), export_limit_w=5_000)

    first, second = (plan_day(day, street(v_max_pu=1.01)) for _ in range(2))

    assert (first.charge_wh == second.charge_wh).all()
    assert first.cost_neur == second.cost_neur


@pytest.mark.parametrize("slots", [92, 96, 100])
def test_a_day_on_which_the_clock_changes_is_a_day(slots):
    day = with_slots(alone(homes([[100]]), cars=car(leaves=1)), slots)

    plan = plan_day(day)

    assert plan.take_wh.shape == (1, slots)
    assert plan.cost_neur == (100 * slots + 1_000) * 200_000


def test_nobody_and_no_time_need_no_plan():
    nobody, never = alone(homes(np.zeros((0, 96)))), alone(homes(np.zeros((3, 0))))

    assert plan_day(nobody).cost_neur == 0
    assert plan_day(nobody, street()).price_ueur_kwh.shape == (96,)
    assert plan_day(never).take_wh.shape == (3, 0)


def test_homes_without_devices_take_what_they_need():
    plan = plan_day(alone(homes([[100, 200]])), street())

    assert plan.take_wh.tolist() == [[100, 200]]
    assert plan.charge_wh.shape == (0, 2)


def test_several_devices_share_one_surplus():
    who = homes([[0, 0]], [[1_000, 0]], price=300_000, paid=50_000)
    store = battery(charge_w=4_000, efficiency_ppm=1_000_000)
    day = alone(who, store, car(energy_wh=1_000, charge_w=4_000, leaves=1), grid_fee_ueur_kwh=5_000)

    plan = plan_day(day)

    assert plan.car_wh[0, 0] == pytest.approx(1_000)
    assert plan.take_wh[0, 0] == pytest.approx(plan.charge_wh[0, 0])
    assert plan.cost_neur == 0


def test_a_battery_comes_home_as_full_as_asked():
    store = Batteries(*(ints(value) for value in (0, 2_000, 500, 500, 1_500, 4_000, 4_000, 900_000)))

    plan = plan_day(alone(homes([[0, 0]], price=[[300_000, 200_000]]), store))

    assert plan.stored_wh[0, 1] == pytest.approx(1_500)
    assert plan.charge_wh[0] == pytest.approx([1_000 / 0.9 - 1_000, 1_000])
