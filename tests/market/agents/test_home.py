"""A simulated home obeys its set-points as far as physics allows, and conserves energy to the Wh."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from market.agents import EvCharger, EvSession, SimulatedHome, session_at
from market.agents.sessions import session_of
from tests.examples import examples

MADRID = ZoneInfo("Europe/Madrid")
energy = st.integers(0, 4_000)


@settings(max_examples=examples(100), deadline=None)
@given(
    load_wh=energy,
    pv_wh=energy,
    soc_wh=st.integers(0, 10_000),
    wanted_wh=st.integers(-3_000, 3_000),
    scheduled_wh=st.none() | st.integers(-3_000, 3_000),
    need_wh=energy,
    reserve_pct=st.integers(5, 100),
)
def test_energy_is_conserved_and_limits_hold(
    battery, load_wh, pv_wh, soc_wh, wanted_wh, scheduled_wh, need_wh, reserve_pct
):
    home = SimulatedHome(battery(soc_wh), EvCharger(3, 3_700, True, need_wh))

    after = home.step(
        load_wh=load_wh,
        pv_wh=pv_wh,
        set_points={7: wanted_wh, 3: wanted_wh},
        scheduled_net_wh=scheduled_wh,
        reserve_pct=reserve_pct,
    )

    store = after.home.battery
    stored_wh = store.soc_wh - soc_wh
    lost_wh = after.battery_wh - stored_wh
    assert pv_wh + after.import_wh == load_wh + after.car_wh + after.export_wh + stored_wh + lost_wh
    assert 0 <= lost_wh <= abs(after.battery_wh) * 6 // 100 + 1
    assert min(after.import_wh, after.export_wh) == 0
    assert -1_000 <= after.battery_wh <= 1_000
    assert min(soc_wh, reserve_pct * 100) <= store.soc_wh <= 10_000
    assert after.home.charger.need_wh == need_wh - after.car_wh >= 0


def test_the_inverter_keeps_the_schedule_when_the_forecast_was_wrong(battery):
    home = SimulatedHome(battery(5_000))

    after = home.step(load_wh=400, pv_wh=0, set_points={7: -200}, scheduled_net_wh=-50)

    assert (after.import_wh, after.export_wh) == (0, 50)
    assert after.battery_wh == -450


def test_without_a_schedule_the_battery_covers_the_homes_own_need(battery):
    after = SimulatedHome(battery(5_000)).step(load_wh=300, pv_wh=0, set_points={7: 500})

    assert (after.battery_wh, after.import_wh) == (-300, 0)


def test_a_surplus_that_failed_to_come_is_not_taken_out_of_the_battery(battery):
    home = SimulatedHome(battery(5_000))

    after = home.step(load_wh=300, pv_wh=0, set_points={7: 0}, scheduled_net_wh=-600)

    assert (after.battery_wh, after.import_wh, after.export_wh) == (-300, 0, 0)


def test_a_need_that_failed_to_come_is_not_charged_from_the_grid(battery):
    home = SimulatedHome(battery(5_000))

    after = home.step(load_wh=0, pv_wh=800, set_points={7: 0}, scheduled_net_wh=400)

    assert (after.battery_wh, after.import_wh, after.export_wh) == (800, 0, 0)


def test_held_back_pv_is_not_exported():
    after = SimulatedHome().step(load_wh=100, pv_wh=900, set_points={}, curtailed_wh=300)

    assert after.export_wh == 500


def test_a_car_comes_with_its_need_and_keeps_what_it_has_charged():
    session = EvSession(datetime(2026, 6, 1, 17, tzinfo=UTC), datetime(2026, 6, 2, 5, tzinfo=UTC), 6_000)
    home = SimulatedHome(charger=EvCharger(3, 3_700))

    arrived = home.with_car(session)
    charged = arrived.step(load_wh=0, pv_wh=0, set_points={}).home.with_car(session)
    left = charged.with_car(None)

    assert arrived.charger == EvCharger(3, 3_700, True, 6_000, session.leaves)
    assert charged.charger.need_wh == 6_000 - 925
    assert left.charger == EvCharger(3, 3_700)
    assert SimulatedHome().with_car(session) == SimulatedHome()


def test_sessions_are_evenings_that_depend_on_seed_home_and_date_only():
    evenings = [date(2026, 1, 1) + timedelta(days=i) for i in range(365)]

    sessions = [found for day in evenings if (found := session_of(1, 4, day, MADRID))]
    others = [found for day in evenings if (found := session_of(2, 4, day, MADRID))]

    assert 150 < len(sessions) < 300
    for session in sessions:
        arrives, leaves = session.arrives.astimezone(MADRID), session.leaves.astimezone(MADRID)
        assert (18, 30) <= (arrives.hour, arrives.minute) <= (20, 0)
        assert (7, 15) <= (leaves.hour, leaves.minute) <= (7, 45)
        assert 6_000 <= session.need_wh <= 18_000
    assert sessions != others


def test_a_session_is_under_way_from_arrival_until_departure():
    day = next(d for i in range(30) if session_of(1, 4, d := date(2026, 6, 1) + timedelta(days=i), MADRID))
    session = session_of(1, 4, day, MADRID)

    assert session_at(1, 4, session.arrives, MADRID) == session
    assert session_at(1, 4, session.leaves - timedelta(minutes=1), MADRID) == session
    assert session_at(1, 4, session.leaves, MADRID) is None
