"""The demo's curves: real, seasonal, the same at every call, and for every date."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from community.demo.homes import AS_OTHERS, PV_W, SOURCE_FIRST, SOURCE_LAST, curves, source_day
from community.demo.neighbourhood import HOMES

MADRID = ZoneInfo("Europe/Madrid")
YEAR = 365 * 96


def test_every_date_has_a_source_day_of_the_same_weekday_and_season():
    for i in range(4 * 366):
        day = date(2024, 1, 1) + timedelta(days=i)

        found = source_day(day)

        assert SOURCE_FIRST <= found <= SOURCE_LAST
        assert found.weekday() == day.weekday()
        apart = abs(day.timetuple().tm_yday - found.timetuple().tm_yday)
        assert min(apart, 365 - apart) <= 50


def test_homes_use_and_make_what_homes_in_valencia_do():
    for home in range(len(HOMES)):
        load_wh, pv_wh = curves(home, datetime(2026, 1, 1, tzinfo=UTC), YEAR)

        assert 2_800_000 < sum(load_wh) < 4_700_000
        assert min(load_wh) >= 0 <= min(pv_wh)
        if home in PV_W:
            assert 1_350 * PV_W[home] < sum(pv_wh) < 1_650 * PV_W[home]
        else:
            assert set(pv_wh) == {0}


def test_a_window_of_a_curve_is_part_of_the_whole_curve():
    first = datetime(2026, 3, 28, tzinfo=UTC)

    load_wh, pv_wh = curves(0, first, 400)
    later_load_wh, later_pv_wh = curves(0, first + timedelta(minutes=15 * 130), 200)

    assert later_load_wh == load_wh[130:330]
    assert later_pv_wh == pv_wh[130:330]


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 7, 9), 24)]
)
def test_local_days_of_any_length_are_covered(day, hours):
    first = datetime(day.year, day.month, day.day, tzinfo=MADRID).astimezone(UTC)

    load_wh, pv_wh = curves(3, first, hours * 4)

    assert len(load_wh) == len(pv_wh) == hours * 4
    assert min(load_wh) > 0
    assert sum(pv_wh) > 0


def test_the_sun_is_highest_around_two_in_the_afternoon_of_a_summer_day():
    first = datetime(2026, 6, 1, tzinfo=MADRID).astimezone(UTC)
    days = [curves(0, first + timedelta(days=i), 96)[1] for i in range(28)]

    by_slot = [sum(day[slot] for day in days) for slot in range(96)]

    centre = sum(slot * wh for slot, wh in enumerate(by_slot)) / sum(by_slot) / 4
    assert 13 < centre < 15


def test_an_instant_between_quarters_is_refused():
    with pytest.raises(ValueError, match="not the start of a quarter hour"):
        curves(0, datetime(2026, 6, 1, 0, 7, tzinfo=UTC), 4)


def test_who_lives_as_another_home_did_uses_the_same_energy_weeks_later_but_not_in_the_same_quarters():
    first = datetime(2026, 11, 2, tzinfo=UTC)

    for home, (load_of, weeks, _sun_of) in AS_OTHERS.items():
        own, _ = curves(home, first, 96)
        others, _ = curves(load_of, first + timedelta(weeks=weeks), 96)

        assert sum(own) == sum(others)
        assert own != others
