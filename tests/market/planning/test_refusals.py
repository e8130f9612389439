"""A day that makes no sense is refused with row, field and cure."""

from dataclasses import replace

import numpy as np
import pytest

from market.grid import FeederError
from market.planning import DayError, plan_day
from tests.market.planning.days import alone, battery, car, homes, ints, street


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"phases": ("abc",)}, "phases names 1 homes, nodes 2"),
        ({"phases": ("abc", "d")}, "Home 1, phases: 'd' is none of abc, a, b, c"),
        ({"load_wh": np.zeros(2, dtype=np.int64)}, "load_wh must be an array of homes × slots"),
        ({"pv_wh": np.zeros((2, 3), dtype=np.int64)}, "pv_wh has the shape 2 × 3; it must be 2 × 2"),
        ({"pv_wh": np.array([[0, 0], [0, -5]])}, "Home 1, slot 1, pv_wh: -5 must not be negative"),
        (
            {"import_ueur_kwh": np.full((2, 3), 200_000)},
            "import_ueur_kwh has the shape 2 × 3; it must be 2 × 1 or 2 × 2",
        ),
        ({"feed_in_ueur_kwh": np.array([[0, 0], [0, 300_000]])}, "Home 1, slot 1, feed_in_ueur_kwh: above"),
    ],
)
def test_homes_that_do_not_fit_are_refused_by_row_and_field(change, says):
    with pytest.raises(DayError, match=says):
        replace(homes([[0, 0], [0, 0]]), **change)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"capacity_wh": -1}, "Battery 0, capacity_wh: -1 must not be negative"),
        ({"efficiency_ppm": 0}, "Battery 0, efficiency_ppm: 0 must lie from 1 to 1000000"),
        ({"initial_wh": 3_000}, "Battery 0, initial_wh: 3000 must lie from held_wh to capacity_wh"),
        ({"held_wh": 100}, "Battery 0, initial_wh: 0 must lie from held_wh"),
        ({"final_wh": 2_001}, "Battery 0, final_wh: 2001 must lie"),
    ],
)
def test_batteries_that_cannot_be_are_refused_by_row_and_field(change, says):
    with pytest.raises(DayError, match=says):
        battery(**change)


def test_two_batteries_in_one_home_are_to_be_added_up():
    one = battery()

    with pytest.raises(DayError, match="Home 0 has 2 batteries: add them up to one"):
        type(one)(*(np.repeat(getattr(one, field), 2) for field in one.__dataclass_fields__))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda who: alone(who, battery(home=7)), "Battery 0, home: there is no home 7"),
        (lambda who: alone(who, cars=car(home=7)), "Car 0, home: there is no home 7"),
        (lambda who: alone(who, cars=car(leaves=3)), "Car 0, leaves: the day has 2 slots only"),
        (lambda who: alone(who, cars=car(arrives=2, leaves=1)), "Car 0, leaves: slot 1 is before it arrives"),
        (lambda who: alone(who, cars=car(energy_wh=-1)), "Car 0, energy_wh: -1 must not be negative"),
        (
            lambda who: alone(who, battery(final_wh=2_000, charge_w=1_000)),
            "Battery 0, final_wh: cannot be reached",
        ),
        (lambda who: alone(who, slot_minutes=0), "slot_minutes must be above zero"),
        (lambda who: alone(who, grid_fee_ueur_kwh=-1), "grid_fee_ueur_kwh must not be negative"),
    ],
)
def test_a_day_that_cannot_be_is_refused_by_row_and_field(make, says):
    with pytest.raises(DayError, match=says):
        make(homes([[0, 0]]))


def test_a_home_that_is_not_on_the_street_is_named():
    with pytest.raises(FeederError, match="Home 0, nodes: b9 is not a node of the street"):
        plan_day(alone(homes([[0]], nodes=("b9",))), street())


def test_a_car_that_arrives_twice_makes_two_stays():
    two = car(home=0)
    stays = type(two)(ints(0, 0), ints(0, 1), ints(1, 2), ints(500, 500), ints(4_000, 4_000))

    assert plan_day(alone(homes([[0, 0]]), cars=stays)).car_wh.sum(axis=1) == pytest.approx([500, 500])
