"""Every reason of a plan has its words in both languages, with the facts inside."""

import ast
import inspect
from datetime import UTC, datetime

import pytest
from django.utils import translation

from market.agents import plan
from market.plan_reasons import plan_step

START = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
FACTS = {
    "price_ueur_kwh": 84_000,
    "worth_ueur_kwh": 116_000,
    "worth_at": "2026-11-22T20:00:00+00:00",
    "ready_by": "2026-11-23T06:30:00+00:00",
    "until": "2026-11-22T17:00:00+00:00",
}
# The reasons that the planner documents; a new one there needs words here.
REASONS = [
    *("store_surplus", "store_cheap", "cover_need", "sell_dear", "wait_for_dearer", "at_reserve"),
    *("full", "idle", "ready_by", "surplus", "need"),
]


def words(reason, facts=FACTS, language="es"):
    with translation.override(language):
        return plan_step(reason, facts, start=START, energy_wh=2_600, limit_ueur_kwh=95_000)


def test_the_planner_gives_no_reason_that_is_missing_here():
    written = {
        node.value
        for node in ast.walk(ast.parse(inspect.getsource(plan)))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in REASONS
    }

    assert written == set(REASONS)


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_has_its_words(reason, language):
    title, note = words(reason, language=language)

    assert title.endswith(".")
    assert note.endswith(".")
    assert "“" not in title
    assert "%(" not in title + note


def test_languages_differ():
    assert all(words(reason)[0] != words(reason, language="en")[0] for reason in REASONS)


def test_a_sale_names_energy_and_limit():
    title, note = words("sell_dear")

    assert title.replace("\u00a0", " ") == "La batería vende hasta 2,6 kWh, a 0,095 €/kWh o más."
    assert "0,116" in note


def test_another_day_is_named():
    assert "07:30 del 23 de noviembre" in words("ready_by")[0]


def test_without_its_facts_a_note_is_left_out():
    assert words("store_cheap", facts={"price_ueur_kwh": 1})[1] == ""


def test_a_reason_of_a_newer_version_is_shown_as_it_is():
    assert words("moon_phase")[0] == "motivo «moon_phase»"
