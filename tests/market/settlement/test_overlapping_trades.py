"""Trades that together promise more than the meter saw (cases/market_cases.json names the source)."""

import json
from pathlib import Path

import pytest

from market.settlement import Metered, SlotCase, SlotFacts, Terms, Traded, settle

CASES = Path(__file__).parents[1] / "clearing" / "cases" / "market_cases.json"


@pytest.fixture
def settled():
    """A seller promised 5 and 4 kWh to two neighbours and delivered 8; both neighbours took all they had bought."""
    cases = json.loads(CASES.read_text())["cases"]
    case = next(case for case in cases if case["id"] == "beckn_fifo_overlap")
    promised = [round(1_000 * trade["qty"]) for trade in case["input"]["trades"]]
    delivered = round(1_000 * case["input"]["metered_injection"])
    metered = [Metered(1, 0, delivered)] + [Metered(2 + i, wh, 0) for i, wh in enumerate(promised)]
    traded = [Traded(1, sum(promised), 0)] + [Traded(2 + i, 0, wh) for i, wh in enumerate(promised)]
    terms = [Terms(home, 180_000, 40_000, 0, 300_000) for home in (1, 2, 3)]
    answer = settle(SlotCase(SlotFacts(100_000), tuple(metered), tuple(traded), tuple(terms)))
    return case["expected"], answer, delivered


def test_what_was_not_delivered_is_taken_from_both_buyers_in_proportion(settled):
    known, answer, _ = settled

    shares = [line.bought_wh / 1_000 for line in answer.lines[1:]]
    assert shares == pytest.approx(list(known["pro_rata_alternative"].values()), abs=1e-3)


def test_the_sum_never_exceeds_what_was_metered(settled):
    _, answer, delivered = settled

    assert answer.lines[0].sold_wh == sum(line.bought_wh for line in answer.lines) == delivered


def test_the_shortfall_meets_the_retailer_at_its_price_and_only_what_came_is_paid_for(settled):
    _, answer, delivered = settled

    seller, *buyers = answer.lines
    assert sum(posting.amount_neur for posting in answer.postings) == 0
    assert seller.saving_neur == delivered * (100_000 - 40_000)
    for line in buyers:
        assert line.actual_neur == line.bought_wh * 100_000 + (line.import_wh - line.bought_wh) * 180_000
