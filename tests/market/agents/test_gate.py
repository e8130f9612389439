"""The gate: what it lets pass, what it stops and what it says; whoever passes is never worse than who decides now."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from market.agents.training.gate import ENOUGH, Homes, figures, verdict
from market.agents.training.replay import Replayed, avoidable, odds

WEEKS, HOMES, SLOTS = 6, 4, 8
WHO = Homes((11, 12, 13, 14), ("both", "battery", "panels", "none"))
bills = arrays(float, (WEEKS, HOMES), elements=st.floats(-50, 50))
broken = arrays(bool, (WEEKS, SLOTS))
shares = st.one_of(st.none(), st.floats(0, 1))


def replayed(bill, over=None, missing=0.0):
    over = np.zeros((WEEKS, SLOTS), bool) if over is None else over
    return Replayed(np.asarray(bill, float), over, np.full(WEEKS, missing), np.zeros(WEEKS * 7))


def judged(new, champion, rule, alone, exploited=None, seed=1):
    found = {"rule": rule, "champion": champion, "challenger": new}
    return {one.code if one.code != "cheaper" else f"cheaper than {one.facts['than']}": one
            for one in verdict(found, alone, WHO, exploited or {}, seed)}  # fmt: skip


def passes(reasons):
    return all(one.ok for one in reasons.values())


@given(bills, bills, bills, bills, broken, broken, broken, shares, shares)
def test_who_passes_costs_less_keeps_what_others_keep_and_leaves_no_new_home_worse_off(
    new, champion, rule, alone, new_over, champion_over, rule_over, lies, lied
):
    mine, now, usual = replayed(new, new_over), replayed(champion, champion_over), replayed(rule, rule_over)

    reasons = judged(mine, now, usual, alone, {"challenger": lies, "champion": lied})

    if passes(reasons):
        assert new.sum() < champion.sum()
        assert new.sum() < rule.sum()
        assert not (new_over & ~(champion_over & rule_over)).any()
        above, before = (set(figures(one, alone, WHO)["above_alone"]) for one in (mine, now))
        assert above <= before
        assert lies is None or lied is None or lies <= lied + 0.01


@given(bills, bills, bills)
def test_a_copy_of_who_decides_now_never_passes(champion, rule, alone):
    assert not passes(judged(replayed(champion), replayed(champion), replayed(rule), alone))


@given(bills, bills, st.floats(0.5, 5), st.integers(0, 1_000))
def test_who_is_cheaper_in_every_week_passes_and_who_is_dearer_in_every_week_does_not(bill, alone, less, seed):
    alone = np.maximum(alone, bill)

    cheaper = judged(replayed(bill - less), replayed(bill), replayed(bill), alone, seed=seed)
    dearer = judged(replayed(bill + less), replayed(bill), replayed(bill), alone, seed=seed)

    assert passes(cheaper)
    assert not dearer["cheaper than champion"].ok


@given(bills, st.integers(0, 100))
def test_the_same_weeks_and_seed_say_the_same(new, seed):
    saved = new.sum(axis=1)

    assert odds(saved, seed) == odds(saved, seed)
    assert 0 <= odds(saved, seed) <= 1


@given(arrays(float, 5, elements=st.floats(-9, 9)), st.floats(0.1, 5))
def test_odds_grow_with_what_is_saved(saved, more):
    assert odds(saved + more, 3) >= odds(saved, 3)


def test_one_good_week_of_six_is_chance():
    saved = np.array([9.0, -1.0, -1.0, -1.0, -1.0, -1.0])

    assert saved.mean() > 0
    assert odds(saved, 1) < ENOUGH


def test_a_limit_that_everybody_breaks_is_nobodys_fault_and_one_that_another_keeps_is():
    slot = np.zeros((WEEKS, SLOTS), bool)
    slot[2, 5] = True
    bill, alone = np.ones((WEEKS, HOMES)), np.full((WEEKS, HOMES), 9.0)

    inelastic = judged(replayed(bill, slot), replayed(bill + 1, slot), replayed(bill + 1, slot), alone)
    own = judged(replayed(bill, slot), replayed(bill + 1, slot), replayed(bill + 1), alone)

    assert passes(inelastic)
    assert inelastic["limits"].facts == {"avoidable": 0, "broken": 1}
    assert not own["limits"].ok
    assert avoidable(replayed(bill, slot), []).sum() == 0


def test_a_home_above_its_bill_alone_stops_the_gate_and_one_that_already_was_is_only_named():
    alone = np.full((WEEKS, HOMES), 5.0)
    now = alone - 1
    now[:, 0] = 6.0
    new = now - 0.5
    fresh = new.copy()
    fresh[:, 2] = 5.25

    named = judged(replayed(new), replayed(now), replayed(now), alone)
    stopped = judged(replayed(fresh), replayed(now), replayed(now), alone)

    assert passes(named)
    assert named["homes_as_before"].facts["above"] == [{"home": 11, "over_neur_week": 500_000_000}]
    assert not stopped["homes"].ok
    assert stopped["homes"].facts["above"] == [{"home": 13, "over_neur_week": 250_000_000}]


def test_cars_that_are_left_without_stop_the_gate():
    bill, alone = np.ones((WEEKS, HOMES)), np.full((WEEKS, HOMES), 9.0)

    reasons = judged(replayed(bill, missing=4.0), replayed(bill + 1), replayed(bill + 1, missing=0.5), alone)

    assert not reasons["cars"].ok
    assert reasons["cars"].facts == {"missing_wh_week": 4_000, "others_wh_week": 500}


@pytest.mark.parametrize(("now", "before", "ok"), [(0.15, 0.16, True), (0.165, 0.16, True), (0.20, 0.16, False)])
def test_lying_must_not_pay_more_than_before(now, before, ok):
    bill, alone = np.ones((WEEKS, HOMES)), np.full((WEEKS, HOMES), 9.0)
    lies = {"challenger": now, "champion": before}

    reasons = judged(replayed(bill), replayed(bill + 1), replayed(bill + 1), alone, lies)

    assert reasons["exploitability"].ok is ok


def test_figures_are_whole_nano_euros_by_week_and_by_kind_of_home():
    alone = np.full((WEEKS, HOMES), 5.0)
    bill = alone - np.array([1.0, 2.0, 3.0, 0.0])

    said = figures(replayed(bill), alone, WHO)

    assert said["cost_neur"] == [14_000_000_000] * WEEKS
    assert said["gain_neur"] == [6_000_000_000] * WEEKS
    assert said["saving_neur_week"] == {
        "both": 1_000_000_000, "battery": 2_000_000_000, "panels": 3_000_000_000, "none": 0,
    }  # fmt: skip
    assert (said["jain"], said["gini"]) == (0.6429, 0.4167)
    assert said["above_alone"] == []
    assert figures(replace(replayed(alone + 1)), alone, WHO)["above_alone"] == [11, 12, 13, 14]
