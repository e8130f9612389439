"""Values that cannot be are refused, and the owner's limits are read as meant."""

from dataclasses import replace
from datetime import datetime

import pytest

from market.agents import Battery, EvCharger, HoursRule, Mandate


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({"reserve_pct": 4}, "5 to 100 percent, not 4"),
        ({"reserve_pct": 101}, "5 to 100 percent, not 101"),
        ({"min_sell_ueur_kwh": -1}, "must not be negative"),
        ({"max_buy_ueur_kwh": -1}, "must not be negative"),
        ({"sell_periods": frozenset({"P9"})}, "Unknown tariff periods: P9"),
        ({"objective": "fame"}, "Unknown objective: fame"),
        ({"cycles_tenths": 0}, "cycles a day must be above zero"),
        ({"ev_ready_minute": 1_440}, "minute of the day, 0 to 1439"),
        ({"ev_from_minute": 60}, "a begin and another end"),
        ({"ev_until_minute": 60}, "a begin and another end"),
        ({"ev_from_minute": 60, "ev_until_minute": 60}, "a begin and another end"),
        ({"ev_from_minute": 1_440, "ev_until_minute": 60}, "a begin and another end"),
        ({"ev_target_wh": 0}, "car must be above zero"),
        ({"valid_until": datetime(2026, 6, 1)}, "aware instant"),  # noqa: DTZ001
    ],
)
def test_an_impossible_mandate_is_refused(terms, message):
    with pytest.raises(ValueError, match=message):
        Mandate(**terms)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"period": "P9", "may_trade": False}, "Unknown tariff period: P9"),
        ({"days": "monday", "may_trade": False}, "Unknown kind of day: monday"),
        ({"from_minute": 1_440, "may_trade": False}, "within a day"),
        ({"from_minute": 60, "to_minute": 60, "may_trade": False}, "must take time"),
        ({"min_sell_ueur_kwh": -1}, "must not be negative"),
        ({}, "name a price, or rule out trading"),
    ],
)
def test_an_impossible_rule_for_hours_is_refused(rule, message):
    with pytest.raises(ValueError, match=message):
        HoursRule(**rule)


def test_resilience_holds_at_least_half_of_the_battery():
    assert Mandate(objective="resilience", reserve_pct=10).held_pct == 50
    assert Mandate(objective="resilience", reserve_pct=70).held_pct == 70
    assert Mandate(objective="savings", reserve_pct=10).held_pct == 10


@pytest.mark.parametrize(
    "changes",
    [
        {"capacity_wh": 0},
        {"charge_w": -1},
        {"efficiency_ppm": 0},
        {"efficiency_ppm": 1_000_001},
        {"soc_wh": 10_001},
        {"given_today_wh": -1},
    ],
)
def test_an_impossible_battery_is_refused(changes):
    with pytest.raises(ValueError, match="Battery 7"):
        replace(Battery(7, 10_000, 5_000, 5_000, 950_000, 5_000), **changes)


@pytest.mark.parametrize(
    "changes",
    [{"charge_w": 0}, {"need_wh": -1}, {"ready_by": datetime(2026, 6, 1)}],  # noqa: DTZ001
)
def test_an_impossible_charger_is_refused(changes):
    with pytest.raises(ValueError, match="Charger 3"):
        EvCharger(**{"id": 3, "charge_w": 3_700, **changes})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"net_load_wh": (1,)}, "cover the same slots"),
        ({"start": datetime(2026, 6, 1)}, "aware instant"),  # noqa: DTZ001
        ({"slot_minutes": 0}, "take time"),
        ({"feed_in_ueur_kwh": (300_000,) * 96}, "not be above the import price"),
        ({"grid_fee_ueur_kwh": -1}, "not be negative"),
        ({"mandate": Mandate(hours=(HoursRule(may_trade=False),)), "local": ()}, "own hours need them"),
    ],
)
def test_an_impossible_observation_is_refused(observe, changes, message):
    with pytest.raises(ValueError, match=message):
        observe(**changes)


def test_a_battery_never_gains_energy_by_rounding(battery):
    full_circle = [battery(5_000).stored_wh(ac) + battery(5_000).stored_wh(-ac) for ac in range(1, 500)]

    assert all(change < 0 for change in full_circle)
