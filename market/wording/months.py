"""Months and statements in rows that a page or a file can show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, ngettext_lazy

from community import figures
from market.models import Statement, StatementLine
from market.queries.months import Correction, SettledSlot, Span
from market.settlement.statement import to_cents

BAR_WIDTH = 120
CSV_COLUMNS = (
    "start", "import_wh", "export_wh", "bought_wh", "sold_wh", "price_ueur_kwh", "retailer_import_ueur_kwh",
    "retailer_feed_in_ueur_kwh", "baseline_neur", "actual_neur", "provisional", "quality", "paid_neur",
    "earned_neur", "shortfall_neur", "pool_neur",
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
    """A statement's line: cents as posted, exact n€ beside; `posted` lines are owed, the others inform.

    Lines of money alone have no energy; `note` says what they are.
    """

    kind: str
    label: str
    energy_wh: int | None
    amount_cents: int
    amount_neur: int
    posted: bool
    note: str = ""


def gained(month: date, saving_neur: int, *, running: bool) -> str:
    """What a month brought against the retailer alone, to the cent; a loss is called one."""
    cents = round(saving_neur / 10**7)
    if running:
        words = (
            _("So far in %(month)s you are %(gain)s better off than with your retailer alone.")
            if cents > 0
            else _("So far in %(month)s you are %(gain)s worse off than with your retailer alone.")
            if cents
            else _("So far in %(month)s you are as well off as with your retailer alone.")
        )
    else:
        words = (
            _("In %(month)s you were %(gain)s better off than with your retailer alone.")
            if cents > 0
            else _("In %(month)s you were %(gain)s worse off than with your retailer alone.")
            if cents
            else _("In %(month)s you were as well off as with your retailer alone.")
        )
    return words % {"month": figures.month(month), "gain": figures.cents(abs(cents))}


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
    kinds = StatementLine.Kind
    if closed is not None:
        lines = sorted(closed.lines.all(), key=lambda line: line.position)
        rows = [(line.kind, line.energy_wh, line.amount_neur, line.amount_cents, line.posted) for line in lines]
    else:
        exact = (
            (kinds.BOUGHT, total.bought_wh, -total.paid_neur, True),
            (kinds.SOLD, total.sold_wh, total.earned_neur, True),
            *([(kinds.SHORTFALL, 0, total.shortfall_neur, True)] if total.shortfall_neur else []),
            *([(kinds.POOL, 0, total.pool_neur, True)] if total.pool_neur else []),
            (kinds.SAVING, total.bought_wh + total.sold_wh, total.saving_neur, False),
        )
        rows = [(kind, energy_wh, neur, to_cents(neur), posted) for kind, energy_wh, neur, posted in exact]
    labels = dict(StatementLine.Kind.choices)
    notes = _notes(closed.rent_rule if closed else "")
    return [
        Line(
            kind, str(labels[kind]), None if kind in notes else energy_wh, cents, neur, posted, notes.get(kind, "")
        )
        for kind, energy_wh, neur, cents, posted in rows
    ]


@dataclass(frozen=True, slots=True)
class Version:
    """A correction of a closed month: when, and line by line what it changed, in words."""

    title: str
    changes: tuple[str, ...]
    total: str


def versions(issued: Sequence[Statement]) -> list[Version]:
    """What each correction of a month changed against the one before it, newest first."""
    return [_version(new, old) for new, old in pairwise(issued)]


def _version(new: Statement, old: Statement) -> Version:
    labels, notes = dict(StatementLine.Kind.choices), _notes(new.rent_rule)
    before = {line.kind: line for line in old.lines.all()}
    changes, owed_cents = [], 0
    for line in sorted(new.lines.all(), key=lambda line: line.position):
        was = before.get(line.kind)
        energy_wh = line.energy_wh - (was.energy_wh if was else 0)
        cents = line.amount_cents - (was.amount_cents if was else 0)
        owed_cents += cents if line.posted else 0
        if not energy_wh and not cents:
            continue
        given = {
            "line": labels[line.kind],
            "energy": _signed_kwh(energy_wh),
            "money": figures.cents(cents, signed=True),
        }
        words = _("%(line)s: %(money)s") if line.kind in notes else _("%(line)s: %(energy)s, %(money)s")
        changes.append(words % given)
    return Version(
        _("Correction %(number)s of %(day)s")
        % {"number": new.version - 1, "day": figures.day(timezone.localtime(new.issued_at).date())},
        tuple(changes),
        _("Between neighbours that is %(money)s for you.") % {"money": figures.cents(owed_cents, signed=True)},
    )


def _notes(rent_rule: str) -> dict[str, str]:
    """What the lines are that hold money without energy."""
    kinds = StatementLine.Kind
    return {
        kinds.SHORTFALL: _(
            "Not all that was agreed was delivered, so the money of those quarters of an hour fell short; every "
            "gain in the street gave up the same share."
        ),
        kinds.POOL: _(
            "A part of every home's gain goes into a pool that all homes share by the street's rule: + is what "
            "you received beyond what you gave."
        ),
        kinds.RENT: rent_words(rent_rule),
    }


def rent_words(rule: str) -> str:
    """How congestion rent is given back, in a sentence."""
    return {
        "per_kwh": _(
            "Where the cables were full, buyers paid more than sellers received. The difference goes back to all "
            "homes, by what each traded with neighbours."
        ),
        "cut_homes": _(
            "Where the cables were full, buyers paid more than sellers received. The difference goes back to the "
            "homes that the cables cut, by what that cost each of them."
        ),
        "equal": _(
            "Where the cables were full, buyers paid more than sellers received. The difference goes back to all "
            "homes, the same to each."
        ),
    }.get(rule, "")


def rent_waiting(amount_neur: int, rule: str) -> str:
    """What the running month has to give back so far; empty if nothing."""
    if amount_neur <= 0:
        return ""
    words = _("The street has collected %(amount)s of congestion rent, which is given back when the month closes.")
    return f"{words % {'amount': figures.euros(amount_neur)}} {rent_words(rule)}"


def csv_row(row: SettledSlot) -> tuple[object, ...]:
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
        row.paid_neur,
        row.earned_neur,
        row.shortfall_neur,
        row.pool_neur,
    )
