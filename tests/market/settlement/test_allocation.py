"""Rules of sharing: the worked cases, and what must hold of every rule on any street."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.settlement.allocation import (
    RULES,
    Cascade,
    Coefficients,
    Equal,
    Hybrid,
    Matched,
    Pairs,
    Proportional,
    allocate,
    netted,
)
from market.settlement.allocation.countries import (
    austria,
    france_keys,
    germany,
    italy_shared,
    italy_split,
    italy_tip_ueur_kwh,
)
from market.settlement.apportion import apportion

CASES = {
    case["id"]: case
    for case in json.loads((Path(__file__).parent / "settlement_cases.json").read_text(encoding="utf-8"))
}
BETA = (500_000, 300_000, 200_000)
RULES_OF_THE_CASE = {
    "static": Coefficients(BETA),
    "equal": Equal(),
    "proportional": Proportional(BETA),
    "hybrid": Hybrid(BETA),
    "cascade_A_C_B": Cascade(((0,), (2,), (1,)), beta_ppm=BETA),
}


def columns(given_wh, consumption_wh):
    rows = netted(given_wh, consumption_wh)
    return {
        "allocated": list(given_wh),
        "self": [row.own_wh for row in rows],
        "grid_import": [row.import_wh for row in rows],
        "surplus": [row.surplus_wh for row in rows],
    }


def test_the_worked_hours_of_five_rules_are_exact():
    case = CASES["allocation_rules_side_by_side"]
    for hour, expected in zip(case["inputs"]["hours"], case["expected"], strict=True):
        for name, rule in RULES_OF_THE_CASE.items():
            found = columns(allocate(hour["G"], hour["cons"], rule), hour["cons"])
            assert found == expected["rules"][name], (name, hour)
        assert italy_shared([hour["G"]], hour["cons"]) == expected["shared_energy_italy_wh"]


def test_the_worked_day_of_fixed_coefficients_is_exact():
    case = CASES["beta_static_3_members"]
    inputs, expected = case["inputs"], case["expected"]
    costs, worths = [0, 0, 0], [0, 0, 0]
    for hour, wanted in zip(inputs["hours"], expected["hours"], strict=True):
        found = columns(allocate(hour["G"], hour["cons"], Coefficients(BETA)), hour["cons"])
        assert found == {key: value for key, value in wanted.items() if key != "local"}
        price = inputs["energy_price_ue_kwh"][hour["period"]]
        costs = [cost + wh * price for cost, wh in zip(costs, found["grid_import"], strict=True)]
        worths = [
            worth + wh * inputs["surplus_price_ue_kwh"] for worth, wh in zip(worths, found["surplus"], strict=True)
        ]
    assert costs == expected["energy_cost_nano_eur"]
    assert worths == expected["surplus_value_nano_eur"]


@st.composite
def streets(draw):
    """A production, members' consumption, and one of every rule that fits them."""
    count = draw(st.integers(1, 8))
    production = draw(st.integers(0, 10**6))
    consumption = draw(st.lists(st.integers(0, 10**6), min_size=count, max_size=count))
    weights = draw(st.lists(st.integers(0, 100), min_size=count, max_size=count).filter(any))
    beta = tuple(apportion(1_000_000, weights))
    order = draw(st.permutations(range(count)))
    cut = draw(st.integers(0, count))
    groups = tuple(group for group in (tuple(order[:cut]), tuple(order[cut:])) if group)
    first = draw(st.integers(0, production))
    keys = draw(
        st.lists(st.lists(st.integers(0, 100_000), min_size=count, max_size=count), min_size=2, max_size=2)
    )
    matched = draw(st.lists(st.integers(0, 10**6), min_size=count, max_size=count))
    rules = (
        Coefficients(beta), Equal(), Proportional(beta), Proportional(), Hybrid(beta),
        Cascade(groups, beta_ppm=beta), Cascade(groups, tuple(weights)),
        Pairs(tuple(map(tuple, keys)), (first, production - first)), Matched(tuple(matched), beta),
    )  # fmt: skip
    return production, consumption, rules


@given(streets())
def test_every_rule_gives_out_all_of_it_and_nothing_below_zero(street):
    production, consumption, rules = street
    for rule in rules:
        given_wh = allocate(production, consumption, rule)
        assert sum(given_wh) == production
        assert min(given_wh) >= 0
        for row in netted(given_wh, consumption):
            assert not (row.import_wh and row.surplus_wh)


@given(streets())
def test_rules_that_follow_consumption_use_all_that_can_be_used(street):
    production, consumption, rules = street
    for rule in rules:
        used = sum(row.own_wh for row in netted(allocate(production, consumption, rule), consumption))
        most = min(production, sum(consumption))
        assert used <= most
        if isinstance(rule, Proportional | Hybrid | Cascade):
            assert used == most


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="one million"):
        Coefficients((500_000, 499_999))
    with pytest.raises(ValueError, match="exactly one group"):
        allocate(10, [1, 2], Cascade(((0,),)))
    with pytest.raises(ValueError, match="more than one million"):
        Pairs(((600_000, 600_000),), (10,))
    with pytest.raises(ValueError, match="add up to the production"):
        allocate(10, [1, 2], Pairs(((1, 1),), (9,)))
    with pytest.raises(ValueError, match="must not be negative"):
        allocate(-1, [1], Equal())
    with pytest.raises(ValueError, match="does not fit"):
        allocate(10, [1, 2], Coefficients((1_000_000,)))


def test_only_coefficients_fixed_beforehand_go_to_a_spanish_distributor():
    assert {rule.name for rule in RULES if rule.exportable} == {"static", "hourly"}
    assert all("ES" in rule.legal_in for rule in RULES if rule.exportable)
    assert not next(rule for rule in RULES if rule.name == "market").legal_in


def test_austria_counts_each_members_part_and_leaves_producers_the_rest():
    dynamic = austria([3_000, 1_000], [1_000, 3_000], [100, 50])
    static = austria([4_000], [1_000, 3_000], [100, 100], (750_000, 250_000))

    assert (dynamic.counted_wh, dynamic.covered_wh, dynamic.left_wh) == (
        [1_000, 1_500],
        [1_000, 1_500],
        [1_125, 375],
    )
    assert (static.ready_wh, static.covered_wh, static.left_wh) == ([3_000, 1_000], [1_000, 1_000], [2_000])
    with pytest.raises(ValueError, match="1 to 100"):
        austria([1], [1], [0])


@pytest.mark.parametrize(
    ("plant_w", "zonal", "premium"),
    [(200_000, 180_000, 80_000), (200_000, 160_000, 100_000), (200_000, 20_000, 120_000), (600_000, 150_000, 100_000),
     (1_000_000, 200_000, 60_000)],
)  # fmt: skip
def test_italys_premium_by_power_and_price(plant_w, zonal, premium):
    assert italy_tip_ueur_kwh(plant_w, zonal) == premium


def test_italy_france_and_germany():
    assert sum(italy_split(1_000_000_001, [55, 45])) == 1_000_000_001
    assert france_keys([123_456, 876_544]) == [123_000, 876_000]
    with pytest.raises(ValueError, match="100 %"):
        france_keys([600_000, 500_000])
    with pytest.raises(ValueError, match="1 MW"):
        italy_tip_ueur_kwh(1_000_001, 0)
    assert germany(900, [100, 1_000, 1_000]) == [100, 400, 400]
    assert germany(5_000, [100, 200], [3, 1]) == [100, 200]
