"""Weeks of real curves, a real forecast and no neighbours: the agent must not cost its home money."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from community.demo.homes import curves
from market.agents import Battery, Mandate, SimulatedHome, decide, forecast_net_load
from market.agents.time_of_use import decide_by_tariff

MADRID = ZoneInfo("Europe/Madrid")
FIRST = datetime(2026, 2, 1, tzinfo=UTC)
IMPORT = {"P1": 251_000, "P2": 168_000, "P3": 98_000}
FEED_IN = 45_000
DAYS, PAST = 14, 28 * 96


def period(at):
    local = at.astimezone(MADRID)
    if local.weekday() >= 5 or local.hour < 8:
        return "P3"
    return "P1" if 10 <= local.hour < 14 or 18 <= local.hour < 22 else "P2"


PERIODS = tuple(period(FIRST + timedelta(minutes=15 * i)) for i in range(96 * (DAYS + 1)))


def forecasts(load_wh, pv_wh):
    net = np.array(load_wh, dtype=float) - np.array(pv_wh)
    for i in range(0, 96 * DAYS, 4):
        answer = forecast_net_load(
            net[None, i : i + PAST],
            FIRST + timedelta(minutes=15 * i),
            99,
            slot_minutes=15,
            zone=MADRID,
            is_rest_day=lambda day: day.weekday() >= 5,
        )
        yield answer.net_wh[0].tolist()


def slot_cost(seen, home, load_wh, pv_wh, decider):
    """Run one slot in which only the retailer trades; its cost in n€ and the home after it."""
    decision = decider(seen, planned=False)
    set_points = dict(decision.base_wh)
    for wish in decision.orders:
        if wish.kind == "flexible" and wish.side == "buy" and wish.limit_ueur_kwh == seen.import_ueur_kwh[0]:
            set_points[wish.device_id] += wish.energy_wh
    schedule = decision.forecast_wh + sum(set_points.values())
    after = home.step(load_wh=load_wh, pv_wh=pv_wh, set_points=set_points, scheduled_net_wh=schedule)
    return after.import_wh * seen.import_ueur_kwh[0] - after.export_wh * FEED_IN, after.home


def cost_eur(observe, curve, mandate, decider=decide):
    load_wh, pv_wh = curves(curve, FIRST - timedelta(minutes=15 * PAST), PAST + 96 * DAYS)
    home = SimulatedHome(Battery(7, 10_000, 5_000, 5_000, 960_000, 3_000))
    cost_neur = 0
    template = observe(mandate=mandate, feed_in_ueur_kwh=(FEED_IN,) * 96)
    for hour, expected in enumerate(forecasts(load_wh, pv_wh)):
        for i in range(4 * hour, 4 * hour + 4):
            periods = PERIODS[i : i + 96]
            seen = replace(
                template,
                start=FIRST + timedelta(minutes=15 * i),
                net_load_wh=tuple(expected[i % 4 : i % 4 + 96]),
                import_ueur_kwh=tuple(IMPORT[name] for name in periods),
                period=periods,
                batteries=(home.battery,),
            )
            slot_neur, home = slot_cost(seen, home, load_wh[PAST + i], pv_wh[PAST + i], decider)
            cost_neur += slot_neur
    return (cost_neur - home.battery.soc_wh * IMPORT["P3"]) / 1e9


def test_without_sun_a_battery_pays_by_charging_at_night(observe):
    alone = cost_eur(observe, 4, Mandate(paused=True))

    steered = cost_eur(observe, 4, Mandate(grid_charge=True))

    assert steered < 0.8 * alone


def test_with_sun_and_no_neighbours_the_agent_is_as_good_as_plain_self_consumption(observe):
    alone = cost_eur(observe, 0, Mandate(paused=True))

    steered = cost_eur(observe, 0, Mandate())

    assert steered < alone + 0.25


def test_the_rule_that_needs_no_forecast_keeps_half_of_what_the_plan_gains(observe):
    alone, by_rule, planned = (
        cost_eur(observe, 4, mandate, decider)
        for mandate, decider in (
            (Mandate(paused=True), decide),
            (Mandate(grid_charge=True), decide_by_tariff),
            (Mandate(grid_charge=True), decide),
        )
    )

    assert alone - by_rule > 0.5 * (alone - planned)
