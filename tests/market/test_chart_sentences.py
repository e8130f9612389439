"""Pictures of the street, of its forecasts and of its agents' test are told in a sentence each."""

from datetime import date, timedelta

from django.utils.translation import override

from market.models import ForecastAccuracy
from market.queries.street import StreetSlot
from market.wording import forecasts, gate, street
from tests import factories as make


def plain(text):
    return text.replace("\xa0", " ")


def test_the_streets_day_is_told_by_its_prices_and_what_was_shared():
    slots = [
        StreetSlot(make.NOON, make.NOON + make.QUARTER, "cleared", price, 800, 0, 300, 100, False, ())
        for price in (90_000, 120_000)
    ]

    with override("en"):
        said = plain(street.chart_sentence(slots))

    assert said == (
        "The street's price went from 0.090 €/kWh to 0.120 €/kWh. "
        "Neighbours shared 1.6 kWh. 0.60 kWh came from the grid and 0.20 kWh went there."
    )


def test_a_sum_that_would_be_one_homes_is_said_to_be_missing():
    few, many = frozenset({1}), frozenset(range(2, 8))
    hidden, told = (
        StreetSlot(make.NOON, make.NOON + make.QUARTER, "cleared", 90_000, 800, 0, 300, 100, False, (), sold, many)
        for sold in (few, many)
    )

    with override("en"):
        alone, together = (plain(street.chart_sentence(slots)) for slots in ([hidden], [hidden, told]))

    assert "What neighbours shared is not told: fewer than five sold it, or bought it." in alone
    assert "0.80 kWh" not in alone
    assert "Neighbours shared at least 0.80 kWh." in together
    assert together.endswith("slots in which fewer than five sold, or bought, is not told.")


def test_what_many_shared_in_slots_of_few_stands_in_the_days_sum_alone():
    many = frozenset(range(2, 8))
    slots = [
        StreetSlot(make.NOON, make.NOON + make.QUARTER, "cleared", 90_000, 800, 0, 300, 100, False, (), sold, many)
        for sold in (frozenset({1, 2, 3}), frozenset({4, 5, 6}), many)
    ]

    with override("en"):
        said, running = (plain(street.chart_sentence(slots, over=over)) for over in (True, False))

    assert "Neighbours shared 2.4 kWh." in said
    assert said.endswith("only the day's sum holds what was shared.")
    assert "Neighbours shared at least 0.80 kWh." in running


def test_days_of_forecasts_are_told_by_the_best_and_the_worst():
    days = [
        ForecastAccuracy(day=date(2026, 11, 20) + timedelta(days=i), used_wh=1_000, off_wh=off_wh)
        for i, off_wh in enumerate((300, 120, 410))
    ]

    with override("en"):
        said = plain(forecasts.chart_sentence(days))

    assert said == "The error was lowest on 21 November (12 %) and highest on 22 November (41 %)."
    assert forecasts.chart_sentence([]) == ""


def test_the_test_of_agents_is_told_by_what_a_week_costs_with_each():
    report = {
        "weeks": [0, 1],
        "stories": {"champion": "planner only"},
        "alone_neur": [25_000_000_000, 27_000_000_000],
        "candidates": {"rule": {"cost_neur": [20_000_000_000] * 2, "gain_neur": [6_000_000_000] * 2}},
    }

    with override("en"):
        said = plain(gate.chart_sentence(report))

    assert said == "What a week costs the street on average: Rule by tariff 20.00 €; Each home alone 26.00 €."
