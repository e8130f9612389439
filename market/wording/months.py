"""Months and statements in rows that a page or a file can show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, ngettext_lazy

from community import figures
from market.models import SettledHome, Statement, StatementLine
from market.queries.months import Correction, Span
from market.settlement.statement import to_cents

BAR_WIDTH = 120
CSV_COLUMNS = (
    "start", "import_wh", "export_wh", "bought_wh", "sold_wh", "price_ueur_kwh", "retailer_import_ueur_kwh",
    "retailer_feed_in_ueur_kwh", "baseline_neur", "actual_neur", "provisional", "quality",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DayRow:
    """A day with the widths of its bars: sold and bought against the month's largest day."""

    span: Span
    sold_width: int
    bought_width: int
    remark: str


@dataclass(frozen=True, slots=True)
class Line:
    """A statement's line: cents as posted, exact n€ beside; `posted` lines are owed, the others inform."""

    kind: str
    label: str
    energy_wh: int
    amount_cents: int
    amount_neur: int
    posted: bool


def day_rows(days: Sequence[Span]) -> list[DayRow]:
    """Days with bars and, in words, what is provisional or missing."""
    largest = max((max(day.sold_wh, day.bought_wh) for day in days), default=0) or 1
    return [
        DayRow(day, BAR_WIDTH * day.sold_wh // largest, BAR_WIDTH * day.bought_wh // largest, _remark(day))
        for day in days
    ]


def _remark(span: Span) -> str:
    if span.missing:
        return ngettext(
            "%(count)d quarter of an hour without readings",
            "%(count)d quarters of an hour without readings",
            span.missing,
        ) % {"count": span.missing}
    return _("provisional") if span.provisional else ""


QUALITIES = {
    "manual": ngettext_lazy(
        "%(n)d quarter of an hour was typed in", "%(n)d quarters of an hour were typed in", "n"
    ),
    "calculated": ngettext_lazy(
        "%(n)d quarter of an hour was calculated from power or a dial",
        "%(n)d quarters of an hour were calculated from power or a dial",
        "n",
    ),
    "substituted": ngettext_lazy(
        "%(n)d quarter of an hour was filled in by the distributor",
        "%(n)d quarters of an hour were filled in by the distributor",
        "n",
    ),
    "estimated": ngettext_lazy(
        "%(n)d quarter of an hour was estimated", "%(n)d quarters of an hour were estimated", "n"
    ),
    "profiled": ngettext_lazy(
        "%(n)d quarter of an hour was split from an hourly reading",
        "%(n)d quarters of an hour were split from hourly readings",
        "n",
    ),
}


def unmeasured(counts: Mapping[str, int]) -> list[str]:
    """What of a month was not measured, quality by quality."""
    return [str(QUALITIES[quality] % {"n": count}) for quality, count in counts.items()]


def corrections(found: Sequence[Correction]) -> list[str]:
    """What later readings changed, in words and cents."""
    return [_correction(one) for one in found]


def _correction(one: Correction) -> str:
    slots = ngettext(
        "%(count)d quarter of an hour was settled again",
        "%(count)d quarters of an hour were settled again",
        one.slots,
    )
    text = _("On %(day)s later readings came: %(slots)s. %(taken)s taken, %(given)s given; %(money)s for you.")
    return text % {
        "day": figures.day(one.day),
        "slots": slots % {"count": one.slots},
        "taken": _signed_kwh(one.import_wh),
        "given": _signed_kwh(one.export_wh),
        "money": figures.euros(one.gain_neur, signed=True),
    }


def _signed_kwh(energy_wh: int) -> str:
    return f"{figures.number(Decimal(energy_wh) / 1_000, 2, signed=True)} kWh"


def statement_lines(closed: Statement | None, total: Span) -> list[Line]:
    """The closed statement's lines, or what they would be if the month closed now."""
    labels = dict(StatementLine.Kind.choices)
    if closed is not None:
        return [
            Line(
                line.kind,
                str(labels[line.kind]),
                line.energy_wh,
                line.amount_cents,
                line.amount_neur,
                line.posted,
            )
            for line in sorted(closed.lines.all(), key=lambda line: line.position)
        ]
    kinds = StatementLine.Kind
    return [
        Line(kind, str(labels[kind]), energy_wh, to_cents(amount), amount, posted)
        for kind, energy_wh, amount, posted in (
            (kinds.BOUGHT, total.bought_wh, -total.paid_neur, True),
            (kinds.SOLD, total.sold_wh, total.earned_neur, True),
            (kinds.SAVING, total.bought_wh + total.sold_wh, total.saving_neur, False),
        )
    ]


def csv_row(row: SettledHome) -> tuple[object, ...]:
    """A settled slot in the order of `CSV_COLUMNS`."""
    return (
        row.start.isoformat(),
        row.import_wh,
        row.export_wh,
        row.bought_wh,
        row.sold_wh,
        "" if row.price_ueur_kwh is None else row.price_ueur_kwh,
        row.import_ueur_kwh,
        row.feed_in_ueur_kwh,
        row.baseline_neur,
        row.actual_neur,
        int(row.provisional),
        row.quality,
    )
