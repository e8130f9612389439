"""Prices by place of worked streets: published ones, some by hand, and one that only a convention decides."""

import json
from dataclasses import replace

import numpy as np
import pytest

from market.clearing import Book, Clearing, Kind, Order, Rules, Side, clear, specification, verify
from market.grid import Feeder, Limit, Line, burden, network_of
from tests.market.clearing.test_cases import CASES, grid_book, grid_feeder
from tests.market.clearing.test_more_cases import MW_WH, noon, two_countries

BY_PLACE = Rules(price="locational")


def price_at(book: Book, feeder: Feeder, clearing: Clearing, node: str, energy_ueur_kwh: float) -> list[float]:
    """€/kWh at a node by column, whether an order stands there or not, from what is published of full limits."""
    network = network_of(feeder, balanced=not book.phase.any())
    child = {line.code: line.child for line in feeder.lines} | {"transformer": feeder.root}
    limits = []
    for row in clearing.bindings:
        where = row.element if row.kind.startswith("voltage") else child[row.element]
        place, column = int(feeder.places[feeder.index[where]]), network.labels.index(row.phase)
        limits.append(
            Limit(row.element, row.kind, row.phase, row.side, place, column, row.direction, row.most, row.scale)
        )
    active, _ = burden(network, limits, np.array([row.exact_ueur_kwh for row in clearing.bindings]))
    return ((energy_ueur_kwh + active[:, feeder.places[feeder.index[node]]]) / 1e6).tolist()


@pytest.mark.parametrize("name", ["04_line_congestion_two_zones", "05_voltage_rise", "11_simbench_rural1_noon"])
def test_worked_streets_have_their_published_price_at_every_bus(name):
    case, book = grid_book(name)
    feeder = grid_feeder(case["network"])
    if name == "11_simbench_rural1_noon":
        case, book, feeder = noon()

    clearing = clear(book, feeder, BY_PLACE)

    # Where neighbours trade nothing, prices are counted from what the retailer pays at the transformer.
    energy = clearing.energy_ueur_kwh if clearing.energy_wh else case["tariff"]["feed_in"] * 1e6
    for bus, price in case["expected"]["prices"].items():
        assert price_at(book, feeder, clearing, bus, energy) == pytest.approx([price], abs=1e-6)
    assert verify(book, feeder, clearing) == []


def test_what_a_line_between_two_prices_earns_is_the_published_rent():
    case, book = grid_book("04_line_congestion_two_zones")
    known = case["expected"]

    clearing = clear(book, grid_feeder(case["network"]), BY_PLACE)

    assert clearing.price_ueur_kwh == round(known["prices"]["0"] * 1e6)
    assert {b.rent_neur for b in clearing.bindings} == {round(known["congestion_rent"] * 1e9)}
    prices = {
        row["id"]: price for row, price in zip(case["orders"], clearing.prices_ueur_kwh.tolist(), strict=True)
    }
    assert prices == {"s1": 50_000, "b1": 300_000, "b2": 50_000}
    assert clearing.parts.congestion.tolist() == [-250_000, 0, -250_000]
    # The buyer behind the line, where energy is cheap, meets neighbours before the one who is indifferent.
    assert [fill.local_wh for fill in clearing.fills] == [1_500, 1_000, 500]
    assert clearing.rent_neur == round(known["congestion_rent"] * 1e9)


@pytest.mark.parametrize("name", ["01_gap_price", "02_import_sets_price", "07_tie_pro_rata"])
def test_where_nothing_is_full_every_place_has_the_one_price(name):
    case, book = grid_book(name)

    clearing = clear(book, grid_feeder(case["network"]), BY_PLACE)

    one = round(case["expected"]["canonical_price"] * 1e6)
    assert clearing.price_ueur_kwh == one
    assert {fill.price_ueur_kwh for fill in clearing.fills if fill.local_wh} == {one}
    assert clearing.rent_neur == 0


def test_each_phase_has_its_own_price():
    case = json.loads((CASES / "grid_cases.json").read_text())["three_phase"][0]
    given, known = case["inputs"], case["expected"]
    (r_ohm, x_ohm), tariff = given["z_self"], given["tariff"]
    line = Line("l", "0", "1", r_ohm, x_ohm, r0_ohm=r_ohm, x0_ohm=x_ohm)
    feeder = Feeder(("0", "1"), "0", (line,), slack_pu=given["v0"], v_max_pu=given["vmax"])
    retailer, energy_wh = round(tariff["feed_in"] * 1e6), round(given["pv_kw"][0] * 250)
    book = Book.of(
        [Order(1, 1, "1", "a", Side.SELL, Kind.FLEXIBLE, energy_wh, round(given["ask"] * 1e6), retailer)]
    )

    clearing = clear(book, feeder, BY_PLACE)

    assert clearing.fills[0].flow_wh * 4 / 1e3 == pytest.approx(known["s_kw"][0], abs=5e-3)
    assert price_at(book, feeder, clearing, "1", retailer) == pytest.approx(known["price_by_phase"], abs=1e-6)
    assert verify(book, feeder, clearing) == []


