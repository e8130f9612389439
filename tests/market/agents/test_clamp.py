"""Whatever a policy decides, what leaves the clamp keeps the owner's rules; what keeps them passes as it is."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.agents import Decision, EvCharger, HoursRule, Mandate, OrderWish, clamped, decide
from tests.examples import examples
from tests.market.agents.seeing import CAR, observations


@st.composite
def decisions(draw, seen):
    """Anything that a policy might answer, more often than not close to what it may."""
    ids = st.sampled_from([store.id for store in seen.batteries] * 3 + [CAR, 8, 99])
    terms, charged = seen.terms[0], seen.import_ueur_kwh[0]
    edges = [charged, terms.max_buy_ueur_kwh, terms.min_sell_ueur_kwh, seen.feed_in_ueur_kwh[0]]
    wishes = st.builds(
        OrderWish,
        device_id=ids | ids | st.none(),
        side=st.sampled_from(["buy", "sell"] * 4 + ["sell short"]),
        kind=st.sampled_from(["flexible"] * 5 + ["firm", "firm", "odd"]),
        energy_wh=st.integers(1, 1_500) | st.integers(-5_000, 20_000),
        limit_ueur_kwh=st.sampled_from(edges) | st.integers(-100_000, 2_000_000),
    )
    # Need and surplus of the home are what its batteries may cover and store without an order.
    net = seen.net_load_wh[0]
    base = st.integers(*sorted((-net, 0))) | st.integers(-1_200, 1_200) | st.integers(-20_000, 20_000)
    return Decision(
        draw(st.lists(wishes, max_size=8).map(tuple)),
        draw(st.dictionaries(ids, base)),
        (),
        draw(st.integers(-5_000, 5_000)),
    )


many = settings(max_examples=examples(300), deadline=None)


@pytest.fixture(scope="session")
def some(observe, battery):
    return observations(observe, battery)


def total(decision, device_id, side):
    return sum(wish.energy_wh for wish in decision.orders if (wish.device_id, wish.side) == (device_id, side))


def breaches(decision, seen):
    """The owner's rules that a decision breaks, counted afresh from mandate, devices and forecast."""
    mandate, terms = seen.mandate, seen.terms[0]
    end = seen.start + timedelta(minutes=seen.slot_minutes)
    found = []
    if decision.orders and (mandate.paused or (mandate.valid_until and end > mandate.valid_until)):
        found.append("ordered though paused or expired")
    found += [f"order {wish}" for wish in decision.orders if not allowed(wish, seen, decision.base_wh)]
    for store in seen.batteries:
        found += battery_breaches(store, decision, seen)
    cars = {charger.id: charger for charger in seen.ev_chargers if charger.plugged_in}
    for car in cars.values():
        asked = decision.base_wh.get(car.id, 0)
        left = (car.ready_by - seen.start) // timedelta(minutes=15)
        hurry = car.need_wh > (left - 1) * 7_400 // 4
        sold = total(decision, car.id, "sell")
        if asked < 0 or asked + total(decision, car.id, "buy") > car.most_wh(15) or asked < sold:
            found.append("car beyond its limits")
        if hurry and car.need_wh and sold:
            found.append("a car in a hurry sells its charging")
    if decision.base_wh.keys() - {store.id for store in seen.batteries} - cars.keys():
        found.append("a device that is not there")
    return found + own_use_breaches(decision, seen, terms)


def allowed(wish, seen, base_wh):
    terms, stores = seen.terms[0], {store.id for store in seen.batteries}
    if wish.energy_wh <= 0 or (wish.kind, wish.device_id is None) not in {("firm", True), ("flexible", False)}:
        return False
    if wish.device_id is not None and wish.device_id not in base_wh:
        return False
    if wish.side == "sell":
        return terms.may_sell and wish.limit_ueur_kwh >= terms.min_sell_ueur_kwh
    from_grid = seen.mandate.grid_charge or wish.device_id not in stores
    served = wish.limit_ueur_kwh >= seen.import_ueur_kwh[0]
    return wish.side == "buy" and terms.may_buy and wish.limit_ueur_kwh <= terms.max_buy_ueur_kwh and (
        from_grid or not served
    )  # fmt: skip


def battery_breaches(store, decision, seen):
    held = min(store.held_wh(seen.mandate.held_pct), store.soc_wh)
    asked = decision.base_wh.get(store.id, 0)
    least, most = asked - total(decision, store.id, "sell"), asked + total(decision, store.id, "buy")
    found = []
    if least < -store.discharge_w // 4 or most > store.charge_w // 4:
        found.append("power")
    if store.soc_wh + store.stored_wh(least) < held or store.soc_wh + store.stored_wh(most) > store.capacity_wh:
        found.append("reserve or capacity")
    cycles = seen.mandate.cycles_tenths
    drawn = -store.stored_wh(-store.given_today_wh + least) if least < 0 else 0
    if cycles is not None and drawn > store.capacity_wh * cycles / 10:
        found.append("cycles")
    return found


def own_use_breaches(decision, seen, terms):
    net = seen.net_load_wh[0] + sum(decision.base_wh.values())
    stores = [decision.base_wh.get(store.id, 0) for store in seen.batteries]
    from_grid = seen.mandate.grid_charge and terms.max_buy_ueur_kwh >= seen.import_ueur_kwh[0]
    found = []
    if net > 0 and max(stores, default=0) > 0 and not from_grid:
        found.append("stored from the retailer")
    if net < 0 and min(stores, default=0) < 0:
        found.append("given away without an order")
    if total(decision, None, "buy") > max(net, 0) or total(decision, None, "sell") > max(-net, 0):
        found.append("firm energy that does not flow")
    return found


