"""What the cables did to a slot, in words."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from market.models import Slot
from market.wording import slot_grid as wording

START = datetime(2026, 11, 22, 11, 15, tzinfo=UTC)
BINDING = {"element": "L3", "kind": "line", "phase": "", "loading_pct": 100.0, "shadow_ueur_kwh": 8_000}
MOVED = {"element": "L3", "kind": "line", "phase": "a", "before": 100.0, "after": 98.0}


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


def a_slot(**fields):
    defaults = {"start": START, "end": START + timedelta(minutes=15), "status": "cleared"}
    return Slot(**{**defaults, **fields})


def said(**fields):
    return [text.replace("\u00a0", " ") for text in wording.grid(a_slot(**fields), "per_kwh", tells_rent=True)]


def test_cables_with_room_are_good_news():
    assert said() == ["No cable and no transformer came to its limit."]


def test_before_clearing_nothing_is_claimed():
    assert said(status="open") == ["The cables are checked when the slot clears."]


def test_a_full_line_says_what_more_room_would_have_been_worth():
    assert said(bindings=[BINDING]) == [
        "Line L3 was at 100 % of what it can carry. Room for one kWh more would have been worth 0.008 €."
    ]


def test_a_limit_without_a_price_claims_no_worth():
    assert said(bindings=[{**BINDING, "shadow_ueur_kwh": 0}]) == ["Line L3 was at 100 % of what it can carry."]


def test_a_phase_is_named_and_the_same_is_not_said_twice():
    rows = [{**BINDING, "phase": "b"}, {**BINDING, "phase": "b"}]

    (text,) = said(bindings=rows)

    assert text.startswith("Phase b of line L3 was at 100 %")


@pytest.mark.parametrize(("times", "words"), [(1, "moved a limit, and"), (2, "asked again 2 times")])
def test_a_finer_check_that_moved_a_limit_names_it_once(times, words):
    text = said(reclears=times, moved_limits=[MOVED, {**MOVED, "phase": "b"}])[-1]

    assert words in text
    assert text.endswith("It was about: Line L3.")


def test_an_emergency_and_rent_are_told():
    texts = said(emergency=True, rent_neur=34_000_000)

    assert any("the operator was told" in text for text in texts)
    assert any("congestion rent" in text for text in texts)


def test_voltages_are_told_in_volts_where_there_are_cables():
    slot = a_slot(voltage_min_pu=0.98, voltage_max_pu=1.02, loss_wh=120)

    facts = [fact.value.replace("\u00a0", " ") for fact in wording.state(slot, 230.0)]

    assert facts == ["225.4 V", "234.6 V", "120 Wh"]
    assert wording.state(slot, None) == []
    assert wording.state(a_slot(), 230.0) == []
