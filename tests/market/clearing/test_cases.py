"""Published and textbook books with known outcomes (cases/*.json name the source of each)."""

import json
from pathlib import Path

import pytest

from market.clearing import Book, Kind, Order, Rules, Side, clear, verify
from market.grid import Feeder, Line, single_node

CASES = Path(__file__).parent / "cases"
MARKET = json.loads((CASES / "market_cases.json").read_text())["cases"]
GRID = {case["name"]: case for case in json.loads((CASES / "grid_cases.json").read_text())["one_slot"]}
UNIT = 1_000  # one kWh, or one unit of a case, in Wh; one price unit is 1 €/kWh, or 0.01 where cents are meant
BUSBAR = single_node()


def order(number: int, side: Side, energy: float, price: float, **fields: object) -> Order:
    retailer = 10**12 if side is Side.BUY else -(10**12)
    given = {"node": "busbar", "kind": Kind.FLEXIBLE, "retailer_ueur_kwh": retailer, **fields}
    return Order(
        id=number,
        household_id=number,
        phase="abc",
        side=side,
        energy_wh=round(energy * UNIT),
        limit_ueur_kwh=round(price * 1_000_000),
        **given,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("case", [c for c in MARKET if c["kind"] == "double_auction"], ids=lambda c: c["id"])
def test_double_auctions_reach_their_welfare_price_interval_and_fills(case):
    rows = [(Side.BUY, bid) for bid in case["bids"]] + [(Side.SELL, offer) for offer in case["offers"]]
    orders = tuple(order(i, side, row["qty"], row["price"]) for i, (side, row) in enumerate(rows))
    book = Book.of(orders, grid_fee_ueur_kwh=round(case["grid_fee"] * 1_000_000))

    answer = clear(book, BUSBAR, Rules())

    known = case["efficient"]
    assert verify(book, BUSBAR, answer) == []
    assert answer.welfare_neur / UNIT / 1e6 == pytest.approx(known["welfare"], rel=1e-6, abs=2e-3)
    assert answer.energy_wh / UNIT == pytest.approx(known["volume_max"], abs=2e-3)
    for (_, row), fill in zip(rows, answer.fills, strict=True):
        low, high = known["fill_range"][row["id"]]
        assert low - 2e-3 <= fill.local_wh / UNIT <= high + 2e-3
    if not known["volume_max"]:
        assert answer.price_ueur_kwh is None
    else:
        assert known["price_low"] - 1e-5 <= answer.price_ueur_kwh / 1e6 <= known["price_high"] + 1e-5


def by_id(name):
    return next(case for case in MARKET if case["id"] == name)


def test_the_retailer_in_the_book_caps_and_floors():
    case = by_id("community_with_retailer")["input"]
    bids = [order(i, Side.BUY, q, p, retailer_ueur_kwh=20_000_000) for i, (_, q, p) in enumerate(case["bids"])]
    asks = [
        order(9 + i, Side.SELL, q, p, retailer_ueur_kwh=6_000_000) for i, (_, q, p) in enumerate(case["offers"])
    ]

    answer = clear(Book.of((*bids, *asks)), BUSBAR, Rules())

    assert [fill.local_wh for fill in answer.fills] == [5_000, 2_000, 3_000, 4_000]
    assert (answer.import_wh, answer.export_wh) == (0, 0)
    assert answer.price_ueur_kwh == 12_000_000


def test_the_outcome_does_not_depend_on_the_order_of_the_members():
    orders = (order(1, Side.BUY, 0.5, 1), order(2, Side.SELL, 0.4, 0.1), order(3, Side.SELL, 0.4, 0.1))

    answers = [clear(Book.of(book), BUSBAR, Rules()) for book in (orders, orders[::-1])]

    assert answers[0] == answers[1]
    assert [fill.local_wh for fill in answers[0].fills] == [500, 250, 250]


def test_two_orders_of_one_user_at_one_price_count_in_full():
    orders = (order(1, Side.BUY, 0.1, 30), order(2, Side.BUY, 0.1, 30), order(3, Side.SELL, 0.2, 10))

    assert clear(Book.of(orders), BUSBAR, Rules()).energy_wh == 200


def test_mid_market_is_the_middle_of_the_limits_that_met():
    case = by_id("rec_mmr")["input"]
    buys = [order(int(name), Side.BUY, q / 1_000, p) for name, q, p in case["buys"]]
    sells = [order(int(name), Side.SELL, q / 1_000, p) for name, q, p in case["sells"]]

    answer = clear(Book.of((*buys, *sells)), BUSBAR, Rules(price="mid_market"))

    assert answer.price_ueur_kwh == 25_000_000


def grid_book(name):
    case = GRID[name]
    tariff = case["tariff"]
    orders = []
    for number, row in enumerate(case["orders"]):
        side = Side(row["side"])
        retailer = tariff["import"] if side is Side.BUY else tariff["feed_in"]
        orders.append(
            order(number, side, row["kwh"], row["price"], node=row["bus"], retailer_ueur_kwh=round(retailer * 1e6))
        )
    return case, Book.of(tuple(orders), grid_fee_ueur_kwh=round(tariff["local_fee"] * 1e6))


def grid_feeder(network):
    volts = network["vn_v"]
    lines = tuple(
        Line(
            row["id"], row["frm"], row["to"], row["r_ohm"], row["x_ohm"],
            None if row["limit_kva"] is None else row["limit_kva"] * 1e3 / (3**0.5 * volts),
        )
        for row in network["lines"]
    )  # fmt: skip
    nodes = (network["slack_bus"], *(line.child for line in lines))
    return Feeder(
        nodes, network["slack_bus"], lines, nominal_v=volts, slack_pu=network["slack_vm_pu"],
        v_min_pu=network["v_min_pu"], v_max_pu=network["v_max_pu"],
    )  # fmt: skip


@pytest.mark.parametrize("name", ["01_gap_price", "02_import_sets_price", "07_tie_pro_rata"])
def test_small_grids_without_congestion(name):
    case, book = grid_book(name)

    answer = clear(book, grid_feeder(case["network"]), Rules())

    known = case["expected"]
    flows = {row["id"]: fill.flow_wh / 1e3 for row, fill in zip(case["orders"], answer.fills, strict=True)}
    for name_, energy in {**known["qty"], **known.get("qty_rule", {})}.items():
        assert flows[name_] == pytest.approx(energy)
    assert answer.price_ueur_kwh == round(known["canonical_price"] * 1e6)


def test_a_full_line_holds_the_seller_behind_it_back():
    case, book = grid_book("04_line_congestion_two_zones")
    feeder = grid_feeder(case["network"])

    answer = clear(book, feeder, Rules())

    flows = {row["id"]: fill.flow_wh / 1e3 for row, fill in zip(case["orders"], answer.fills, strict=True)}
    assert flows == pytest.approx(case["expected"]["qty"], abs=2e-3)
    assert {binding.kind for binding in answer.bindings} == {"line"}
    assert verify(book, feeder, answer) == []


def test_an_export_limit_is_kept_and_shared():
    sellers = [order(i, Side.SELL, 1.0, 0, kind=Kind.FIRM, retailer_ueur_kwh=50_000) for i in range(4)]
    book = Book.of(tuple(sellers), export_limit_w=8_000)

    answer = clear(book, BUSBAR, Rules())

    assert verify(book, BUSBAR, answer) == []
    assert [fill.flow_wh for fill in answer.fills] == [500] * 4
    assert {fill.reason for fill in answer.fills} == {"curtailed"}
    assert answer.bindings[0].kind == "export"
