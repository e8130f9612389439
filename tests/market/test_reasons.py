"""Every stored reason has its words on either side and in both languages, made of stored facts only."""

import pytest
from django.utils import translation

from market import reasons
from market.clearing.outcome import Reason

FACTS = {
    "energy_wh": 500,
    "local_wh": 310,
    "retailer_wh": 190,
    "curtailed_wh": 0,
    "limit_ueur_kwh": 90_000,
    "price_ueur_kwh": 112_000,
}
# `fallback` is written by the service when a clearing is refused, so the core does not know it.
CODES = [*(reason.value for reason in Reason), "fallback"]


def said(code, side="sell", language="en", **facts):
    with translation.override(language):
        return reasons.outcome(code, {**FACTS, **facts}, side).replace("\u00a0", " ")


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("side", ["buy", "sell"])
@pytest.mark.parametrize("code", CODES)
def test_every_reason_has_its_words(code, side, language):
    with translation.override(language):
        short = reasons.untraded(code)
    text = said(code, side, language)

    assert "“" not in text.replace("“My rules”", "")
    assert "%(" not in text + short
    assert text.endswith(".")
    assert "“" not in short


@pytest.mark.parametrize("code", CODES)
def test_the_two_languages_do_not_say_it_with_the_same_words(code):
    assert said(code, language="es") != said(code, language="en")


def test_a_sale_in_full_names_its_price():
    assert said("filled", local_wh=500, retailer_wh=0) == "All of it went to neighbours at 0.112 €/kWh."


def test_an_order_filled_by_its_own_retailer_claims_no_neighbour():
    text = said("filled", "buy", local_wh=0, retailer_wh=500)

    assert (
        text == "Your own retailer charged no more than a neighbour would have. Your retailer supplied 0.50 kWh."
    )


def test_an_order_filled_by_both_names_both():
    text = said("filled")

    assert text == "0.31 kWh went to neighbours at 0.112 €/kWh. Your retailer took 0.19 kWh."


def test_a_rationed_order_names_what_came_through_and_where_the_rest_went():
    text = said("rationed", "buy")

    assert text.startswith("0.31 kWh came from neighbours.")
    assert text.endswith("Your retailer supplied 0.19 kWh.")


def test_a_limit_that_was_not_met_says_what_to_do():
    text = said("limit_not_met", language="es", retailer_wh=0)

    assert "0,090 €/kWh o más" in text
    assert "0,112 €/kWh" in text
    assert "«Mis reglas»" in text


def test_without_a_price_none_is_named():
    assert "0.112" not in said("limit_not_met", price_ueur_kwh=None)


def test_a_reason_of_a_newer_version_is_shown_as_it_is():
    assert said("moon_phase") == "reason “moon_phase”"


@pytest.mark.parametrize(
    "kind", ["import", "export", "line", "transformer", "voltage_high", "voltage_low", "something_new"]
)
def test_every_limit_of_the_grid_has_its_words(kind):
    row = {"element": "L3", "kind": kind, "loading_pct": 100.0, "shadow_ueur_kwh": 8_000}

    with translation.override("en"):
        text = reasons.binding(row)

    assert text.endswith(".")
    assert "%(" not in text


def test_a_day_without_trades_gives_its_commonest_reason():
    with translation.override("en"):
        assert "beyond your limits" in reasons.nothing_traded({"limit_not_met": 40, "no_counterparty": 3})
        assert "nothing to offer" in reasons.nothing_traded({})


def test_the_price_rule_names_the_interval_it_chose_from():
    with translation.override("en"):
        between = reasons.price_rule("equilibrium_midpoint", 100_000, 124_000)
        point = reasons.price_rule("equilibrium_midpoint", 100_000, 100_000)

    assert "0.100" in between
    assert "0.124" in between
    assert "0.100" not in point
