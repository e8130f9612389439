"""Lived weeks keep to physics, to the limits and to what each home could have had alone."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.agents.street import Asked, Fleet, Weeks, live
from tests.examples import examples

SLOTS, HOMES = 24, 5
END = 80_000.0


class AnyWish:
    """Agents that ask whatever chance says, dearer the emptier."""

    repeats = 1

    def __init__(self, seed):
        self.chance = np.random.default_rng(seed)

    def __call__(self, state, rungs):
        level = self.chance.uniform(20_000, 250_000, (*rungs.give_at.shape[:2], 1))
        cars = self.chance.uniform(20_000, 250_000, state.need_wh.shape)
        return Asked(level - 20_000 * rungs.give_at, level - 20_000 * rungs.fill_at, cars)


def fleet(import_w=np.inf, export_w=np.inf):
    battery, car = np.array([1, 1, 0, 1, 0.0]), np.array([0, 1, 1, 0, 0.0])
    return Fleet(
        10_000 * battery, 5_000 * battery, 4_000 * battery, np.full(HOMES, 0.95), 1_000 * battery, 7_400 * car,
        import_w, export_w,
    )  # fmt: skip


def weeks(seed, late=False, count=2):
    chance = np.random.default_rng(seed)
    shape = (count, SLOTS, HOMES)
    net = chance.normal(300, 1_500, shape)
    retail = np.repeat(chance.choice([80_000.0, 120_000.0, 180_000.0], shape[:2])[..., None], HOMES, axis=2)
    retail[..., 3] += 10_000  # one home has another tariff
    arrives, leaves = np.zeros(shape), np.zeros(shape, dtype=np.int64)
    arrives[:, 6, 1:3], leaves[:, 6, 1:3] = 9_000.0, 12
    expected = net + chance.normal(0, 300, shape) if late else None
    return Weeks(net, retail, np.full(shape, 50_000.0), arrives, leaves, 60, expected)


@pytest.mark.parametrize("late", [False, True])
@given(seed=st.integers(0, 10_000))
@settings(max_examples=examples(25), deadline=None)
def test_energy_is_conserved_and_stays_within_bounds(late, seed):
    street, happens = fleet(), weeks(seed, late)

    lived = live(street, happens, AnyWish(seed), end_ueur_kwh=END)

    stored = np.concatenate((np.full((1, 2, 3), 5_000.0), lived.stored_wh))
    moved = np.diff(stored, axis=0)
    battery_wh = np.where(moved > 0, moved / 0.95, moved * 0.95).sum(axis=(0, 2))
    cars_wh = happens.arrives_wh.sum(axis=(1, 2)) - 1e3 * lived.unserved_kwh
    assert lived.exchange_wh.sum(axis=0) == pytest.approx(happens.net_wh.sum(axis=(1, 2)) + battery_wh + cars_wh)
    assert lived.unserved_kwh == pytest.approx(0)
    assert stored.min() >= 1_000 - 1e-6
    assert stored.max() <= 10_000 + 1e-6


@given(st.integers(0, 10_000), st.floats(3_000, 12_000), st.floats(2_000, 8_000))
@settings(max_examples=examples(40), deadline=None)
def test_only_inelastic_load_breaks_a_limit(seed, most_import, most_export):
    street, happens = fleet(most_import, most_export), weeks(seed)

    lived = live(street, happens, AnyWish(seed), end_ueur_kwh=END)

    could_wait = 2 * 7_400  # what cars that must go may still take at most
    # Agents of chance may keep their own sun while another's car breaks the limit; those of the policy are called.
    kept = np.minimum(np.maximum(-happens.net_wh[..., [0, 1, 3]], 0), 5_000).sum(axis=2).T
    firm_wh = happens.net_wh.sum(axis=2).T + could_wait + kept
    assert (lived.exchange_wh >= -most_export - 1e-6).all()
    assert (lived.exchange_wh <= np.maximum(most_import, firm_wh) + 1e-6).all()


@given(st.integers(0, 10_000))
@settings(max_examples=examples(40), deadline=None)
def test_each_home_pays_at_most_what_its_retailer_asks_for_the_same_energy(seed):
    happens = weeks(seed)

    lived = live(fleet(), happens, AnyWish(seed), end_ueur_kwh=END)

    taken = lived.home_wh.transpose(1, 0, 2)
    own = np.where(taken > 0, taken * happens.import_ueur_kwh, taken * happens.feed_in_ueur_kwh).sum(axis=1) / 1e9
    own[:, [0, 1, 3]] -= lived.stored_wh[-1] * END / 1e9
    assert (lived.bill_eur <= own + 1e-9).all()


@pytest.mark.parametrize("late", [False, True])
@given(seed=st.integers(0, 10_000))
@settings(max_examples=examples(25), deadline=None)
def test_what_homes_pay_is_what_the_retailers_get_under_one_tariff(late, seed):
    happens = weeks(seed, late)
    happens.import_ueur_kwh[..., 3] -= 10_000

    lived = live(fleet(), happens, AnyWish(seed), end_ueur_kwh=END)

    total = lived.exchange_wh.T
    grid = np.where(total > 0, total * happens.import_ueur_kwh[..., 0], total * 50_000.0).sum(axis=1)
    assert lived.cost_eur == pytest.approx((grid - lived.stored_wh[-1].sum(axis=1) * END) / 1e9)


@given(st.integers(0, 10_000), st.sampled_from([60_000.0, 130_000.0, 250_000.0]))
@settings(max_examples=examples(25), deadline=None)
def test_loads_run_up_to_their_worth_and_staying_off_costs_it(seed, worth):
    wishes = np.zeros((2, SLOTS, HOMES))
    wishes[..., 4] = 400.0
    happens, owned = replace(weeks(seed), wishes_wh=wishes), np.array([0, 0, 0, 0, worth])

    lived = live(replace(fleet(), load_ueur_kwh=owned), happens, AnyWish(seed), end_ueur_kwh=END)

    ran = lived.home_wh[..., 4] - happens.net_wh[..., 4].T
    assert ran.min() >= -1e-6
    assert ran.max() <= 400 + 1e-6
    price, retail = lived.price_ueur_kwh, happens.import_ueur_kwh[..., 4].T
    assert ran[np.minimum(price, retail) < worth - 1] == pytest.approx(400)
    assert ran[(price > worth + 1) & (retail > worth + 1)] == pytest.approx(0, abs=1e-6)
