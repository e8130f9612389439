"""Figures as people read them: the locale's separators, true minus signs, no break before the unit."""

from datetime import UTC, date, datetime

import pytest
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from community import figures
from community.templatetags import azotea

NB = "\u00a0"


@pytest.fixture(params=["es", "en"])
def language(request):
    with translation.override(request.param):
        yield request.param


def by(language, spanish, english):
    return (spanish if language == "es" else english).replace(" ", NB)


def test_energy_has_two_decimals_below_one_kwh_and_fewer_above(language):
    assert figures.kwh(310) == by(language, "0,31 kWh", "0.31 kWh")
    assert figures.kwh(58_310) == by(language, "58,3 kWh", "58.3 kWh")
    assert figures.kwh(12_345_678) == by(language, "12.346 kWh", "12,346 kWh")


def test_an_energy_reads_the_same_beside_a_larger_one_as_alone(language):
    traded, sold, bought = figures.kwh_sum(3_200, 80)

    assert (sold, bought) == (figures.kwh(3_200), figures.kwh(80))
    assert bought == by(language, "0,08 kWh", "0.08 kWh")
    assert traded == by(language, "3,3 kWh", "3.3 kWh")


@given(st.lists(st.integers(0, 5_000_000), min_size=1, max_size=5))
def test_the_parts_of_a_sum_are_written_as_they_are_alone(parts_wh):
    total, *parts = figures.kwh_sum(*parts_wh)

    assert parts == [figures.kwh(part) for part in parts_wh]
    if len({figures.kwh_decimals(one) for one in (*parts_wh, sum(parts_wh))}) == 1:
        assert total == figures.kwh(sum(map(figures.kwh_as_written, parts_wh)))
    else:
        assert total == figures.kwh(sum(parts_wh))


def test_money_has_sign_and_sense(language):
    assert figures.euros(6_840_000_000, signed=True) == by(language, "+6,84 €", "+6.84 €")
    assert figures.euros(-410_000_000) == by(language, "−0,41 €", "−0.41 €")


def test_a_loss_smaller_than_half_a_cent_is_zero_without_a_sign(language):
    assert figures.euros(-4_000_000, signed=True) == by(language, "0,00 €", "0.00 €")


def test_exact_money_shows_every_last_nano_euro(language):
    assert figures.euros_exact(34_720_125) == by(language, "0,034720125 €", "0.034720125 €")
    assert figures.euros_exact(1_500_000_000, signed=True) == by(language, "+1,50 €", "+1.50 €")


def test_prices_have_three_decimals(language):
    assert figures.price(112_400) == by(language, "0,112 €/kWh", "0.112 €/kWh")


def test_days_and_months_follow_the_language(language):
    day = date(2026, 11, 2)

    assert figures.day(day) == ("2 de noviembre" if language == "es" else "2 November")
    assert figures.month(day) == ("noviembre de 2026" if language == "es" else "November 2026")


def test_an_instant_reads_as_the_day_on_the_wall_and_its_time(language):
    moment = datetime(2026, 11, 27, 23, 34, tzinfo=UTC)

    with timezone.override("Europe/Madrid"):
        long, short = figures.instant(moment), figures.short_instant(moment)

    spanish = language == "es"
    assert long == ("28 de noviembre de 2026, 00:34" if spanish else "28 November 2026, 00:34")
    assert short == ("28 nov, 00:34" if spanish else "28 Nov, 00:34")


def test_a_day_in_a_list_over_years_bears_its_year(language):
    assert figures.short_day_and_year(date(2026, 11, 2)) == ("2 nov 2026" if language == "es" else "2 Nov 2026")


def test_an_address_or_a_script_gets_a_day_or_an_instant_that_no_language_changes(language):
    moment = datetime(2026, 11, 30, 23, 34, tzinfo=UTC)

    with timezone.override("Europe/Madrid"):
        written = azotea.iso(date(2026, 11, 2)), azotea.iso(moment), azotea.iso_month(moment)

    assert written == ("2026-11-02", "2026-12-01T00:34:00+01:00", "2026-12")


def test_a_slot_reads_in_local_time_on_one_line():
    start, end = datetime(2026, 11, 22, 11, 15, tzinfo=UTC), datetime(2026, 11, 22, 11, 30, tzinfo=UTC)

    with timezone.override("Europe/Madrid"):
        text = figures.span(start, end)

    assert text.replace("\u2060", "") == "12:15–12:30"
    assert " " not in text


def test_the_hour_that_comes_twice_names_which_one_it_is():
    first, second = datetime(2026, 10, 25, 0, 15, tzinfo=UTC), datetime(2026, 10, 25, 1, 15, tzinfo=UTC)

    with timezone.override("Europe/Madrid"):
        assert figures.clock(first) == f"02:15{NB}CEST"
        assert figures.clock(second) == f"02:15{NB}CET"


@given(st.integers(-(10**15), 10**15))
def test_a_figure_never_parts_from_its_unit(amount):
    with translation.override("es"):
        texts = [write(amount) for write in (figures.kwh, figures.euros, figures.euros_exact, figures.price)]

    assert not any(" " in text or "-" in text for text in texts)
