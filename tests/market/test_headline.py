"""The first sentence says what happened, in either language, and claims no gain that is not settled."""

import re
from datetime import date

import pytest
from django.utils import translation

from market.wording.headline import DayTotals, sentence

TODAY = date(2026, 11, 22)
YESTERDAY = date(2026, 11, 21)
NB = "\u00a0"


def said(language, day=TODAY, sold=3_200, bought=1_100, saving=410_000_000, homes=4):
    totals = DayTotals(sold, bought, 112_000 if sold else None, saving, homes)
    with translation.override(language):
        return re.sub("<[^>]+>", "", sentence(totals, day, TODAY)).replace(NB, " ").strip()


def test_a_day_of_selling_and_buying_in_spanish():
    assert said("es") == (
        "Hoy has vendido 3,2 kWh a 4 vecinos a 0,112 €/kWh y comprado 1,1 kWh. "
        "Ganas 0,41 € más que solo con tu comercializadora."
    )


def test_a_day_of_selling_and_buying_in_english():
    assert said("en") == (
        "Today you have sold 3.2 kWh to 4 neighbours at 0.112 €/kWh and bought 1.1 kWh. "
        "You gain 0.41 € more than with your retailer alone."
    )


@pytest.mark.parametrize(
    ("sold", "bought", "spanish"),
    [
        (3_200, 0, "Hoy has vendido 3,2 kWh a 4 vecinos a 0,112 €/kWh."),
        (0, 1_100, "Hoy has comprado 1,1 kWh a tus vecinos."),
        (0, 0, "Hoy aún no has intercambiado energía con tus vecinos."),
    ],
)
def test_what_did_not_happen_is_not_mentioned(sold, bought, spanish):
    assert said("es", sold=sold, bought=bought, saving=0) == spanish


def test_one_neighbour_is_singular_and_unknown_neighbours_are_not_counted():
    assert "a 1 vecino a" in said("es", homes=1)
    assert "a tus vecinos a" in said("es", homes=0)


def test_other_days_are_named():
    assert said("es", day=YESTERDAY).startswith("Ayer vendiste 3,2 kWh")
    assert said("es", day=date(2026, 11, 3)).startswith("El 3 de noviembre vendiste")
    assert said("en", day=date(2026, 11, 3)).startswith("On 3 November you sold")


def test_a_gain_below_half_a_cent_is_not_claimed():
    assert "Ganas" not in said("es", saving=4_000_000)


def test_a_loss_would_be_admitted():
    assert said("en", saving=-20_000_000).endswith("That is 0.02 € less than with your retailer alone.")


def test_figures_wear_the_colour_of_their_meaning():
    totals = DayTotals(3_200, 1_100, 112_000, 410_000_000, 4)

    html = sentence(totals, TODAY, TODAY)

    assert re.search(r'class="sold[^"]*">3', html)
    assert re.search(r'class="bought[^"]*">1', html)
    assert re.search(r'class="gain[^"]*">0', html)