def test_the_textbooks_two_countries_pay_their_own_prices_and_leave_its_rent():
    book, feeder = two_countries(400)

    clearing = clear(book, feeder, BY_PLACE)

    prices = {
        one.node: fill.price_ueur_kwh / 1e3
        for one, fill in zip(book.orders, clearing.fills, strict=True)
        if one.side is Side.BUY
    }
    assert prices == pytest.approx({"B": 19.0, "S": 35.0}, abs=0.2)
    assert clearing.rent_neur / (MW_WH * 1e3) == pytest.approx(6_400, abs=400 * 0.3)
    assert verify(book, feeder, clearing) == []


def one_line(**change: object) -> Feeder:
    line = Line("l", "0", "1", 0.1, 0.1, change.pop("limit_a", None))
    return Feeder(("0", "1"), "0", (replace(line, **change.pop("line", {})),), **change)


def test_an_order_with_reactive_power_pays_for_both():
    """By hand: the voltage at 1 leaves P + tan φ·Q = 82 kW. The first sale is small and in phase, the second is cut.

    Its 20 of the buyer's 200 fix both prices: R·ν + 0.8·X·ν = 180 with R = X, so each is 100; the first nets 100.
    """
    feeder = one_line(v_max_pu=1.05)
    book = Book.of(
        [
            Order(1, 1, "0", "abc", Side.BUY, Kind.FLEXIBLE, 30_000, 200_000, 200_000),
            Order(2, 2, "1", "abc", Side.SELL, Kind.FLEXIBLE, 2_500, 20_000, 10_000),
            Order(3, 3, "1", "abc", Side.SELL, Kind.FLEXIBLE, 30_000, 20_000, 10_000, tan_phi=0.8),
        ]
    )

    clearing = clear(book, feeder, BY_PLACE)

    assert [fill.local_wh for fill in clearing.fills] == pytest.approx([12_500, 2_500, 10_000], abs=1)
    assert clearing.prices_ueur_kwh.tolist() == pytest.approx([200_000, 100_000, 20_000], abs=1)
    assert clearing.parts.voltage.tolist() == pytest.approx([0, -100_000, -180_000], abs=1)
    assert clearing.rent_neur == pytest.approx(82_000 / 4 * 100_000, rel=2e-4)
    assert verify(book, feeder, clearing) == []


def test_apparent_power_has_the_price_of_the_circle_where_it_touches():
    """By hand: (10 + P)² + (0.75 P)² = 50² kVA gives P = 33.31; the tangent there is (0.866, 0.500).

    The cut buyer's 200 less 100 at the transformer are its share of the line, so a kVA costs 80.58.
    """
    feeder = one_line(limit_a=50_000 / (3**0.5 * 400), line={"r_ohm": 1e-4, "x_ohm": 0.0})
    book = Book.of(
        [
            Order(1, 1, "0", "abc", Side.SELL, Kind.FLEXIBLE, 30_000, 100_000, 50_000),
            Order(2, 2, "1", "abc", Side.BUY, Kind.FLEXIBLE, 2_500, 300_000, 400_000),
            Order(3, 3, "1", "abc", Side.BUY, Kind.FLEXIBLE, 30_000, 200_000, 400_000, tan_phi=0.75),
        ]
    )

    clearing = clear(book, feeder, BY_PLACE)

    assert [fill.local_wh for fill in clearing.fills] == pytest.approx([10_828, 2_500, 8_328], rel=3e-3)
    assert clearing.prices_ueur_kwh.tolist() == pytest.approx([100_000, 169_800, 200_000], rel=0.03)
    assert verify(book, feeder, clearing) == []


def test_of_all_prices_that_would_do_the_middle_ones_are_taken_by_every_path():
    """Everybody is served in full or not at all, so at the transformer any price from 120 to 200 would do, and
    behind the full line any from 50 to 80.
    """
    feeder = one_line(limit_a=4_000 / (3**0.5 * 400), line={"r_ohm": 1e-4, "x_ohm": 0.0})
    orders = [
        Order(1, 1, "0", "abc", Side.BUY, Kind.FLEXIBLE, 1_500, 200_000, 250_000),
        Order(2, 2, "0", "abc", Side.SELL, Kind.FLEXIBLE, 500, 120_000, 10_000),
        Order(3, 3, "1", "abc", Side.SELL, Kind.FLEXIBLE, 1_000, 50_000, 10_000),
        Order(4, 4, "1", "abc", Side.SELL, Kind.FLEXIBLE, 1_000, 80_000, 10_000),
    ]

    clearing = clear(Book.of(orders), feeder, BY_PLACE)

    assert [fill.local_wh for fill in clearing.fills] == [1_500, 500, 1_000, 0]
    assert clearing.prices_ueur_kwh.tolist()[:3] == pytest.approx([160_000, 160_000, 65_000], abs=1)
    assert [row.exact_ueur_kwh for row in clearing.bindings] == pytest.approx([95_000], abs=1)
    for again in (
        clear(Book.of(orders[::-1]), feeder, BY_PLACE),
        clear(Book.of(orders), feeder, BY_PLACE, specification.solve),
    ):
        assert repr(again.published) == repr(clearing.published)
