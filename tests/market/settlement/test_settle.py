"""The settlement's promises, on random slots and on worked cases."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.ledger import BalancedEntry, Unbalanced
from market.settlement import Metered, Posting, SlotCase, SlotFacts, Terms, Traded, settle
from market.settlement.apportion import apportion
from market.settlement.statement import balance_cents, to_cents
from tests.examples import examples

CASES = {case["id"]: case for case in json.loads((Path(__file__).parent / "settlement_cases.json").read_text())}
energies = st.integers(0, 4_000)
prices = st.integers(0, 300_000)


@st.composite
def slots(draw: st.DrawFn) -> SlotCase:
    homes = draw(st.integers(1, 8))
    metered, traded, terms = [], [], []
    for home in range(homes):
        missing = draw(st.sampled_from([False] * 9 + [True]))
        metered.append(Metered(home, None if missing else draw(energies), None if missing else draw(energies)))
        traded.append(Traded(home, draw(energies), draw(energies)))
        feed_in = draw(st.integers(0, 90_000))
        terms.append(
            Terms(
                home, feed_in + draw(st.integers(1, 200_000)), feed_in, draw(prices), draw(prices),
                draw(st.booleans()), draw(st.booleans()),
            )
        )  # fmt: skip
    price = draw(st.one_of(st.none(), prices))
    facts = SlotFacts(price, draw(st.sampled_from([0, 5_000])))
    return SlotCase(facts, tuple(metered), tuple(traded), tuple(terms))


fast = settings(max_examples=examples(150), deadline=None)


@fast
@given(slots())
def test_no_household_is_worse_off_than_with_its_retailer_alone(case):
    assert all(line.saving_neur >= 0 for line in settle(case).lines)


@fast
@given(slots())
def test_money_and_energy_balance_to_the_last_unit(case):
    answer = settle(case)

    assert sum(posting.amount_neur for posting in answer.postings) == 0
    assert sum(line.sold_wh for line in answer.lines) == sum(line.bought_wh for line in answer.lines)
    BalancedEntry(answer.postings)


@fast
@given(slots())
def test_nobody_delivers_more_than_the_meter_saw(case):
    for line in settle(case).lines:
        assert 0 <= line.bought_wh <= line.import_wh
        assert 0 <= line.sold_wh <= line.export_wh


@fast
@given(slots(), st.randoms())
def test_the_order_of_households_changes_nothing(case, random):
    order = list(range(len(case.metered)))
    random.shuffle(order)
    mixed = replace(
        case,
        metered=tuple(case.metered[i] for i in order),
        traded=tuple(case.traded[i] for i in order),
        terms=tuple(case.terms[i] for i in order),
    )

    assert settle(mixed) == settle(case)


@fast
@given(slots())
def test_missing_readings_make_the_slot_provisional_and_trade_nothing(case):
    answer = settle(case)

    assert answer.provisional == any(row.import_wh is None for row in case.metered)
    assert all(not line.bought_wh and not line.sold_wh for line in answer.lines if line.missing)


def two(sold: int, bought: int, exported: int, imported: int, **facts: int) -> SlotCase:
    """Home 1 sells, home 2 buys."""
    terms = (Terms(1, 180_000, 40_000, 0, 300_000), Terms(2, 180_000, 40_000, 0, 300_000))
    return SlotCase(
        SlotFacts(**{"price_ueur_kwh": 100_000, "grid_fee_ueur_kwh": 5_000, **facts}),
        (Metered(1, 0, exported), Metered(2, imported, 0)),
        (Traded(1, sold, 0), Traded(2, 0, bought)),
        terms,
    )


def test_a_trade_pays_the_price_less_the_fee():
    answer = settle(two(1_000, 1_000, 1_000, 1_000))

    assert answer.postings == (
        Posting(("household", 1), 95_000_000, -1_000),
        Posting(("household", 2), -100_000_000, 1_000),
        Posting(("grid_fee", None), 5_000_000, 0),
    )


def test_what_was_not_delivered_is_not_paid_and_the_rest_is_shared():
    answer = settle(two(1_000, 1_000, 600, 1_000))
    more = settle(two(500, 500, 900, 700))

    assert [line.sold_wh for line in answer.lines] == [600, 0]
    assert [line.trueup_sold_wh for line in more.lines] == [200, 0]
    assert settle(two(500, 500, 900, 700), true_up=False).lines[1].bought_wh == 500


TRADES = CASES["p2p_trade_vs_baseline"]


@pytest.mark.parametrize("i", range(len(TRADES["inputs"]["trades"])))
def test_worked_trades_against_the_retailer_with_taxes(i):
    given, known = TRADES["inputs"], TRADES["expected"]["not_capped"]["trades"][i]
    trade = given["trades"][i]
    tax = (1 + Decimal(given["iee"])) * (1 + Decimal(given["iva"]))
    charged, paid = (round(p * tax) for p in (trade["retail"], given["seller_surplus_price_ue_kwh"]))
    fee = given["fee_ue_kwh"]
    terms = (Terms(1, 10**6, paid, 0, 10**6), Terms(2, charged, 0, 0, 10**6))
    case = SlotCase(
        SlotFacts(trade["price"] + fee, fee), (Metered(1, 0, trade["wh"]), Metered(2, trade["wh"], 0)),
        (Traded(1, trade["wh"], 0), Traded(2, 0, trade["wh"])), terms,
    )  # fmt: skip

    seller, buyer = settle(case).lines

    assert (buyer.bought_wh == trade["wh"]) == known["accept"]
    if known["accept"]:
        assert buyer.saving_neur / 1e9 == pytest.approx(float(known["buyer_saving_eur"]), abs=2e-6)
        assert seller.saving_neur / 1e9 == pytest.approx(float(known["seller_gain_eur"]), abs=2e-6)


def test_the_worked_pool_balances_to_the_cent():
    case = CASES["cents_that_balance"]
    pool = [int(Decimal(euros) * 10**9) for euros in case["inputs"]["pool_eur"]]

    assert balance_cents(pool) == case["expected"]["balanced_cents"]
    assert sum(balance_cents(pool)) == case["expected"]["pool_total_cents"]
    assert [to_cents(pair["ne"]) for pair in case["inputs"]["pairs"]] == case["expected"]["pair_cents"]


@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=40))
def test_cents_balance_whatever_the_amounts(amounts):
    cents = balance_cents(amounts)

    assert sum(cents) == to_cents(sum(amounts))
    assert all(abs(c * 10_000_000 - amount) <= 10_000_000 for c, amount in zip(cents, amounts, strict=True))


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=30))
def test_apportioning_conserves(total, shares):
    if not sum(shares):
        with pytest.raises(ValueError, match="more than zero"):
            apportion(max(total, 1), shares)
    else:
        assert sum(apportion(total, shares)) == total


def test_an_unbalanced_entry_cannot_exist():
    with pytest.raises(Unbalanced, match="by 1 n€"):
        BalancedEntry((Posting(("household", 1), 1, 0),))
