"""A car's night in words: when it charges, what it will lack and what would help."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from market.models import PlanStep
from market.wording.charging import car_lines, lack_lines
from market.wording.next_steps import plan_rows

MIDNIGHT = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)  # 01:00 in Madrid
READY = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
FULL = {
    "ready_by": READY.isoformat(),
    "limit_kind": "transformer",
    "element": "transformer",
    "full_from": "2026-11-22T17:00:00+00:00",
    "full_until": "2026-11-22T22:00:00+00:00",
    "ready_at": "2026-11-23T07:15:00+00:00",
}


def window(hours, length, **facts):
    start = MIDNIGHT + timedelta(hours=hours)
    fields = {
        "kind": "ev_charge",
        "reason": "in_window",
        "energy_wh": 2_000,
        "limit_ueur_kwh": 98_000,
        "position": 0,
    }
    given = {"ready_by": READY.isoformat(), **facts}
    return PlanStep(device_id=3, start=start, end=start + timedelta(hours=length), facts=given, **fields)


def lack(reason="grid_full", **facts):
    fields = {"kind": "ev_lacks", "reason": reason, "energy_wh": 3_200, "position": 1}
    return PlanStep(device_id=3, start=MIDNIGHT, end=READY, facts={**FULL, **facts}, **fields)


def said(*steps, language="en"):
    with translation.override(language):
        return [line.replace("\u00a0", " ").replace("\u2060", "") for line in car_lines(steps) + lack_lines(steps)]


def test_a_car_is_told_its_window_and_when_it_will_be_ready():
    assert said(window(0, 2.75)) == ["Your car charges 01:00–03:45; ready by 07:30."]
    assert said(window(0, 2.75), language="es") == ["Tu coche carga 01:00–03:45; listo a las 07:30."]


def test_several_windows_are_one_sentence_and_a_car_without_a_departure_is_never_late():
    assert said(window(3, 0.5, ready_by=""), window(0, 1, ready_by=""), window(1.5, 1, ready_by="")) == [
        "Your car charges 01:00–02:00, 02:30–03:30 and 04:00–04:30."
    ]


def test_who_cannot_be_ready_reads_how_much_is_missing_why_and_what_would_help():
    assert said(lack()) == [
        "Your car will lack 3.2 kWh at 07:30: the street's transformer is full from 18:00 to 23:00. "
        "If it stays until 08:15, it will be ready."
    ]
    assert said(lack("no_time", ready_at="")) == [
        "Your car will lack 3.2 kWh at 07:30: there is not enough time. "
        "Plug it in earlier next time, or let it leave later."
    ]


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("kind", ["line", "import", "transformer", "voltage_low", "voltage_high"])
def test_every_limit_has_its_words(kind, language):
    (line,) = said(lack(limit_kind=kind, element="l7"), language=language)

    assert "3,2 kWh" in line or "3.2 kWh" in line
    assert "%(" not in line


def test_what_is_lacking_stands_above_the_steps_and_not_among_them():
    with translation.override("en"):
        (row,) = plan_rows([window(0, 2), lack()], MIDNIGHT)

    assert row.title.replace("\u00a0", " ") == "The car charges 2.0 kWh."
