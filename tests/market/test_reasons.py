"""Every stored reason has its words on either side and in both languages, made of stored facts only."""

import pytest
from django.utils import translation

from community.models import Community
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

KINDS = ["import", "export", "line", "transformer", "voltage_high", "voltage_low"]


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

    assert text.startswith("0.31 kWh came from neighbours at 0.112 €/kWh. More was wanted at this price")
    assert text.endswith("Your retailer supplied 0.19 kWh.")


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("rule", Community.FairnessRule.values)
def test_every_fairness_rule_says_how_it_shared(rule, language):
    assert said("rationed", language=language, rule=rule) != said("rationed", language=language)


def test_no_two_fairness_rules_are_said_alike():
    texts = {said("rationed", rule=rule) for rule in Community.FairnessRule.values}

    assert len(texts) == len(Community.FairnessRule.values)


@pytest.mark.parametrize("side", ["buy", "sell"])
@pytest.mark.parametrize("kind", KINDS)
def test_energy_without_room_names_the_limit_that_was_in_its_way(kind, side):
    texts = [said(code, side, kind=kind, element="N7") for code in ("network_limit", "curtailed")]

    assert all("cables could carry no more" not in text for text in texts)
    assert all(("N7" in text) == (kind in {"line", "voltage_high", "voltage_low"}) for text in texts)


def test_an_order_cut_to_nothing_claims_no_trade():
    text = said("network_limit", "buy", local_wh=0, retailer_wh=0, kind="line", element="L3")

    assert text == "Nothing of it came from neighbours. There was no room for more: line L3 was full."


def test_what_was_curtailed_is_named_beside_what_was_sold():
    text = said("curtailed", local_wh=310, retailer_wh=0, curtailed_wh=190, kind="export", element="transformer")

    assert text == (
        "0.31 kWh went to neighbours at 0.112 €/kWh. "
        "0.19 kWh was held back: the street could give no more to the grid."
    )


def test_a_limit_that_was_not_met_says_what_to_do():
    text = said("limit_not_met", language="es", retailer_wh=0)

    assert "0,090 €/kWh o más" in text
    assert "0,112 €/kWh" in text
    assert "«Mis reglas»" in text


def test_without_a_price_none_is_named():
    assert "0.112" not in said("limit_not_met", price_ueur_kwh=None)


def test_a_reason_of_a_newer_version_is_shown_as_it_is():
    assert said("moon_phase") == "reason “moon_phase”"


@pytest.mark.parametrize("phase", ["", "b"])
@pytest.mark.parametrize("kind", [*KINDS, "something_new"])
def test_every_limit_of_the_grid_has_its_words(kind, phase):
    row = {"element": "L3", "kind": kind, "phase": phase, "loading_pct": 100.0, "shadow_ueur_kwh": 8_000}

    with translation.override("en"):
        text = reasons.binding(row)

    assert text.endswith(".")
    assert "%(" not in text


def test_a_day_without_trades_gives_its_commonest_reason():
    with translation.override("en"):
        assert "beyond your limits" in reasons.nothing_traded({"limit_not_met": 40, "no_counterparty": 3})
        assert "nothing to offer" in reasons.nothing_traded({})
