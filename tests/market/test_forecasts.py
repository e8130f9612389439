"""Forecasts in production: learned from the meters, issued with bands, compared with what was metered."""

from datetime import timedelta
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from market import tasks
from market.models import Forecast, ForecastAccuracy, Forecaster, WeatherHour
from market.queries.accuracy import compared, latest_error_pct
from market.queries.due import due_to_learn
from market.queries.history import generation, net_load, weather
from market.services.accuracy import watch_forecasts
from market.services.forecasts import learn, renew_forecasts
from metering.services.readings import ReadingRow, store_readings
from tests import factories as make

pytestmark = pytest.mark.django_db

NOON, DAY, QUARTER = make.NOON, timedelta(days=1), make.QUARTER
MIDNIGHT = NOON - timedelta(hours=12)  # in Madrid


@pytest.fixture
def street():
    return make.community()


def live(home, days, until=NOON, *, sun_wh=0, generation_wh=0, seed=1):
    """Days of quarters with dear evenings, a sun at noon and some chance; meters told them an hour later."""
    chance = np.random.default_rng(seed)
    rows = []
    for i in range(days * 96):
        start = until - QUARTER * (i + 1)
        hour = (start.hour + 1) % 24
        load = 60 + 140 * (18 <= hour < 23) + int(chance.integers(0, 40))
        net = load - sun_wh * (10 <= hour < 16)
        rows += [ReadingRow("import", start, max(net, 0)), ReadingRow("export", start, max(-net, 0))]
        if generation_wh:
            rows.append(ReadingRow("generation", start, generation_wh * (10 <= hour < 16)))
    store_readings(metering_point=make.meter(home), rows=rows, source="api", content_sha256="0" * 64, at=until)


def test_a_street_foretells_by_profile_until_it_has_learned_and_by_its_own_model_after(street):
    tariff = make.tariff()
    homes = [make.home(street, name, tariff) for name in ("Ana", "Bruno")]
    for seed, home in enumerate(homes):
        live(home, 20, seed=seed)
    renew_forecasts(community=street, at=NOON)

    learn(community=street, at=NOON + timedelta(hours=1))
    renew_forecasts(community=street, at=NOON + timedelta(hours=6))

    by_profile, by_model = Forecast.objects.filter(household=homes[0]).order_by("issued_at")
    assert (by_profile.model, by_profile.low_wh) == ("profile", [])
    assert by_model.model == "ridge"
    assert by_model.known_until == NOON
    assert {len(by_model.net_load_wh), len(by_model.low_wh), len(by_model.high_wh)} == {192}
    assert all(low <= median <= high for low, median, high in zip(
        by_model.low_wh, by_model.median_wh, by_model.high_wh, strict=True
    ))  # fmt: skip
    evening, night = by_model.net_load_wh[8], by_model.net_load_wh[40]
    assert evening == pytest.approx(220, abs=25)
    assert night == pytest.approx(80, abs=25)


def test_too_short_a_past_teaches_nothing(street):
    live(make.home(street, "Ana", make.tariff()), 5)

    learn(community=street, at=NOON)

    assert not Forecaster.objects.exists()


def test_a_model_is_learned_anew_once_a_day(street):
    live(make.home(street, "Ana", make.tariff()), 15)
    learn(community=street, at=NOON)
    first = Forecaster.objects.get().fitted_at

    learn(community=street, at=NOON + timedelta(hours=23))
    assert Forecaster.objects.get().fitted_at == first

    learn(community=street, at=NOON + DAY)
    assert Forecaster.objects.get().fitted_at == NOON + DAY


def test_learning_is_due_for_streets_with_a_fortnight_of_readings_and_no_fresh_model(street):
    young = make.community(slug="nueva", name="Nueva")
    offer = make.tariff()
    live(make.home(street, "Ana", offer), 20)
    live(make.home(young, "Bruno", offer), 5)
    for each in (street, young):
        renew_forecasts(community=each, at=NOON)

    assert due_to_learn(NOON + QUARTER) == [street.pk]

    learn(community=street, at=NOON + QUARTER)
    assert due_to_learn(NOON + 2 * QUARTER) == []


def test_the_yield_of_panels_with_a_meter_is_known_and_is_no_part_of_the_net_load(street):
    home = make.home(street, "Ana", make.tariff())
    live(home, 1, sun_wh=500, generation_wh=500)

    sun = generation([home.pk], NOON - DAY, 96, 15, NOON)
    net = net_load([home.pk], NOON - DAY, 96, 15, NOON)

    assert np.nansum(sun) == 24 * 500
    assert net.min() < 0


