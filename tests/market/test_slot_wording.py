"""The "why" page shows the home's own orders and a sum that a reader can check to the last n€."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from market.models import Order, Outcome, SettledHome, Slot, Trade
from market.queries.slot import DeviceSlot
from market.wording import slot as wording
from market.wording.money import money
from market.wording.why import device_why

START = datetime(2026, 11, 22, 11, 15, tzinfo=UTC)


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


def a_home(**fields):
    energies = {"import_wh": 300, "export_wh": 700, "bought_wh": 120, "sold_wh": 500}
    prices = {"import_ueur_kwh": 164_000, "feed_in_ueur_kwh": 60_000, "price_ueur_kwh": 112_345}
    baseline = 300 * 164_000 - 700 * 60_000
    actual = 180 * 164_000 + 120 * 112_345 - 200 * 60_000 - 500 * (112_345 - 4_000)
    neighbours = {"paid_neur": 120 * 112_345, "earned_neur": 500 * (112_345 - 4_000)}
    return SettledHome(
        **{**energies, **prices, **neighbours, "baseline_neur": baseline, "actual_neur": actual, **fields}
    )


def plain(text):
    return str(text).replace("\u00a0", " ").replace("\u2060", "")


def test_the_lines_of_the_sum_add_up_to_what_was_settled():
    total = money(a_home(), a_slot(grid_fee_ueur_kwh=4_000))

    assert sum(line.amount_neur for line in total.lines) == total.actual_neur
    assert total.actual_neur - total.baseline_neur == total.saving_neur


def test_a_formula_shows_the_price_to_the_last_micro_euro():
    (sold, *_) = money(a_home(), a_slot(grid_fee_ueur_kwh=4_000)).lines

    assert plain(sold.formula) == "500 Wh × 0.108345 €/kWh"


def test_a_slot_that_did_not_trade_has_no_lines_with_neighbours():
    home = a_home(bought_wh=0, sold_wh=0, price_ueur_kwh=None)

    labels = [line.label for line in money(home, a_slot()).lines]

    assert labels == ["Surplus to your retailer", "From your retailer"]


def test_an_order_shows_the_limit_that_counted():
    order = Order(side="sell", energy_wh=500, limit_ueur_kwh=20_000, retailer_ueur_kwh=60_000)

    line = wording.order_line(order, a_slot())

    assert plain(line.title) == "0.50 kWh at 0.060 €/kWh or more"
    assert line.reason == "Waiting for gate closure."


def an_order(side, limit, outcome, trade=None):
    order = Order(side=side, energy_wh=500, limit_ueur_kwh=limit, retailer_ueur_kwh=limit)
    order.outcome = Outcome(order=order, **outcome)
    if trade is not None:
        order.trade = Trade(order=order, side=side, **trade)
    return order


def test_an_order_that_traded_reads_its_own_price_less_the_fee():
    outcome = {"reason": "filled", "local_wh": 500, "retailer_wh": 0}
    order = an_order("sell", 60_000, outcome, {"energy_wh": 500, "price_ueur_kwh": 99_000})

    line = wording.order_line(order, a_slot(grid_fee_ueur_kwh=4_000))

    assert plain(line.reason) == "All of it went to neighbours at 0.095 €/kWh."


def test_an_order_refused_by_its_place_reads_the_price_of_its_place():
    facts = {"energy_ueur_kwh": 90_000, "congestion_ueur_kwh": -40_000, "voltage_ueur_kwh": 0, "fee_ueur_kwh": 0}
    outcome = {"reason": "limit_not_met", "local_wh": 0, "retailer_wh": 0, "facts": facts}

    line = wording.order_line(an_order("sell", 60_000, outcome), a_slot(price_rule="locational"))

    assert "the street paid 0.050 €/kWh" in plain(line.reason)


@pytest.mark.parametrize(
    ("fees", "expected"),
    [
        ({"grid_fee_beyond_ueur_kwh": 30_000}, "with the fee for distance, the street charged more."),
        ({}, "nobody would sell for that."),
    ],
)
def test_a_price_that_would_have_suited_is_not_named_as_the_reason(fees, expected):
    outcome = {"reason": "limit_not_met", "local_wh": 0, "retailer_wh": 0}

    line = wording.order_line(an_order("buy", 120_000, outcome), a_slot(**fees))

    assert line.reason.endswith(expected)
    assert "0.112" not in line.reason


@pytest.mark.parametrize(("energy", "word"), [(180, "charge"), (-180, "give"), (0, "wait")])
def test_a_device_was_asked_to_charge_to_give_or_to_wait(energy, word):
    assert word in wording.device_line(DeviceSlot("Battery", "battery", energy)).title


@pytest.mark.parametrize(("language", "called"), [("en", "Battery"), ("es", "Batería"), ("ca", "Bateria")])
def test_a_device_without_a_name_is_called_by_its_kind_in_the_readers_language(language, called):
    with translation.override(language):
        line = wording.device_line(DeviceSlot("", "battery", 180))

    assert line.name == called


@pytest.mark.parametrize(
    ("base", "energy", "said"),
    [
        (690, 310, "would have charged 0.69 kWh; its orders changed that by 0.38 kWh"),
        (0, 200, "waited"),
        (-500, -200, "given 0.50 kWh"),
        (200, 200, None),
    ],
)
def test_a_device_whose_orders_traded_says_what_it_had_planned(base, energy, said):
    why = wording.device_line(DeviceSlot("Battery", "battery", energy, {}, base)).why

    assert plain(" ".join(why)).count("Without a trade") == (said is not None)
    assert (said or "") in plain(" ".join(why))


def test_what_was_cleared_and_what_was_sold_are_told_in_lines_that_add_up():
    home = a_home(export_wh=230, sold_wh=195, trueup_sold_wh=36, import_wh=0, bought_wh=0)

    facts = {fact.label: plain(fact.value) for fact in wording.meter_facts(home, 195, 0)}

    assert facts["Cleared to sell"] == "195 Wh"
    assert facts["Not given or not taken, by the meters"] == "−36 Wh"
    assert facts["Added after metering"] == "+36 Wh"
    assert facts["Sold to neighbours"] == "195 Wh"
    assert facts["Surplus left to your retailer"] == "35 Wh"
    assert facts["Your meter gave to the grid"] == "230 Wh"


def test_a_worth_that_was_learned_says_what_of():
    (worth,) = device_why({"worth_ueur_kwh": 120_000, "planner_ueur_kwh": 100_000})

    assert "what past weeks taught the agents about where such plans miss" in worth


def test_a_home_that_only_took_reads_nothing_about_selling():
    labels = [fact.label for fact in wording.meter_facts(a_home(export_wh=0, sold_wh=0), 0, 100)]

    assert labels[0] == "Cleared to buy"
    assert all("sell" not in label.lower() for label in labels)


def test_a_home_at_rest_has_one_line():
    home = a_home(export_wh=0, sold_wh=0, import_wh=0, bought_wh=0)

    assert [fact.label for fact in wording.meter_facts(home, 0, 0)] == ["Nothing flowed through your meter"]
