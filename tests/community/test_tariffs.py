"""Local days and the 2.0TD periods on every odd day."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from community.tariffs import local_day, month_span, period, slots_of

MADRID = ZoneInfo("Europe/Madrid")
CASES = Path(__file__).parent.parent / "market" / "settlement" / "settlement_cases.json"
CALENDAR = next(case for case in json.loads(CASES.read_text()) if case["id"] == "calendar_2_0TD")


def hours_of(year: int) -> dict[str, int]:
    counts = {"P1": 0, "P2": 0, "P3": 0}
    for start in slots_of(local_day(date(year, 1, 1))[0], local_day(date(year + 1, 1, 1))[0], 60):
        counts[period(start)] += 1
    return counts


@pytest.mark.parametrize(("year", "hours"), [(2026, (2_040, 2_040, 4_680)), (2028, (2_016, 2_016, 4_752))])
def test_the_periods_of_a_year_add_up(year, hours):
    assert tuple(hours_of(year).values()) == hours


@pytest.mark.parametrize(
    ("local", "band"),
    [
        ("2026-04-03T10:00", "P1"),  # Good Friday is an ordinary day
        ("2026-01-06T10:00", "P3"),
        ("2026-10-12T19:00", "P3"),
        ("2026-03-19T10:00", "P1"),  # a Valencian holiday only
        ("2026-11-23T07:59", "P3"),
        ("2026-11-23T08:00", "P2"),
        ("2026-11-23T22:00", "P2"),
        ("2026-11-21T12:00", "P3"),  # Saturday
    ],
)
def test_the_period_follows_the_local_start(local, band):
    assert period(datetime.fromisoformat(local).replace(tzinfo=MADRID)) == band


@pytest.mark.parametrize(("local", "band"), CALENDAR["expected"]["period"].items())
def test_the_calendar_case_of_the_rules(local, band):
    assert period(datetime.fromisoformat(local).replace(tzinfo=MADRID)) == band


def test_ceuta_is_an_hour_later():
    assert period(datetime(2026, 11, 23, 10, tzinfo=MADRID), MADRID, "ceuta") == "P2"
    assert period(datetime(2026, 11, 23, 14, tzinfo=MADRID), MADRID, "melilla") == "P1"


@pytest.mark.parametrize(
    ("day", "slots"), [(date(2026, 3, 29), 92), (date(2026, 10, 25), 100), (date(2026, 6, 1), 96)]
)
def test_clock_changes_make_short_and_long_days(day, slots):
    assert len(slots_of(*local_day(day), 15)) == slots


def test_a_month_runs_from_midnight_to_midnight():
    assert month_span(2026, 10) == (
        datetime(2026, 9, 30, 22, tzinfo=UTC), datetime(2026, 10, 31, 23, tzinfo=UTC),
    )  # fmt: skip
