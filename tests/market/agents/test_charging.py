"""A car charges in the cheapest time it has, and must when time runs out."""

from datetime import timedelta

import pytest

from market.agents import EvCharger, decide
from market.agents.charging import charging
from market.agents.horizon import horizon


def car(seen, *, need_wh=7_400, hours=13.0, plugged_in=True):
    return EvCharger(3, 7_400, plugged_in, need_wh, seen.start + timedelta(hours=hours))


def test_in_the_evening_a_car_waits_for_the_night(observe):
    seen = observe(19, pv=False)

    asked = charging(seen, car(seen), horizon(seen, 1))

    assert not asked.firm
    assert 117_000 <= asked.willing_ueur_kwh < 159_000


def test_at_night_a_car_lets_its_retailer_serve_it(observe):
    seen = observe(1, pv=False)

    asked = charging(seen, car(seen, hours=6), horizon(seen, 1))

    assert asked.willing_ueur_kwh == seen.import_ueur_kwh[0]


def test_willingness_rises_as_the_deadline_nears(observe):
    seen = observe(18, pv=False)
    blocks = horizon(seen, 1)

    willing = [charging(seen, car(seen, hours=hours), blocks).willing_ueur_kwh for hours in (14, 5, 3, 2, 1.25)]

    assert willing == sorted(willing)
    assert willing[0] < willing[-1] <= 229_000


@pytest.mark.parametrize("hours", [1.0, 0.5, 0.0, -1.0])
def test_a_car_without_time_to_spare_is_firm(observe, hours):
    seen = observe(18, pv=False)
    seen = observe(18, pv=False, ev_chargers=(car(seen, hours=hours),))

    decision = decide(seen)

    assert decision.base_wh == {3: 1_850}
    (wish,) = decision.orders
    assert (wish.kind, wish.energy_wh, wish.limit_ueur_kwh) == ("firm", 2_000, 229_000)


def test_a_car_that_is_away_or_full_asks_for_nothing(observe):
    seen = observe(18)

    assert charging(seen, car(seen, plugged_in=False), horizon(seen, 1)).energy_wh == 0
    assert charging(seen, car(seen, need_wh=0), horizon(seen, 1)).energy_wh == 0
