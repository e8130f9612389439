"""What agents order, and that no order can break the mandate, the battery or the home's own interest."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.agents import Mandate, clamped, decide
from market.agents.bounds import battery_bounds
from market.agents.hours import PERIODS
from market.agents.levels import DECIDERS
from tests.examples import examples
from tests.market.agents.seeing import CAR, LOAD, observations


@pytest.fixture(scope="session")
def some(observe, battery):
    return observations(observe, battery)


on_every_level = pytest.mark.parametrize("level", sorted(DECIDERS))
many = settings(max_examples=examples(100), deadline=None)


def set_point(decision, device_id, fills):
    bought = sum(wh for wish, wh in fills if wish.device_id == device_id and wish.side == "buy")
    sold = sum(wh for wish, wh in fills if wish.device_id == device_id and wish.side == "sell")
    return decision.base_wh[device_id] + bought - sold


@on_every_level
@many
@given(chance=st.data())
def test_devices_stay_within_their_limits_whatever_clears(some, level, chance):
    seen = chance.draw(some)

    decision = DECIDERS[level](seen)
    flexible = [wish for wish in decision.orders if wish.kind == "flexible"]
    fills = [(wish, chance.draw(st.integers(0, wish.energy_wh))) for wish in flexible]

    for store in seen.batteries:
        asked = set_point(decision, store.id, fills)
        held = store.held_wh(seen.mandate.held_pct)
        stored = store.soc_wh + store.stored_wh(asked)
        assert -store.most_discharge_wh(15, held) <= asked <= store.most_charge_wh(15)
        assert asked >= battery_bounds(seen, store).least_wh
        assert min(held, store.soc_wh) <= stored <= store.capacity_wh
    for charger in seen.ev_chargers:
        if charger.plugged_in:
            assert 0 <= set_point(decision, charger.id, fills) <= charger.most_wh(15)
    for load in seen.loads:
        assert 0 <= set_point(decision, load.id, fills) <= load.wish_wh


@on_every_level
@many
@given(chance=st.data())
def test_no_order_breaks_the_mandate(some, level, chance):
    seen = chance.draw(some)
    terms = seen.terms[0]

    decision = DECIDERS[level](seen)

    for wish in decision.orders:
        assert not seen.mandate.paused
        assert wish.energy_wh > 0
        if wish.side == "sell":
            assert terms.may_sell
            assert wish.limit_ueur_kwh >= terms.min_sell_ueur_kwh
        else:
            assert terms.may_buy
            assert wish.limit_ueur_kwh <= terms.max_buy_ueur_kwh
        if wish.side == "buy" and wish.kind == "flexible" and wish.limit_ueur_kwh == seen.import_ueur_kwh[0]:
            assert seen.mandate.grid_charge or wish.device_id in {CAR, LOAD}


@on_every_level
@many
@given(chance=st.data())
def test_no_level_ever_needs_the_clamp(some, level, chance):
    seen = chance.draw(some)

    decision = DECIDERS[level](seen)

    assert clamped(decision, seen) == decision


@on_every_level
@many
@given(chance=st.data())
def test_a_home_never_trades_with_itself_or_worse_than_with_its_retailer(some, level, chance):
    seen = chance.draw(some)

    decision = DECIDERS[level](seen)

    dearest, cheapest = seen.import_ueur_kwh[0], seen.feed_in_ueur_kwh[0]
    buys = [wish.limit_ueur_kwh for wish in decision.orders if wish.side == "buy"]
    sells = [wish.limit_ueur_kwh for wish in decision.orders if wish.side == "sell"]
    assert max(buys, default=-1) < min(sells, default=10**9)
    assert max(buys, default=0) <= dearest
    assert min(sells, default=10**9) >= cheapest
    for wish in decision.orders:
        if wish.kind == "flexible":
            assert cheapest <= wish.limit_ueur_kwh <= dearest


@many
@given(chance=st.data())
def test_firm_energy_is_what_no_device_covers(some, chance):
    seen = chance.draw(some)
    free = {"sell_periods": PERIODS, "buy_periods": PERIODS, "paused": False, "hours": (), "valid_until": None}
    allowed = replace(seen, mandate=replace(seen.mandate, **free))

    decision = decide(allowed)

    firm = sum(
        wish.energy_wh * (1 if wish.side == "buy" else -1) for wish in decision.orders if wish.kind == "firm"
    )
    assert firm == allowed.net_load_wh[0] + sum(decision.base_wh.values())
    assert decision.forecast_wh == allowed.net_load_wh[0]


def test_a_home_without_devices_orders_its_forecast(observe):
    night, noon = decide(observe(3)), decide(observe(12))

    assert [(w.side, w.kind, w.energy_wh, w.limit_ueur_kwh) for w in night.orders] == [
        ("buy", "firm", 150, 117_000)
    ]
    assert [(w.side, w.kind, w.energy_wh, w.limit_ueur_kwh) for w in noon.orders] == [
        ("sell", "firm", 550, 55_000)
    ]


def test_surplus_that_fits_in_the_battery_is_sold_only_above_its_stored_worth(observe, battery):
    decision = decide(observe(12, battery=battery(3_000)))

    sale, *out_of_the_battery = [wish for wish in decision.orders if wish.side == "sell"]
    assert (sale.kind, sale.energy_wh) == ("flexible", 550)
    assert sale.limit_ueur_kwh > 55_000
    assert all(wish.limit_ueur_kwh > sale.limit_ueur_kwh for wish in out_of_the_battery)
    assert decision.base_wh == {7: 550}


def test_need_that_the_battery_covers_is_bought_only_below_its_stored_worth(observe, battery):
    decision = decide(observe(20, battery=battery(9_000)))

    needs = [wish for wish in decision.orders if wish.side == "buy"]
    assert sum(wish.energy_wh for wish in needs) >= 150
    assert all(wish.kind == "flexible" and wish.limit_ueur_kwh < 229_000 for wish in needs)
    assert decision.base_wh == {7: -150}


def test_a_full_battery_leaves_the_surplus_firm(observe, battery):
    decision = decide(observe(12, battery=battery(10_000)))

    firm = [wish for wish in decision.orders if wish.kind == "firm"]
    assert [(wish.side, wish.energy_wh) for wish in firm] == [("sell", 550)]


def test_a_battery_charges_from_the_retailer_only_if_its_owner_allows_it(observe, battery):
    seen = observe(3, pv=False, battery=battery(1_000))

    without = decide(seen).orders
    allowed = decide(replace(seen, mandate=Mandate(grid_charge=True))).orders

    assert max(wish.limit_ueur_kwh for wish in without if wish.kind == "flexible") == 116_999
    assert ("flexible", 117_000) in {(wish.kind, wish.limit_ueur_kwh) for wish in allowed}


def test_only_a_home_that_seeks_revenue_sells_its_battery_at_the_feed_in_price(observe, battery):
    seen = observe(12, battery=battery(10_000), feed_in_ueur_kwh=(90_000,) + (20_000,) * 95)

    saving = decide(seen).orders
    earning = decide(replace(seen, mandate=Mandate(objective="revenue"))).orders

    assert min(w.limit_ueur_kwh for w in saving if w.kind == "flexible" and w.side == "sell") > 90_000
    assert min(w.limit_ueur_kwh for w in earning if w.kind == "flexible" and w.side == "sell") == 90_000


def test_resilience_asks_more_for_what_it_stores(observe, battery):
    seen = observe(20, battery=battery(9_000), price=120_000)

    usual = decide(seen).orders
    careful = decide(replace(seen, mandate=Mandate(objective="resilience"))).orders

    def cheapest(orders):
        return min(wish.limit_ueur_kwh for wish in orders if wish.device_id == 7)

    assert cheapest(careful) > cheapest(usual)


def test_a_paused_home_orders_nothing_and_uses_its_own_energy_first(observe, battery):
    decision = decide(observe(12, battery=battery(3_000), mandate=Mandate(paused=True)))

    assert decision.orders == ()
    assert decision.base_wh == {7: 550}


def test_outside_the_sale_periods_nothing_is_sold_and_surplus_is_stored(observe, battery):
    seen = observe(12, battery=battery(3_000), mandate=Mandate(sell_periods=frozenset({"P3"})))

    decision = decide(seen)

    assert "sell" not in {wish.side for wish in decision.orders}
    assert decision.base_wh == {7: 550}


def test_the_same_observation_gives_the_same_decision(observe, battery):
    seen = observe(18, battery=battery(6_000), price=100_000)

    assert decide(seen) == decide(seen)


def test_a_battery_gives_nothing_to_the_retailer_for_nothing(observe, battery):
    worthless = battery(5_000, charge_w=4, discharge_w=4)  # nothing ahead, so nothing stored is worth anything

    decision = decide(observe(0, net={0: 0}, slots=1, battery=worthless, mandate=Mandate(grid_charge=True)))

    assert decision.base_wh == {7: 0}
