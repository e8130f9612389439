"""A slot's price in words: one for all or a range, the rule behind it, the fees and parts in it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from community.models import Community
from market import price_reasons
from market.models import Order, Outcome, Slot, Trade
from market.queries.slot import PriceRange, Totals
from market.wording import slot_price as wording

START = datetime(2026, 11, 22, 11, 15, tzinfo=UTC)
BINDING = {"element": "L3", "kind": "line", "phase": "", "loading_pct": 100.0, "shadow_ueur_kwh": 8_000}
PLACE = {"energy_ueur_kwh": 90_000, "congestion_ueur_kwh": 20_000, "voltage_ueur_kwh": 0, "fee_ueur_kwh": 2_000}


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


def a_slot(**fields):
    defaults = {
        "start": START,
        "end": START + timedelta(minutes=15),
        "gate_closure": START - timedelta(minutes=5),
        "status": "cleared",
        "price_ueur_kwh": 112_000,
        "price_low_ueur_kwh": 100_000,
        "price_high_ueur_kwh": 124_000,
        "price_rule": "equilibrium_midpoint",
        "traded_wh": 4_100,
        "grid_fee_ueur_kwh": 0,
    }
    return Slot(**{**defaults, **fields})


def plain(text):
    for mark, sign in (
        ("\u00a0", " "),
        ("\u2060", ""),
        ('<span class="nowrap">', ""),
        ("</span>", ""),
        ("&#x27;", "'"),
    ):
        text = str(text).replace(mark, sign)
    return text


def a_trade(side="buy", price=112_000, **fields):
    return Trade(side=side, energy_wh=500, price_ueur_kwh=price, **fields)


def figures_of(parts):
    return [(part.label, part.price_ueur_kwh) for part in parts]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "12:15–12:30: the street's price was 0.112 €/kWh."),
        ({"status": "open", "price_ueur_kwh": None}, "12:15–12:30: still open, there is no price yet."),
        ({"status": "fallback"}, "12:15–12:30: no market, everybody was with their retailer."),
        ({"price_ueur_kwh": None}, "12:15–12:30: nothing changed hands, so there is no price."),
    ],
)
def test_the_headline_is_the_price_or_why_there_is_none(fields, expected):
    assert plain(wording.sentence(a_slot(**fields), None)) == expected


def test_prices_that_read_alike_are_one_price():
    sentence = wording.sentence(a_slot(), PriceRange(111_999, 112_001), [112_001])

    assert plain(sentence) == "12:15–12:30: the street's price was 0.112 €/kWh."


@pytest.mark.parametrize("own", [[], [90_000, 130_000]])
def test_where_prices_differ_the_headline_is_their_range(own):
    sentence = plain(wording.sentence(a_slot(), PriceRange(90_000, 130_000), own))

    assert sentence == "12:15–12:30: prices in the street went from 0.090 €/kWh to 0.130 €/kWh."


def test_where_prices_differ_the_homes_own_comes_first():
    sentence = plain(wording.sentence(a_slot(), PriceRange(90_000, 130_000), [101_000, 101_000]))

    assert sentence.startswith("12:15–12:30: your price was 0.101 €/kWh; in the street")


def test_the_second_line_names_both_sides_and_the_rule():
    text = plain(wording.why(a_slot(), Totals(9, 4_100, 14, 6_300)))

    assert text.startswith("9 homes offered 4.1 kWh and 14 homes wanted 6.3 kWh. 4.1 kWh changed hands.")
    assert "between 0.100 €/kWh and 0.124 €/kWh" in text


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("bindings", [[], [BINDING]])
@pytest.mark.parametrize("rule", Community.PriceRule.values)
def test_every_price_rule_has_its_words(rule, bindings, language):
    with translation.override(language):
        text = price_reasons.rule(a_slot(price_rule=rule, bindings=bindings))

    assert text.endswith(".")
    assert "%(" not in text


def test_no_two_price_rules_are_said_alike():
    said = {price_reasons.rule(a_slot(price_rule=rule)) for rule in Community.PriceRule.values}

    assert len(said) == len(Community.PriceRule.values)


def test_the_interval_is_named_only_where_there_was_a_choice():
    point = plain(price_reasons.rule(a_slot(price_low_ueur_kwh=100_000, price_high_ueur_kwh=100_000)))

    assert "0.100" in plain(price_reasons.rule(a_slot()))
    assert "0.100" not in point


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ""),
        ({"grid_fee_ueur_kwh": 4_000}, "a grid fee of 0.004 €/kWh"),
        ({"grid_fee_ueur_kwh": 4_000, "grid_fee_substation_ueur_kwh": 4_000}, "a grid fee of 0.004 €/kWh"),
        ({"grid_fee_substation_ueur_kwh": 9_000}, "0.009 €/kWh between two substations"),
    ],
)
def test_the_grid_fee_is_said_if_there_is_one_and_by_distance_if_that_counts(fields, expected):
    assert expected in plain(price_reasons.fees(a_slot(**fields)))


def test_a_price_that_is_the_streets_has_no_parts():
    assert price_reasons.parts(a_trade(), a_slot(), {"price_ueur_kwh": 112_000}) == []


def test_the_parts_of_a_price_by_place_add_up_to_what_is_paid():
    parts = price_reasons.parts(a_trade(price=112_000), a_slot(), PLACE)

    assert figures_of(parts) == [
        ("Energy", 90_000), ("Congestion", 20_000), ("Distance", 2_000), ("You pay", 112_000)
    ]  # fmt: skip


def test_a_seller_gets_its_price_less_the_grid_fee():
    parts = price_reasons.parts(a_trade("sell", 112_000), a_slot(grid_fee_ueur_kwh=4_000), PLACE)

    assert figures_of(parts)[-2:] == [("Grid fee", -4_000), ("You get", 108_000)]


def test_what_a_limit_or_compensation_changed_is_a_part_of_its_own():
    parts = price_reasons.parts(a_trade(price=105_000), a_slot(), PLACE)

    assert figures_of(parts)[-2:] == [("Adjustment", -7_000), ("You pay", 105_000)]


def test_what_rounding_left_over_is_not_called_an_adjustment():
    parts = price_reasons.parts(a_trade(price=112_001), a_slot(), PLACE)

    assert [label for label, _price in figures_of(parts)] == ["Energy", "Congestion", "Distance", "You pay"]
    assert sum(price for _label, price in figures_of(parts)[:-1]) == 112_001


def test_with_one_price_distance_alone_is_a_part():
    parts = price_reasons.parts(a_trade(price=112_000, distance_ueur_kwh=-3_000), a_slot(), {})

    assert figures_of(parts) == [("Energy", 115_000), ("Distance", -3_000), ("You pay", 112_000)]


def test_orders_with_the_same_price_share_a_table():
    orders = []
    for _ in range(2):
        order = Order(side="buy")
        order.outcome, order.trade = Outcome(order=order, facts=PLACE), a_trade(order=order)
        orders.append(order)

    tables = wording.tables([*orders, Order(side="sell")], a_slot())

    assert [table.title for table in tables] == ["What you bought"]


@pytest.mark.parametrize("rent_rule", Community.RentRule.values)
def test_congestion_rent_says_how_much_and_where_it_goes(rent_rule):
    text = plain(price_reasons.rent(a_slot(rent_neur=34_000_000), rent_rule))

    assert "0.034 €" in text
    assert "given back when the month closes" in text


def test_rent_below_a_thousandth_of_a_euro_is_not_worth_a_word():
    assert price_reasons.rent(a_slot(rent_neur=400), "equal") == ""
