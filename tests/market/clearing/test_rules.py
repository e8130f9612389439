"""The named rules of fairness and price, and fees by distance."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from market.clearing import Book, Kind, Order, Rules, Side, clear, verify
from market.clearing.apportion import RULES, fill_up, share
from market.clearing.book import Fees
from market.grid import Feeder, Line, single_node
from tests.market.clearing.seeded import slot_of

BUSBAR = single_node()
wishes = st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 3)), min_size=1, max_size=12)


def buy(number: int, energy_wh: int, limit: int, **fields: object) -> Order:
    given = {"node": "busbar", "kind": Kind.FLEXIBLE, "retailer_ueur_kwh": 250_000, **fields}
    return Order(number, number, phase="abc", side=Side.BUY, energy_wh=energy_wh, limit_ueur_kwh=limit, **given)


def sell(number: int, energy_wh: int, limit: int, **fields: object) -> Order:
    given = {"node": "busbar", "kind": Kind.FLEXIBLE, "retailer_ueur_kwh": 10_000, **fields}
    return Order(number, number, phase="abc", side=Side.SELL, energy_wh=energy_wh, limit_ueur_kwh=limit, **given)


@given(wishes, st.floats(0, 1), st.sampled_from(RULES))
def test_every_fairness_rule_gives_out_all_and_nobody_more_than_asked(rows, part, rule):
    asked, priority = np.array(rows).T
    total = int(part * asked.sum())

    parts = share(rule, total, asked, priority)

    assert parts.sum() == total
    assert np.all((parts >= 0) & (parts <= asked))


@given(wishes, st.floats(0, 1))
def test_equal_share_gives_the_same_to_all_whose_wish_is_not_met(rows, part):
    asked = np.array([row[0] for row in rows])

    parts = fill_up(int(part * asked.sum()), asked)

    short = parts < asked
    assert np.ptp(parts[short]) <= 1 if short.any() else True
    assert np.all(parts[~short] <= parts[short].min(initial=10_000) + 1)


@given(wishes, st.floats(0, 1))
def test_pro_rata_is_within_one_wh_of_the_exact_share(rows, part):
    asked = np.array([row[0] for row in rows])
    assume(asked.sum())
    total = int(part * asked.sum())

    assert np.all(np.abs(share("pro_rata", total, asked, 0 * asked) - total * asked / asked.sum()) < 1)


@given(wishes, st.floats(0, 1))
def test_need_first_gives_nothing_to_a_lower_priority_before_a_higher_one_is_met(rows, part):
    asked, priority = np.array(rows).T

    parts = share("need_first", int(part * asked.sum()), asked, priority)

    served, short = priority[parts > 0], priority[parts < asked]
    assert not len(served) or not len(short) or served.min() >= short.max()


@pytest.mark.parametrize(
    ("rule", "parts"),
    [("pro_rata", [180, 540, 180]), ("equal_share", [300, 300, 300]), ("need_first", [150, 450, 300])],
)
def test_the_rule_decides_who_of_equal_wishes_is_served(rule, parts):
    buys = [buy(1, 300, 150_000), buy(2, 900, 150_000), buy(3, 300, 150_000, priority=5)]

    clearing = clear(Book.of([*buys, sell(4, 900, 50_000)]), BUSBAR, Rules(fairness=rule))

    assert clearing.local_wh[:3].tolist() == parts


@pytest.mark.parametrize(
    ("rule", "parts"), [("pro_rata", [500, 1_000]), ("equal_share", [750, 750]), ("need_first", [1_000, 500])]
)
def test_the_rule_decides_who_of_equal_surpluses_gives_way_to_a_full_cable(rule, parts):
    fields = {"kind": Kind.FIRM, "retailer_ueur_kwh": 50_000}
    sells = [sell(1, 1_000, 50_000, priority=1, **fields), sell(2, 2_000, 50_000, **fields)]
    book = Book.of(sells, export_limit_w=6_000)

    clearing = clear(book, BUSBAR, Rules(fairness=rule))

    assert clearing.flow_wh.tolist() == parts
    assert verify(book, BUSBAR, clearing) == []


def test_protected_energy_gives_way_last_even_where_others_sell_dearer():
    fields = {"kind": Kind.FIRM, "retailer_ueur_kwh": 50_000}
    sells = [sell(1, 1_000, 50_000, **fields, protected=True), sell(2, 1_000, 50_000, **fields)]
    sells.append(sell(3, 1_000, 10_000, kind=Kind.FIRM, retailer_ueur_kwh=90_000))
    book = Book.of(sells, export_limit_w=6_000)

    clearing = clear(book, BUSBAR, Rules(fairness="capped"))

    assert clearing.flow_wh.tolist() == [1_000, 0, 500]
    assert verify(book, BUSBAR, clearing) == []


def two_sided(rule: str, *, fee: int = 0, offered_wh: int = 500):
    buys = [buy(1, 600, 200_000), buy(2, 400, 120_000)]
    book = Book.of([*buys, sell(3, offered_wh, 60_000)], grid_fee_ueur_kwh=fee)
    return book, clear(book, BUSBAR, Rules(price=rule))


def test_the_middle_of_the_market_is_the_middle_of_the_limits_that_met():
    _, clearing = two_sided("mid_market", fee=10_000)

    assert clearing.acceptable == (70_000, 200_000)
    assert clearing.price_ueur_kwh == 135_000


def test_the_price_falls_with_what_is_offered_for_what_is_wanted():
    prices = [two_sided("supply_demand_ratio", offered_wh=wh)[1].price_ueur_kwh for wh in (300, 500, 1_000, 1_500)]

    # low·high / ((high − low)·s + low); all of 1,000 Wh wanted: 60 to 200, then 60 to 120.
    assert prices == [12_000_000_000 // 102_000, 12_000_000_000 // 130_000, 60_000, 60_000]


def test_by_bid_every_buyer_pays_its_own_limit_and_sellers_get_all_of_it_less_the_fee():
    """600 Wh at 200 and 200 Wh at 120 make 180 on average; the fee of 10 is the grid's."""
    book, clearing = two_sided("pay_as_bid", fee=10_000, offered_wh=800)

    assert clearing.prices_ueur_kwh.tolist() == [200_000, 120_000, 180_000]
    assert clearing.price_ueur_kwh == 180_000
    assert clearing.rent_neur == 0
    assert verify(book, BUSBAR, clearing) == []


