"""Worked cases of streets whose limits bind, and of the rule of the middle (cases/*.json name the source of each)."""

import json

import pytest

from market.clearing import Book, Kind, Order, Reason, Rules, Side, clear, verify
from market.grid import Feeder, Line
from tests.market.clearing.full_programme import solve
from tests.market.clearing.test_cases import BUSBAR, CASES, GRID, by_id, grid_book, grid_feeder, order

MW_WH = 10  # a textbook's MW is 10 Wh of our quarter of an hour, its €/MWh 1,000 µ€/kWh
STEP_MW = 10


def flows_kwh(case, answer):
    return {row["id"]: fill.flow_wh / 1e3 for row, fill in zip(case["orders"], answer.fills, strict=True)}


def test_a_voltage_that_rises_holds_the_far_plant_back_and_not_the_near_one():
    case, book = grid_book("05_voltage_rise")
    feeder = grid_feeder(case["network"])

    answer = clear(book, feeder, Rules())

    assert flows_kwh(case, answer) == pytest.approx(case["expected"]["qty"], abs=2e-3)
    assert answer.export_wh / 1e3 == pytest.approx(case["expected"]["grid_out"], abs=2e-3)
    assert {(binding.element, binding.kind) for binding in answer.bindings} == {("2", "voltage_high")}
    assert [fill.reason for fill in answer.fills][1] is Reason.NETWORK_LIMIT
    assert verify(book, feeder, answer) == []


def noon():
    """The sunniest quarter of rural1; what reactive power takes of the transformer is taken off its rating."""
    case, book = grid_book("11_simbench_rural1_noon")
    left_kva = -case["reference"]["branch_flow_lp"]["flow_kw"]["L1"]
    lines = [{**row, "limit_kva": left_kva} if row["id"] == "L1" else row for row in case["network"]["lines"]]
    return case, book, grid_feeder({**case["network"], "lines": lines})


def test_a_sunny_noon_fills_the_transformer_and_takes_nothing_from_the_loads():
    case, book, feeder = noon()

    answer = clear(book, feeder, Rules())

    known, flows = case["expected"]["qty"], flows_kwh(case, answer)
    for name, energy in known.items():
        if name.startswith("load"):
            assert flows[name] == pytest.approx(energy, abs=2e-3)
    solar = [sum(these[name] for name in known if name.startswith("pv")) for these in (flows, known)]
    assert solar[0] == pytest.approx(solar[1], abs=0.02)
    assert answer.export_wh / 1e3 == pytest.approx(case["expected"]["grid_out"], abs=0.02)
    assert {binding.element for binding in answer.bindings} == {"L1"}
    assert verify(book, feeder, answer) == []


def two_countries(limit_mw: float | None) -> tuple[Book, Feeder]:
    """Borduria and Syldavia as two ends of a line, their rising costs as steps of 10 MW."""
    case = by_id("two_zone_borduria_syldavia")["input"]
    limit_a = None if limit_mw is None else 4 * MW_WH * limit_mw / (3**0.5 * 400)
    feeder = Feeder(("S", "B"), "S", (Line("L", "S", "B", 1e-4, 0.0, limit_a),))
    orders: list[Order] = []
    for node, start, slope in (("B", 10.0, 0.01), ("S", 13.0, 0.02)):
        need_kwh = case[node]["demand"] * MW_WH / 1e3
        orders.append(order(len(orders), Side.BUY, need_kwh, 1.0, node=node))
        for first in range(0, 2_000, STEP_MW):
            price = (start + slope * (first + STEP_MW / 2)) / 1e3
            orders.append(order(len(orders), Side.SELL, STEP_MW * MW_WH / 1e3, price, node=node))
    return Book.of(tuple(orders)), feeder


@pytest.mark.parametrize(("limit_mw", "name"), [(None, "unlimited"), (400, "limit_400")])
def test_the_textbooks_two_countries_produce_what_the_line_between_them_allows(limit_mw, name):
    known = by_id("two_zone_borduria_syldavia")["expected"][name]
    book, feeder = two_countries(limit_mw)

    answer = clear(book, feeder, Rules())

    made = dict.fromkeys("BS", 0.0)
    for one, fill in zip(book.orders, answer.fills, strict=True):
        if one.side is Side.SELL:
            made[one.node] += fill.local_wh / MW_WH
    assert made == pytest.approx({"B": known["gen_B"], "S": known["gen_S"]}, abs=STEP_MW / 2)
    assert made["B"] - 500 == pytest.approx(known["flow"], abs=STEP_MW / 2)
    assert bool(answer.bindings) == (limit_mw is not None)
    assert verify(book, feeder, answer) == []


