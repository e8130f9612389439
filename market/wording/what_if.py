"""What another limit would have changed, in a sentence and a few figures."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from community import figures
from market.clearing.what_if import Part
from market.forms import written_euros
from market.models import WhatIf


@dataclass(frozen=True, slots=True)
class Row:
    """A figure as it was, and as it would have been."""

    label: str
    was: str
    would_be: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a page shows of a question: whether it is still being worked out, the sentence, and the figures."""

    pk: int
    waiting: bool
    sentence: str
    rows: tuple[Row, ...] = ()


def answer(asked: WhatIf) -> Answer:
    """The question's answer as far as it is known."""
    if asked.status == WhatIf.Status.ASKED:
        return Answer(asked.pk, True, _("The market is being cleared again with your limit. It takes a moment."))
    if asked.status == WhatIf.Status.FAILED:
        return Answer(asked.pk, False, _("No answer was found for this slot. Try another limit."))
    was, would_be = Part(**asked.was), Part(**asked.would_be)
    return Answer(asked.pk, False, _sentence(was, would_be), tuple(_rows(was, would_be)))


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
    difference = would_be.money_neur - was.money_neur
    if was == would_be:
        return _("Nothing would have been different.")
    if abs(difference) < 500_000:  # a twentieth of a cent
        return _("You would have traded otherwise, and gained as much.")
    amount = {"amount": figures.euros(abs(difference), 3)}
    if difference > 0:
        return _("You would have been %(amount)s better off.") % amount
    return _("You would have been %(amount)s worse off.") % amount


def _rows(was: Part, would_be: Part) -> list[Row]:
    rows = [
        Row(label, figures.kwh(before), figures.kwh(after))
        for label, before, after in (
            (_("Sold to neighbours"), was.sold_wh, would_be.sold_wh),
            (_("Bought from neighbours"), was.bought_wh, would_be.bought_wh),
        )
        if before or after
    ]
    money = [figures.euros(one.money_neur, 3, signed=True) for one in (was, would_be)]
    return [*rows, Row(_("Received (+) or paid (−)"), *money)]
