"""A neighbour's file as a year of hours."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from market.pilot.readings import YEAR_HOURS, TooLittle, curve_of, hour_of_year
from metering.formats import FileReading, Interval

ZONE = ZoneInfo("Europe/Madrid")
HOUR = timedelta(hours=1)


def reading(first, energies, minutes=60, exports=0, own=None):
    step = timedelta(minutes=minutes)
    rows = [
        Interval(i, "ES", first + step * i, (wh, exports, None, own), "measured", "R")
        for i, wh in enumerate(energies)
        if wh is not None
    ]
    return FileReading("x", "utc", minutes, rows, [], [])


def test_every_hour_read_stands_where_it_was_and_gaps_take_the_usual_hour_of_the_week():
    first = datetime(2025, 1, 5, 23, tzinfo=UTC)  # a Monday's midnight in Madrid
    energies = [100 + hour % 168 for hour in range(6 * 168)]
    energies[500] = None

    curve = curve_of(reading(first, energies), ZONE)

    assert len(curve.load_wh) == YEAR_HOURS
    assert curve.hours == 6 * 168 - 1
    place = hour_of_year((first + HOUR * 10).astimezone(ZONE))
    assert curve.load_wh[place] == 110
    gap = hour_of_year((first + HOUR * 500).astimezone(ZONE))
    assert curve.load_wh[gap] == 100 + 500 % 168
    october = hour_of_year(datetime(2025, 10, 6, 5, tzinfo=ZONE))  # a Monday, 5 h
    assert curve.load_wh[october] == 105


def test_quarters_make_hours_and_an_hour_with_a_missing_quarter_is_a_gap():
    first = datetime(2025, 1, 6, 23, tzinfo=UTC)
    quarters = [25] * (4 * 24 * 30)
    quarters[41] = None

    curve = curve_of(reading(first, quarters, minutes=15), ZONE)

    assert curve.hours == 24 * 30 - 1
    assert set(curve.load_wh) == {100}


def test_what_a_home_uses_of_its_own_panels_is_load_too():
    first = datetime(2025, 1, 6, 23, tzinfo=UTC)

    curve = curve_of(reading(first, [100] * 24 * 30, exports=40, own=60), ZONE)

    assert set(curve.load_wh) == {160}
    assert curve.exports_wh == 40 * 24 * 30


def test_too_short_a_file_says_how_long_it_is():
    with pytest.raises(TooLittle) as caught:
        curve_of(reading(datetime(2025, 1, 6, 23, tzinfo=UTC), [100] * 24 * 10), ZONE)

    assert caught.value.hours == 240
