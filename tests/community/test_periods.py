"""Days, weeks, months and years of an address, and the bar that walks through them."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from django.utils.translation import override

from community.periods import Period, parse_period, period_bar, title

TODAY = date(2026, 11, 22)  # a Sunday


@pytest.mark.parametrize(
    ("view", "first", "until"),
    [
        ("day", date(2026, 11, 22), date(2026, 11, 23)),
        ("week", date(2026, 11, 16), date(2026, 11, 23)),
        ("month", date(2026, 11, 1), date(2026, 12, 1)),
        ("year", date(2026, 1, 1), date(2027, 1, 1)),
    ],
)
def test_a_period_is_the_whole_one_that_the_day_lies_in(view, first, until):
    period = parse_period({"d": "2026-11-22", "v": view}, TODAY)

    assert (period.first, period.until) == (first, until)
    assert period.before.until == first


@pytest.mark.parametrize("query", [{}, {"v": "century"}, {"d": "soon"}, {"d": "2027-01-01"}])
def test_what_is_no_period_is_today(query):
    assert parse_period(query, TODAY) == Period("day", TODAY, date(2026, 11, 23))


def test_a_day_with_a_clock_change_is_longer():
    start, end = Period.around("day", date(2026, 10, 25)).span(ZoneInfo("Europe/Madrid"))

    assert (end - start).total_seconds() == 25 * 3600


def test_the_bar_carries_view_and_what_is_kept_and_never_leads_into_the_future():
    week = Period.around("week", date(2026, 11, 11))

    bar = period_bar(week, date(2026, 11, 11), TODAY, "/energy/", keep={"unit": "eur"})

    assert bar.previous == "/energy/?unit=eur&v=week&d=2026-11-02"
    assert bar.next == bar.today == "/energy/?unit=eur&v=week"
    assert [view.address for view in bar.views] == [
        "/energy/?unit=eur&d=2026-11-11",
        "/energy/?unit=eur&v=week&d=2026-11-11",
        "/energy/?unit=eur&v=month",
        "/energy/?unit=eur&v=year",
    ]
    assert period_bar(Period.around("week", TODAY), TODAY, TODAY, "/", keep={}).next is None


def test_the_bar_goes_back_to_the_first_day_that_there_is_and_no_further():
    month = Period.around("month", TODAY)

    assert period_bar(month, TODAY, TODAY, "/", first=date(2026, 11, 3), keep={}).previous is None
    assert period_bar(month, TODAY, TODAY, "/", first=date(2026, 10, 31), keep={}).previous


def test_titles_are_the_neighbours_own():
    with override("es"):
        titles = [
            title(Period.around(view, date(2026, 11, 11)), TODAY) for view in ("day", "week", "month", "year")
        ]

    assert titles == ["11 de noviembre", "9 nov – 15 nov", "Noviembre de 2026", "2026"]
