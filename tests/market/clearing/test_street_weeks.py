"""The stressed weeks, thinned: no limit is broken under AC after clearing, says a power flow that is not ours."""

import numpy as np
import pytest

from benchmarks.newton import States
from benchmarks.simbench import SLOTS, homes, street
from benchmarks.street_weeks import WEEKS, judge, run

EVERY = 23  # shares no factor with a day, so that all times of day come up


@pytest.mark.parametrize("week", WEEKS, ids=lambda week: week.name)
def test_no_slot_of_a_stressed_week_breaks_a_limit_under_ac(week):
    feeder, tally = run(week, EVERY)

    found = judge(feeder, tally)

    assert tally.slots == SLOTS // EVERY + 1
    assert found.broken == 0
    assert tally.emergencies == 0
    assert tally.binding > 0
    assert sum(tally.cut_wh.values()) > 0


@pytest.mark.parametrize("week", WEEKS, ids=lambda week: week.name)
def test_without_the_market_the_same_weeks_do_break_limits(week):
    feeder = street(week.feeder, week.rise_pct, week.fall_pct)
    drawn = np.zeros((SLOTS, len(feeder.nodes), 3))
    for home in homes(week.feeder, week.season, single_phases=week.single_phases):
        power = np.array(home.curve_w) * (-week.solar_times if home.solar else week.load_times)
        for phase in home.phase:
            drawn[:, feeder.index[home.node], "abc".index(phase)] += power / len(home.phase)

    states = States(feeder, drawn)

    volts = states.voltages_pu
    full = (states.transformer_va > feeder.transformer.s_va / 3).any(axis=1)
    full |= (states.currents_a > feeder.line_limits_a[:, None]).any(axis=(1, 2))
    full |= ((volts < feeder.v_min_pu) | (volts > feeder.v_max_pu)).any(axis=(1, 2))
    assert full.sum() > 20


def test_the_curves_are_weeks_of_whole_watts():
    for name, season in (("rural1", "summer"), ("rural1", "winter"), ("rural2", "summer"), ("rural2", "winter")):
        for home in homes(name, season):
            assert len(home.curve_w) == SLOTS
            assert min(home.curve_w) >= 0