@many
@given(chance=st.data())
def test_nothing_that_leaves_the_clamp_breaks_a_rule(some, chance):
    seen = chance.draw(some)

    assert breaches(clamped(chance.draw(decisions(seen)), seen), seen) == []


@many
@given(chance=st.data())
def test_what_keeps_the_rules_passes_unchanged(some, chance):
    seen = chance.draw(some)
    wanted = chance.draw(decisions(seen))

    once = clamped(wanted, seen)

    assert clamped(once, seen) == once
    if not breaches(wanted, seen):
        assert once == wanted


@many
@given(chance=st.data())
def test_the_clamp_adds_no_energy(some, chance):
    seen = chance.draw(some)
    wanted = chance.draw(decisions(seen))

    left = clamped(wanted, seen)

    assert left.base_wh.keys() <= wanted.base_wh.keys()
    for device, wh in left.base_wh.items():
        assert abs(wh) <= abs(wanted.base_wh[device])
        assert wh * wanted.base_wh[device] >= 0
    for device in (None, CAR, 7, 8, 99):
        for side in ("buy", "sell"):
            asked = sum(
                max(wish.energy_wh, 0) for wish in wanted.orders if (wish.device_id, wish.side) == (device, side)
            )
            assert total(left, device, side) <= asked


@pytest.mark.parametrize("rest", [{"paused": True}, {"valid_until": "then"}])
def test_a_paused_or_expired_mandate_writes_no_order(observe, battery, rest):
    seen = observe(12, battery=battery(3_000))
    until = {"valid_until": seen.start + timedelta(minutes=14)} if "valid_until" in rest else rest
    wanted = decide(seen)

    resting = replace(seen, mandate=Mandate(**until))

    assert wanted.orders
    assert (clamped(wanted, resting).orders, clamped(wanted, resting).plan) == ((), ())
    assert decide(resting).orders == ()
    assert decide(resting).base_wh == {7: 550}


def test_rules_hold_to_the_end_of_their_last_slot(observe):
    seen = observe(12)

    last = replace(seen, mandate=Mandate(valid_until=seen.start + timedelta(minutes=15)))

    assert decide(last).orders == decide(seen).orders
    assert [terms.may_sell for terms in last.terms[:3]] == [True, False, False]


def test_an_order_at_a_forbidden_price_stays_at_the_owners(observe, battery):
    hours = HoursRule(from_minute=12 * 60, to_minute=13 * 60, min_sell_ueur_kwh=90_000, max_buy_ueur_kwh=60_000)
    seen = observe(12, battery=battery(3_000), mandate=Mandate(hours=(hours,)))
    wanted = Decision(
        (OrderWish(7, "sell", "flexible", 100, 70_000), OrderWish(7, "buy", "flexible", 100, 65_000)),
        {7: 0},
        (),
        0,
    )

    assert [wish.limit_ueur_kwh for wish in clamped(wanted, seen).orders] == [90_000, 60_000]


def test_the_days_cycles_bind_what_was_meant_to_be_given_and_sold(observe, battery):
    seen = observe(20, battery=battery(10_000, given_today_wh=9_000), mandate=Mandate(cycles_tenths=10))
    wanted = Decision((OrderWish(7, "sell", "flexible", 900, 90_000),), {7: -150}, (), 150)

    kept = clamped(wanted, seen)

    assert kept.base_wh == {7: -150}
    assert [wish.energy_wh for wish in kept.orders] == [350]  # 9.5 kWh (AC) in one cycle


def test_an_order_below_zero_makes_no_room_for_others(observe, battery):
    wishes = tuple(
        OrderWish(7, "sell", "flexible", wh, limit) for wh, limit in ((-5_000, 80_000), (3_000, 90_000))
    )

    kept = clamped(Decision(wishes, {7: 0}, (), 150), observe(20, battery=battery(9_000)))

    assert [wish.energy_wh for wish in kept.orders] == [1_000]


def test_without_leave_no_order_fills_the_battery_at_the_retailers_price(observe, battery):
    seen = observe(3, pv=False, battery=battery(1_000))
    wanted = Decision((OrderWish(7, "buy", "flexible", 500, 117_000),), {7: 0}, (), 150)

    assert clamped(wanted, seen).orders[0].limit_ueur_kwh == 116_999
    assert clamped(wanted, replace(seen, mandate=Mandate(grid_charge=True))) == wanted


def test_too_much_is_cut_where_it_would_have_cleared_last(observe, battery):
    seen = observe(20, battery=battery(1_500))
    cheap, dear = (OrderWish(7, "sell", "flexible", 400, limit) for limit in (80_000, 120_000))

    kept = clamped(Decision((dear, cheap), {7: 0}, (), 150), seen).orders

    assert kept == (replace(dear, energy_wh=75), cheap)


def test_a_car_in_a_hurry_keeps_its_charging(observe):
    seen = observe(6, pv=False)
    car = EvCharger(CAR, 7_400, True, 9_000, seen.start + timedelta(hours=1))
    wanted = Decision((OrderWish(CAR, "sell", "flexible", 500, 100_000),), {CAR: 1_850}, (), 150)

    assert clamped(wanted, replace(seen, ev_chargers=(car,))).orders == ()