def test_by_bid_the_cheapest_offer_stands_beside_the_dearest_wish():
    buys = [buy(1, 100, 200_000), buy(2, 100, 120_000)]
    book = Book.of([*buys, sell(3, 100, 50_000), sell(4, 100, 70_000)])

    clearing = clear(book, BUSBAR, Rules(price="pay_as_bid"))

    assert clearing.prices_ueur_kwh.tolist() == [200_000, 120_000, 200_000, 120_000]


def two_stations() -> Feeder:
    """A root with two cables, and behind a transformer another substation with a cable of its own."""
    lines = (
        Line("west", "root", "w", 1e-3, 1e-3),
        Line("west2", "w", "w2", 1e-3, 1e-3),
        Line("east", "root", "e", 1e-3, 1e-3),
        Line("T2", "root", "busbar2", 1e-3, 1e-3, is_transformer=True),
        Line("far", "busbar2", "f", 1e-3, 1e-3),
    )
    return Feeder(("root", "w", "w2", "e", "busbar2", "f"), "root", lines)


FEES = Fees(2_000, 6_000, 11_000)


@pytest.mark.parametrize(("node", "far_ueur_kwh"), [("w2", 0), ("e", 4_000), ("f", 9_000)])
@pytest.mark.parametrize("rule", ["equilibrium_midpoint", "pay_as_bid", "locational"])
def test_distance_takes_its_step_of_the_fee_from_every_kwh(node, far_ueur_kwh, rule):
    book = Book.of([buy(1, 1_000, 200_000, node="w"), sell(2, 1_000, 50_000, node=node)], fees=FEES)
    feeder = two_stations()

    clearing = clear(book, feeder, Rules(price=rule))

    assert clearing.energy_wh == 1_000
    far_neur = int((clearing.book.sign * clearing.distance_ueur_kwh * clearing.local_wh).sum())
    assert far_neur == far_ueur_kwh * 1_000
    bought, sold = clearing.prices_ueur_kwh.tolist()
    assert (bought - sold) * 1_000 == far_neur + clearing.rent_neur
    assert clearing.welfare_neur == (200_000 - 50_000 - 2_000 - far_ueur_kwh) * 1_000
    assert verify(book, feeder, clearing) == []


def test_a_neighbour_on_the_same_cable_is_served_before_one_beyond():
    rivals = [buy(2, 1_000, 200_000, node=node) for node in ("w2",)]
    rivals += [buy(3, 1_000, 200_000, node="e"), buy(4, 1_000, 200_000, node="f")]
    book = Book.of([sell(1, 1_500, 50_000, node="w"), *rivals], fees=FEES)

    clearing = clear(book, two_stations(), Rules())

    assert clearing.local_wh.tolist() == [1_500, 1_000, 500, 0]
    assert verify(book, two_stations(), clearing) == []


def test_a_trade_that_is_not_worth_its_way_does_not_happen():
    book = Book.of([buy(1, 1_000, 60_500, node="w"), sell(2, 1_000, 50_000, node="f")], fees=FEES)

    assert clear(book, two_stations(), Rules()).energy_wh == 0
    assert clear(Book.of(book.orders, fees=Fees(2_000)), two_stations(), Rules()).energy_wh == 1_000


@pytest.mark.parametrize("rule", ["equilibrium_midpoint", "mid_market", "pay_as_bid", "locational"])
def test_on_any_street_distance_gets_half_a_step_wherever_energy_leaves_a_feeder_or_enters_one(rule):
    far = 0
    for seed in range(20_000, 20_040):
        book, feeder = slot_of(seed, FEES)
        lines = tuple(replace(line, is_transformer=seed % 3 == 0 and line.code == "l1") for line in feeder.lines)
        feeder = replace(feeder, lines=lines)

        clearing = clear(book, feeder, Rules(price=rule))

        assert verify(book, feeder, clearing) == [], seed
        signed = book.sign * clearing.local_wh
        at = np.array([feeder.index[order.node] for order in book.orders])
        crossed = [np.abs(np.bincount(zone[at], signed, len(feeder.nodes))).sum() for zone in feeder.zones]
        due_neur = (crossed[0] * 4_000 + crossed[1] * 5_000) / 2
        # Prices are whole µ€/kWh, so each order's may miss its half of a step by one; a Wh may cross by rounding.
        paid_neur = int((signed * clearing.distance_ueur_kwh).sum())
        assert paid_neur == pytest.approx(due_neur, abs=int(clearing.local_wh.sum()) + 9_000), seed
        far += paid_neur > 0
    assert far > 5
