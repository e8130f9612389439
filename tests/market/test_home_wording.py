"""The figures of a home page: honest about what is measured, expected or missing."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import translation

from market.models import Mandate, Outcome, PlanStep, Slot, Statement
from market.queries.day import DaySlot
from market.queries.home import BatteryNow, MonthSoFar
from market.queries.own_energy import Own
from market.wording import day_table, documents, months, next_steps
from market.wording import home as wording
from metering.completeness import Freshness
from metering.wording.freshness import own_until_line

START = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
MONTH = MonthSoFar(6_840_000_000, 100_000, 80_000, 40_000, 25_000, Own())
NOVEMBER = date(2026, 11, 1)


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


def a_slot(i=0, **fields):
    defaults = {
        "start": START + timedelta(minutes=15 * i),
        "end": START + timedelta(minutes=15 * (i + 1)),
        "status": "cleared",
        "price_ueur_kwh": 100_000,
        "retail_ueur_kwh": 164_000,
        "feed_in_ueur_kwh": 60_000,
        "sold_wh": 0,
        "bought_wh": 0,
        "earned_neur": 0,
        "paid_neur": 0,
        "import_wh": 0,
        "export_wh": 0,
        "saving_neur": 0,
        "settled": True,
        "provisional": False,
        "forecast_wh": None,
        "price_expected_ueur_kwh": None,
    }
    return DaySlot(**{**defaults, **fields})


def plain(text):
    return text.replace("\u00a0", " ")


def labels(month, battery=None, mandate=None):
    return [figure.label for figure in wording.four_numbers(month, NOVEMBER, battery, mandate)]


def test_a_home_with_a_battery_sees_its_charge_and_reserve():
    battery = BatteryNow(64.4, 10_000, START)

    figure = wording.four_numbers(MONTH, NOVEMBER, battery, Mandate(reserve_pct=40))[3]

    assert (figure.label, plain(figure.value), plain(figure.note)) == (
        "Battery",
        "64 %",
        "your reserve is 40 %",
    )


def test_a_home_without_a_battery_sees_what_it_shared_or_took():
    consumer = MonthSoFar(0, 100_000, 0, 0, 25_000, Own())

    assert labels(MONTH)[3] == "Shared with neighbours"
    assert labels(consumer)[3] == "Taken from the grid"


def test_what_was_sold_and_bought_adds_up_to_the_sum_as_they_are_written():
    month = replace(MONTH, sold_wh=219_849, bought_wh=12_549)

    figure = wording.four_numbers(month, NOVEMBER, None, None)[2]

    assert (plain(figure.value), plain(figure.note)) == ("232.3 kWh", "219.8 kWh sold, 12.5 kWh bought")


def test_self_sufficiency_needs_a_metered_roof():
    metered = MonthSoFar(
        0, 29_000, 50_000, 0, 0, Own(slots=2_976, made_wh=121_000, kept_wh=71_000, taken_wh=29_000)
    )

    assert labels(MONTH)[1] == "Supplied by neighbours"
    assert labels(metered)[1] == "Self-sufficiency"
    assert metered.own.self_sufficiency_pct == pytest.approx(71.0)


def test_money_of_a_slot_is_what_sales_bring_less_what_purchases_cost():
    assert a_slot(earned_neur=48_000_000, paid_neur=10_000_000).money_neur == 38_000_000


def test_a_trade_names_its_partners_and_a_slot_without_one_its_reason():
    slots = [a_slot(1, sold_wh=310, earned_neur=310 * 96_000), a_slot(0)]
    outcome = Outcome(reason="no_counterparty", facts={}, slot=Slot(start=slots[1].start))

    sale, nothing = wording.trade_rows(slots, {slots[0].start: (3, 0)}, [outcome], {})

    assert (plain(sale.title), sale.note, sale.amount_neur) == (
        "You sold 0.31 kWh",
        "to 3 homes",
        310 * 96_000,
    )
    assert (nothing.title, nothing.amount_neur) == ("No trade", None)
    assert nothing.note
    assert nothing.address == "/slots/2026-11-22T1100Z/"


def test_what_is_to_come_is_drawn_from_the_forecast_and_the_expected_price():
    slot = a_slot(price_ueur_kwh=None, price_expected_ueur_kwh=90_000, forecast_wh=-400, import_wh=None)

    drawn = wording.chart_slot(slot, START, None, {})

    assert drawn.planned
    assert (drawn.price_ueur_kwh, drawn.export_wh, drawn.import_wh) == (90_000, 400, 0)
    assert drawn.address == ""


def test_a_trade_of_a_few_wh_is_not_told_as_nothing():
    sale, bought = (a_slot(0, sold_wh=4, earned_neur=400_000), a_slot(1, bought_wh=3, paid_neur=300_000))

    rows = wording.trade_rows([sale, bought], {sale.start: (1, 0), bought.start: (0, 1)}, [], {})

    assert [plain(row.title) for row in rows] == ["You sold 4 Wh", "You bought 3 Wh"]


def test_the_past_is_never_filled_with_a_guess():
    slot = a_slot(price_ueur_kwh=None, price_expected_ueur_kwh=90_000, import_wh=None, export_wh=None)

    drawn = wording.chart_slot(slot, START + timedelta(hours=1), None, {})

    assert not drawn.planned
    assert drawn.price_ueur_kwh is None
    assert (drawn.export_wh, drawn.import_wh) == (0, 0)


def test_the_charts_sentence_never_tells_of_more_traded_than_metered():
    metered, cleared = a_slot(0, export_wh=90, import_wh=0, sold_wh=90), a_slot(1, sold_wh=240, bought_wh=30)

    said = plain(wording.chart_sentence([metered, replace(cleared, export_wh=None, import_wh=None)]))

    assert "You gave 0.09 kWh (0.09 kWh to neighbours) and took 0.00 kWh (0.00 kWh from neighbours)." in said


def test_the_charts_sentence_names_the_span_of_prices_and_both_energies():
    slots = [
        a_slot(0, export_wh=700, sold_wh=300),
        a_slot(1, price_ueur_kwh=120_000, import_wh=200, bought_wh=80),
    ]

    assert plain(wording.chart_sentence(slots)) == (
        "The street's price went from 0.100 €/kWh to 0.120 €/kWh. "
        "You gave 0.70 kWh (0.30 kWh to neighbours) and took 0.20 kWh (0.08 kWh from neighbours)."
    )


def test_the_statement_card_shows_the_closed_month_or_when_the_running_one_closes():
    closed = Statement(month=date(2026, 10, 1), saving_neur=12_310_000_000)

    assert plain(wording.statement_card(closed, MONTH, NOVEMBER).amount) == "+12.31 €"
    assert "1 December" in wording.statement_card(None, MONTH, NOVEMBER).text


def test_a_pause_is_said_before_anything_provisional():
    assert wording.notice(3, paused=True)["badge"] == "paused"
    assert wording.notice(3, paused=False)["badge"] == "provisional"
    assert wording.notice(0, paused=False) is None


def test_readings_of_another_day_name_it():
    at = START + timedelta(days=2)

    told, untold = Freshness(at, 0, 4, own=START), Freshness(at, 4, 4)

    assert own_until_line(told, START) == "Readings until 12:00"
    assert own_until_line(told, at) == "Readings until 22 November, 12:00"
    assert own_until_line(untold, at) == "No readings yet"


def test_a_slot_to_come_reads_out_its_expected_price_and_the_forecast():
    coming = a_slot(price_ueur_kwh=None, price_expected_ueur_kwh=90_000, forecast_wh=-400)
    quiet = a_slot(1, price_ueur_kwh=None, forecast_wh=None)

    given, unknown, past = (
        day_table.day_rows([slot], at, {})[0]
        for slot, at in ((coming, START), (quiet, START), (coming, START + timedelta(minutes=15)))
    )

    assert (given.cells[0].text, plain(given.remark)) == ("0.090", "expected: you give 0.40 kWh")
    assert (given.look, given.address) == ("planned", "")
    assert (unknown.cells[0].text, unknown.remark) == ("—", "expected")
    assert (past.look, past.remark) == ("", "")


def test_a_step_that_has_begun_says_how_long_it_goes_on():
    hour = timedelta(hours=1)
    steps = [
        PlanStep(reason="idle", facts={}, start=start, end=start + 2 * hour, energy_wh=0, position=0)
        for start in (START - hour, START + hour)
    ]

    running, later = next_steps.plan_rows(steps, START)

    assert running.when == "now until 13:00"
    assert later.when.replace("\u2060", "") == "13:00–15:00"


def test_a_past_day_shows_the_battery_of_its_end_and_says_what_the_other_figures_tell_of():
    battery = BatteryNow(64.4, 10_000, START)

    figure = wording.four_numbers(MONTH, NOVEMBER, battery, Mandate(reserve_pct=40), past=True)[3]
    said = [
        wording.spans(NOVEMBER, one, past=past) for one, past in ((battery, True), (battery, False), (None, True))
    ]

    assert plain(figure.note) == "at the end of this day"
    assert said == [
        "These are the figures of the month, November 2026; the battery’s is of this day’s end.",
        "These are the figures of the month, November 2026; the battery’s is of now.",
        "These are the figures of the month: November 2026.",
    ]


@pytest.mark.parametrize(
    ("saving_neur", "said"),
    [
        (6_840_000_000, "6.84\xa0€ better off"),
        (-400_000_000, "0.40\xa0€ worse off"),
        (-3_000_000, "as well off as"),
    ],
)
def test_a_month_calls_a_loss_a_loss_and_nothing_nothing(saving_neur, said):
    assert said in months.gained(NOVEMBER, saving_neur, running=True)
    assert said in months.gained(NOVEMBER, saving_neur, running=False)


def test_a_statement_that_lost_spares_nobody_a_negative_amount():
    lost, won = Statement(saving_neur=-400_000_000), Statement(saving_neur=400_000_000)

    assert documents._sentence(lost) == "That cost you 0.40\xa0€ more than your retailer alone."
    assert "spared you 0.40\xa0€" in documents._sentence(won)