def test_each_slot_is_compared_with_the_newest_forecast_before_it_and_missing_ones_are_left_out(street):
    home = make.home(street, "Ana", make.tariff())
    for issued, expected in ((MIDNIGHT - timedelta(hours=6), 100), (MIDNIGHT + timedelta(hours=6), 300)):
        Forecast.objects.create(
            household=home, issued_at=issued, first_start=issued, slot_minutes=15, days_seen=7,
            net_load_wh=[expected] * 192, low_wh=[expected - 50] * 192, high_wh=[expected + 50] * 192,
        )  # fmt: skip
    make.history(home, 340, days=1, until=NOON)  # until noon, so that the afternoon is missing

    found = compared([home.pk], MIDNIGHT, MIDNIGHT + DAY, 15, NOON)

    assert found.compared == found.banded == 48
    assert found.off_wh == 24 * 240 + 24 * 40
    assert found.bias_wh == -found.off_wh
    assert found.in_band == 24
    assert found.used_wh == 48 * 340


def test_watching_twice_keeps_one_row_a_day_with_the_newest_readings(street):
    home = make.home(street, "Ana", make.tariff())
    live(home, 3, until=NOON - timedelta(hours=6))
    renew_forecasts(community=street, at=NOON - timedelta(hours=6))
    make.history(home, 100, days=1, until=NOON - timedelta(hours=3))
    watch_forecasts(community=street, at=NOON)
    before = ForecastAccuracy.objects.get().compared
    make.history(home, 100, days=1, until=NOON)

    watch_forecasts(community=street, at=NOON)

    assert before == 12
    assert ForecastAccuracy.objects.get().compared == 24


def a_day(street, day, off_wh):
    ForecastAccuracy.objects.create(
        community=street, day=day, compared=100, used_wh=10_000, off_wh=off_wh, bias_wh=0, banded=100,
        in_band=80, computed_at=NOON,
    )  # fmt: skip


def test_the_latest_error_is_told_against_the_median_of_the_days_before(street):
    today = NOON.date()
    for back in range(2, 9):
        a_day(street, today - timedelta(days=back), 1_000)
    assert latest_error_pct(street.pk, today) is None  # six days are no median

    a_day(street, today - timedelta(days=1), 2_500)
    a_day(street, today, 9_000)  # the running day does not count yet

    assert latest_error_pct(street.pk, today) == 250


def test_a_weather_file_is_taken_in_and_a_newer_one_replaces_its_hours(street, tmp_path):
    file = tmp_path / "weather.csv"
    for irradiance in (300, 450):
        file.write_text(f"time,temperature,irradiance\n2026-11-23T12:00+01:00,14.5,{irradiance}\n")
        call_command("load_weather", "calle", str(file), stdout=StringIO())

    temperature, irradiance = weather(street.pk, NOON - QUARTER, 6, 15)

    assert WeatherHour.objects.count() == 1
    assert np.array_equal(irradiance, [np.nan, 450, 450, 450, 450, np.nan], equal_nan=True)
    assert temperature[1] == 14.5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hour,temperature\n", "Line 1 must name the columns"),
        ("time,temperature\n2026-11-23T12:00,3\n", "has no zone"),
        ("time,temperature\nnoon,3\n", "noon is no time"),
        ("time,temperature\n2026-11-23T12:15Z,3\n", "not the start of an hour"),
        ("time,temperature\n2026-11-23T12:00Z,warm\n", "Line 2, temperature: warm is no number"),
        ("time,temperature\n2026-11-23T12:00Z,nan\n", "is no weather"),
    ],
)
def test_a_file_that_is_no_weather_says_where_and_changes_nothing(street, tmp_path, text, said):
    file = tmp_path / "weather.csv"
    file.write_text(text)

    with pytest.raises(CommandError, match=said):
        call_command("load_weather", "calle", str(file))
    assert not WeatherHour.objects.exists()


def test_the_tasks_learn_and_watch_when_they_are_told_to(street, monkeypatch):
    live(make.home(street, "Ana", make.tariff()), 15)
    renew_forecasts(community=street, at=NOON - timedelta(hours=6))
    monkeypatch.setattr(tasks, "now", lambda: NOON)

    tasks.learn(community_id=street.pk)
    tasks.watch_forecasts(community_id=street.pk)

    assert Forecaster.objects.get().fitted_at == NOON
    assert ForecastAccuracy.objects.get().compared > 0


def test_forecasts_of_two_months_ago_go_and_what_they_were_worth_stays(street):
    home = make.home(street, "Ana", make.tariff())
    a_day(street, (NOON - 61 * DAY).date(), 900)
    for back in (61, 59):
        Forecast.objects.create(
            household=home, issued_at=NOON - back * DAY, first_start=NOON - back * DAY, slot_minutes=15,
            net_load_wh=[0], days_seen=1,
        )  # fmt: skip

    watch_forecasts(community=street, at=NOON)

    assert [forecast.issued_at for forecast in Forecast.objects.all()] == [NOON - 59 * DAY]
    assert ForecastAccuracy.objects.count() == 1
