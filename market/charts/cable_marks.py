"""The marks of the street's picture as SVG: a bar, the voltages, a day's strip. A template is ten times slower."""

from collections.abc import Iterable
from html import escape
from typing import NamedTuple

from django.utils.safestring import SafeString, mark_safe

from market.charts.cables import LIMIT_AT_PCT, Bar, CableChart, Span, level_of, loading_bar

FULL_AT_PCT = 100 - LIMIT_AT_PCT


class StripSlot(NamedTuple):
    """A slot of the day: how full the fullest element was (%), where it leads, what its hint says."""

    fullest_pct: float | None
    address: str
    hint: str
    is_current: bool


def load_mark(bar: Bar | None) -> SafeString:
    """How full a cable is, with the line where it is full; nothing where that is not known."""
    if bar is None:
        return SafeString()
    return _svg(
        f'<rect class="room" width="{LIMIT_AT_PCT}%" height="100%"/>'
        f'<rect class="{bar.look}" width="{bar.width_pct}%" height="100%"/>'
        f'<line class="limit" x1="{LIMIT_AT_PCT}%" x2="{LIMIT_AT_PCT}%" y2="100%"/>'
    )


def volts_mark(span: Span | None, chart: CableChart) -> SafeString:
    """From the lowest to the highest voltage of the phases, between the two limits."""
    if span is None:
        return SafeString()
    low, high = chart.low_at, chart.high_at
    return _svg(
        f'<rect class="room" x="{low}%" width="{high - low:.1f}%" height="100%"/>'
        f'<line class="limit" x1="{low}%" x2="{low}%" y2="100%"/>'
        f'<line class="limit" x1="{high}%" x2="{high}%" y2="100%"/>'
        f'<line class="span {span.look}" x1="{span.from_pct}%" x2="{span.to_pct}%" y1="50%" y2="50%"/>'
    )


def day_strip(slots: Iterable[StripSlot]) -> SafeString:
    """A column for each slot, which leads to it where there is something to see."""
    return mark_safe("".join(map(_column, slots)))  # noqa: S308 hint and address are escaped below  # nosec B308


def _column(slot: StripSlot) -> str:
    level = ""
    if slot.fullest_pct is not None:
        height = loading_bar(slot.fullest_pct, "").width_pct
        look = f"level-{level_of(slot.fullest_pct)}"
        level = f'<rect class="{look}" y="{100 - height:.1f}%" width="100%" height="{height}%"/>'
    leads = f' href="{escape(slot.address)}"' if slot.address else ""
    current = ' class="current"' if slot.is_current else ""
    line = f'<line class="limit" x2="100%" y1="{FULL_AT_PCT}%" y2="{FULL_AT_PCT}%"/>'
    drawn = _svg(f'<rect class="room" width="100%" height="100%"/>{level}{line}')
    return f'<a{leads} tabindex="-1" title="{escape(slot.hint)}"{current}>{drawn}</a>'


def _svg(shapes: str) -> SafeString:
    return mark_safe(f"<svg>{shapes}</svg>")  # noqa: S308 numbers and looks of ours  # nosec B308
