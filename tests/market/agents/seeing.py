"""Any mandate and any home under it, for tests that hold whatever comes."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st

from market.agents import Curtailable, EvCharger, HoursRule, Mandate
from market.agents.hours import DAYS, PERIODS
from market.agents.mandate import OBJECTIVES
from market.agents.policy.guide import BatteryGuide, Cause, Guided
from tests.market.agents.conftest import START

CAR, LOAD = 3, 4
periods = st.frozensets(st.sampled_from(sorted(PERIODS)))
prices = st.integers(0, 300_000)
limits = st.fixed_dictionaries({}, optional={"min_sell_ueur_kwh": prices, "max_buy_ueur_kwh": prices})


@st.composite
def hours_rules(draw):
    given = draw(limits)
    given["may_trade"] = draw(st.booleans()) if given else False
    if draw(st.booleans()):
        return HoursRule(period=draw(st.sampled_from(sorted(PERIODS))), **given)
    begins = draw(st.integers(0, 1439))
    ends = draw(st.integers(1, 1440).filter(lambda minute: minute != begins))
    return HoursRule(days=draw(st.sampled_from(sorted(DAYS))), from_minute=begins, to_minute=ends, **given)


mandates = st.builds(
    Mandate,
    min_sell_ueur_kwh=prices,
    max_buy_ueur_kwh=prices | st.just(1_000_000),
    reserve_pct=st.integers(5, 100),
    sell_periods=periods | st.just(PERIODS),
    buy_periods=periods | st.just(PERIODS),
    grid_charge=st.booleans(),
    objective=st.sampled_from(sorted(OBJECTIVES)),
    paused=st.sampled_from([False, False, False, True]),
    hours=st.lists(hours_rules(), max_size=3).map(tuple),
    cycles_tenths=st.none() | st.integers(1, 15),
    valid_until=st.none() | st.integers(-24, 48).map(lambda hours: START + timedelta(hours=hours)),
)


@st.composite
def observations(draw, observe, battery):
    stores = [
        battery(
            draw(st.integers(0, 10_000)),
            id=number,
            charge_w=draw(st.integers(0, 6_000)),
            discharge_w=draw(st.integers(0, 6_000)),
            efficiency_ppm=draw(st.integers(700_000, 1_000_000)),
            given_today_wh=draw(st.just(0) | st.integers(0, 12_000)),
        )
        for number in range(7, 7 + draw(st.integers(0, 2)))
    ]
    hour = draw(st.integers(0, 23))
    seen = observe(
        hour,
        net={h: draw(st.integers(-2_000, 2_000)) for h in range(0, 24, 3)},
        price=draw(st.none() | st.integers(40_000, 240_000)),
        slots=draw(st.sampled_from([1, 3, 30, 96])),
        batteries=tuple(stores),
        mandate=draw(mandates),
        grid_fee_ueur_kwh=draw(st.sampled_from([0, 5_000])),
    )
    charger = EvCharger(CAR, 7_400, draw(st.booleans()), draw(st.integers(0, 9_000)), seen.start.replace(hour=23))
    seen = replace(seen, ev_chargers=draw(st.sampled_from([(), (charger,)])))
    loads = draw(st.lists(st.builds(Curtailable, st.just(LOAD), st.integers(0, 900), prices), max_size=1))
    return replace(seen, loads=tuple(loads), guided=draw(st.none() | guidances([store.id for store in stores])))


steps = st.lists(st.tuples(st.integers(0, 400_000), st.integers(1, 900)), max_size=4).map(tuple)


@st.composite
def guidances(draw, stores):
    """What a policy might say, sense or nonsense."""
    guides = {
        number: BatteryGuide(draw(steps), draw(steps), draw(prices), draw(prices), (Cause("stored", 0.2, 1_500),))
        for number in stores
    }
    return Guided(guides, {CAR: draw(st.integers(0, 400_000))})
