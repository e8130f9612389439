"""The date bar walks day by day and never into the future."""

from datetime import date

import pytest
from django.utils import translation

from community.datebar import day_bar, month_bar, parse_day, parse_month

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize("text", [None, "", "yesterday", "2026-13-01", "2027-01-01"])
def test_a_day_that_is_not_one_or_lies_ahead_is_today(text):
    assert parse_day(text, TODAY) == TODAY


@pytest.mark.parametrize("text", [None, "", "soon", "2026-13", "2027-01"])
def test_a_month_that_is_not_one_or_lies_ahead_is_this_month(text):
    assert parse_month(text, TODAY) == date(2026, 11, 1)


def test_a_day_in_the_past_is_kept():
    assert parse_day("2026-11-01", TODAY) == date(2026, 11, 1)


def test_today_has_no_next_day_and_yesterday_leads_back_to_the_plain_address():
    today, yesterday = day_bar(TODAY, TODAY, "/"), day_bar(date(2026, 11, 21), TODAY, "/")

    assert (today.next, today.today) == (None, None)
    assert today.previous == "/?d=2026-11-21"
    assert yesterday.next == "/"


def test_the_first_day_has_no_day_before():
    assert day_bar(date(2026, 10, 1), TODAY, "/", first=date(2026, 10, 1)).previous is None


def test_every_address_keeps_which_home_is_shown():
    bar = day_bar(date(2026, 11, 20), TODAY, "/", keep={"home": "3"})

    assert (bar.previous, bar.next, bar.today) == (
        "/?home=3&d=2026-11-19",
        "/?home=3&d=2026-11-21",
        "/?home=3",
    )


def test_months_step_over_the_turn_of_the_year():
    bar = month_bar(date(2026, 1, 1), TODAY, "/months/")

    assert (bar.previous, bar.next) == ("/months/?m=2025-12", "/months/?m=2026-02")


def test_the_title_says_today_in_the_readers_language():
    with translation.override("en"):
        assert day_bar(TODAY, TODAY, "/").title == "Today, 22 November"