@pytest.mark.parametrize(("limit_mw", "name"), [(None, "unlimited"), (400, "limit_400")])
def test_the_full_programme_prices_the_two_countries_as_the_textbook_does(limit_mw, name):
    known = by_id("two_zone_borduria_syldavia")["expected"][name]
    book, feeder = two_countries(limit_mw)

    best = solve(book, feeder)

    prices = {one.node: best.price_at(feeder, one) / 1e3 for one in book.orders if one.side is Side.BUY}
    assert prices == pytest.approx({"B": known["price_B"], "S": known["price_S"]}, abs=0.2)
    rent = sum(best.rent_neur.values()) / (MW_WH * 1e3)  # n€ to € of so many MWh
    assert rent == pytest.approx(known["congestion_rent"], abs=400 * 0.3)


@pytest.mark.parametrize("name", GRID)
def test_the_full_programme_knows_every_worked_street(name):
    case, book = grid_book(name)
    feeder = grid_feeder(case["network"])
    if name == "11_simbench_rural1_noon":
        case, book, feeder = noon()
    known = case["expected"]

    best = solve(book, feeder)

    # Half a Wh that each of twenty orders is rounded by lands at the marginal one.
    close_kwh = 0.02 if name == "11_simbench_rural1_noon" else 2e-3
    assert best.welfare_neur / 1e9 == pytest.approx(known["welfare"], rel=3e-4)
    for number, row in enumerate(case["orders"]):
        if row["id"] in known["qty"]:
            flow_kwh = (best.local_wh[number] + best.retailer_wh[number]) / 1e3
            assert flow_kwh == pytest.approx(known["qty"][row["id"]], abs=close_kwh)
        if "prices" in known:
            at = best.price_at(feeder, book.orders[number]) / 1e6
            assert at == pytest.approx(known["prices"][row["bus"]], abs=1e-3)
    if "congestion_rent" in known:
        assert sum(best.rent_neur.values()) / 1e9 == pytest.approx(known["congestion_rent"], abs=1e-4)


def test_the_full_programme_prices_each_phase_by_itself():
    case = json.loads((CASES / "grid_cases.json").read_text())["three_phase"][0]
    given, known = case["inputs"], case["expected"]
    (r_ohm, x_ohm), tariff = given["z_self"], given["tariff"]
    line = Line("l", "0", "1", r_ohm, x_ohm, r0_ohm=r_ohm, x0_ohm=x_ohm)
    feeder = Feeder(("0", "1"), "0", (line,), slack_pu=given["v0"], v_max_pu=given["vmax"])
    retailer, energy_wh = round(tariff["feed_in"] * 1e6), round(given["pv_kw"][0] * 250)
    solar = Order(1, 1, "1", "a", Side.SELL, Kind.FLEXIBLE, energy_wh, round(given["ask"] * 1e6), retailer)

    best = solve(Book.of((solar,)), feeder)

    assert best.retailer_wh[1] * 4 / 1e3 == pytest.approx(known["s_kw"][0], abs=2e-3)
    # No neighbour buys, so prices are counted from what the retailer pays at the transformer.
    prices = (retailer + best.network_ueur_kwh[1]) / 1e6
    assert prices == pytest.approx(known["price_by_phase"], abs=1e-6)
    assert best.welfare_neur / 1e9 == pytest.approx(known["welfare"], abs=2e-5)


def test_the_rule_of_the_middle_leaves_out_who_does_not_trade():
    """A dear offer that nobody takes moves the crossing and not the middle: 22.5, as the case says."""
    case = by_id("rec_mmr")
    buys = [order(int(name), Side.BUY, q / 1_000, p) for name, q, p in case["input"]["buys"]]
    sells = [
        order(int(name), Side.SELL, q / 1_000, 50 if name == "6" else p) for name, q, p in case["input"]["sells"]
    ]

    answer = clear(Book.of((*buys, *sells)), BUSBAR, Rules(price="mid_market"))

    assert answer.price_ueur_kwh == case["expected"]["if_sell_6_is_50"]["pruned_mmr"] * 1_000_000
    assert answer.fills[-1].local_wh == 0


@pytest.mark.parametrize("side", Side)
def test_where_one_side_is_missing_there_is_no_price_to_name(side):
    case = by_id("rec_mmr")["input"]["buys" if side is Side.BUY else "sells"]
    orders = tuple(order(int(name), side, q / 1_000, p) for name, q, p in case)

    answer = clear(Book.of(orders), BUSBAR, Rules(price="mid_market"))

    assert answer.price_ueur_kwh is None
    assert {fill.reason for fill in answer.fills} == {Reason.NO_COUNTERPARTY}


def test_members_with_a_surplus_share_a_neighbours_need_whatever_their_order():
    case = by_id("community_allocation_order_free")
    names = list(case["input"]["surplus"])

    found = []
    for mixed in (names, names[::-1]):
        sells = [order(int(name[1:]), Side.SELL, case["input"]["surplus"][name], 0.05) for name in mixed]
        answer = clear(Book.of((order(1, Side.BUY, case["input"]["deficit"]["h1"], 0.2), *sells)), BUSBAR, Rules())
        found.append({f"h{fill.order_id}": fill.local_wh / 1e3 for fill in answer.fills if fill.order_id > 1})

    assert found[0] == found[1] == case["expected"]["pro_rata"]
