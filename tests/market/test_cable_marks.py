"""The marks of the street's picture, read back as the XML that they have to be."""

from xml.etree import ElementTree

import pytest

from market.charts.cable_marks import StripSlot, day_strip, load_mark, volts_mark
from market.charts.cables import Bar, CableChart, Span

CHART = CableChart(rows=(), tree_px=18, low_at=6.9, high_at=93.1, left_out=0)


def column(slot):
    return ElementTree.fromstring(day_strip([slot]))


@pytest.mark.parametrize(("fullest_pct", "level", "height"), [(0.0, 0, 0.0), (50.0, 2, 40.0), (140.0, 4, 100.0)])
def test_a_column_is_as_high_as_the_fullest_element_and_stands_on_the_ground(fullest_pct, level, height):
    bar = column(StripSlot(fullest_pct, "/street/cables/?t=1", "12:00", False)).find(
        f".//rect[@class='level-{level}']"
    )

    assert float(bar.get("height").rstrip("%")) == height
    assert float(bar.get("y").rstrip("%")) == 100 - height


def test_a_slot_that_is_not_known_yet_leads_nowhere_and_has_no_bar():
    drawn = column(StripSlot(None, "", "not known yet", True))

    assert drawn.get("href") is None
    assert drawn.get("class") == "current"
    assert len(drawn.findall(".//rect")) == 1  # the room alone


def test_what_a_hint_says_and_where_a_column_leads_stay_text():
    drawn = column(StripSlot(1.0, "/?t=1&p=2", '"<b>" & co', False))

    assert drawn.get("title") == '"<b>" & co'
    assert drawn.get("href") == "/?t=1&p=2"


def test_a_bar_and_voltages_are_drawn_where_they_were_laid_out():
    bar = ElementTree.fromstring(load_mark(Bar(36.3, "level-1 down")))
    span = ElementTree.fromstring(volts_mark(Span(40.1, 41.5, "middling"), CHART))

    assert bar.find("rect[@class='level-1 down']").get("width") == "36.3%"
    assert span.find("rect").get("width") == "86.2%"
    assert [line.get("x1") for line in span.findall("line")] == ["6.9%", "93.1%", "40.1%"]


def test_what_is_not_known_is_not_drawn():
    assert load_mark(None) == volts_mark(None, CHART) == ""
