"""What another limit would have changed, in a sentence and a few figures."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from community import figures
from market.clearing.what_if import Part
from market.models import WhatIf
from market.wording.typed import written_euros


@dataclass(frozen=True, slots=True)
class Row:
    """A figure as it was, and as it would have been."""

    label: str
    was: str
    would_be: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a page shows of a question: whether it is still being worked out, the sentence, and the figures.

    `columns` name what was and what would have been; `how` says what was worked out, and what counts how. One that
    is `slow` may take longer than anybody expects.
    """

    pk: int
    waiting: bool
    sentence: str
    rows: tuple[Row, ...] = ()
    columns: tuple[str, str] = ("", "")
    how: tuple[str, ...] = ()
    slow: bool = False


def answer(asked: WhatIf, *, slow: bool = False) -> Answer:
    """The question's answer as far as it is known; `slow` says that it may take long."""
    whole_day = asked.rules is not None
    if asked.status == WhatIf.Status.ASKED:
        if whole_day:
            said = _("Being reckoned: your agent lives yesterday again with these rules, which are not saved yet.")
        else:
            said = _("The market is being cleared again with your limit. It takes a moment.")
        return Answer(asked.pk, True, said, slow=slow)
    if asked.status == WhatIf.Status.PASSED:
        return Answer(asked.pk, False, _("Other rules have been tried since."))
    if asked.status == WhatIf.Status.FAILED:
        if whole_day:
            said = _("Yesterday cannot be worked out again with these rules.")
        else:
            said = _("No answer was found for this slot. Try another limit.")
        return Answer(asked.pk, False, said)
    was, would_be = Part(**asked.was), Part(**asked.would_be)
    columns, how = (_day_columns(), _day_how()) if whole_day else (_slot_columns(), _slot_how())
    rows = tuple(_rows(was, would_be, whole_day=whole_day))
    return Answer(asked.pk, False, _sentence(was, would_be), rows, columns, how)


def _day_columns() -> tuple[str, str]:
    return _("with the rules that held"), _("with the rules you typed")


def _slot_columns() -> tuple[str, str]:
    return _("as it was cleared"), _("with the other limit")


def _day_how() -> tuple[str, ...]:
    return (
        _("For both columns your agent decided each quarter of an hour again, with what it could know then: its "
          "orders, the battery and the car follow the rules. The street's own clearing then met your neighbours' "
          "orders as they were. Load and sun are taken as they were foreseen just before. Nothing is booked."),
        _("What neighbours do not trade counts at what your retailer charges or pays. What is left in the battery "
          "at midnight and what the car took count at its cheapest price of the next 24 hours."),
    )  # fmt: skip


def _slot_how() -> tuple[str, ...]:
    return (
        _("Worked out by the street's own clearing: your neighbours' orders stay as they were, and so does what "
          "your battery and car planned. Nothing is booked."),
        _("What neighbours do not trade counts at what your retailer charges or pays. What a battery or car could "
          "have given and keeps, or takes in, counts at the price that its order asked."),
    )  # fmt: skip


def typed(asked: WhatIf | None) -> dict[str, str]:
    """The limits of a question about one slot, as they are written into its form."""
    if asked is None:
        return {}
    _slot, *limits = asked.limits[0]
    return {
        side: written_euros(limit)
        for side, limit in zip(("sell", "buy"), limits, strict=True)
        if limit is not None
    }


def _sentence(was: Part, would_be: Part) -> str:
    difference = would_be.total_neur - was.total_neur
    if was == would_be:
        return _("Nothing would have been different.")
    if abs(difference) < 500_000:  # a twentieth of a cent
        return _("You would have traded otherwise, and gained as much.")
    amount = {"amount": figures.euros(abs(difference), 3)}
    if difference > 0:
        return _("You would have been %(amount)s better off.") % amount
    return _("You would have been %(amount)s worse off.") % amount


def _rows(was: Part, would_be: Part, *, whole_day: bool) -> list[Row]:
    kept = _("Left in the battery at midnight") if whole_day else _("Kept or taken in by battery or car")
    rows = [
        Row(label, figures.kwh(before), figures.kwh(after))
        for label, before, after in (
            (_("Sold to neighbours"), was.sold_wh, would_be.sold_wh),
            (_("Bought from neighbours"), was.bought_wh, would_be.bought_wh),
            (kept, was.kept_wh, would_be.kept_wh),
            (_("Taken by car and steered loads"), was.used_wh, would_be.used_wh),
        )
        if before or after
    ]
    rows.append(_money(_("Received (+) or paid (−)"), was.money_neur, would_be.money_neur))
    if was.worth_neur or would_be.worth_neur:
        rows.append(_money(_("Worth of what was kept or taken"), was.worth_neur, would_be.worth_neur))
        rows.append(_money(_("Together"), was.total_neur, would_be.total_neur))
    return rows


def _money(label: str, before: int, after: int) -> Row:
    return Row(label, *(figures.euros(one, 3, signed=True) for one in (before, after)))
