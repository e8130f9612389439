"""What looking back at a month found, in words."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community import figures
from market.models import Hindsight


@dataclass(frozen=True, slots=True)
class Told:
    """One sentence that sums it up, four amounts (n€) with their names, and how they were found."""

    sentence: str
    amounts: tuple[tuple[str, int], ...]
    note: str


def told(found: Hindsight | None) -> Told | None:
    """None where there is nothing to tell."""
    if found is None:
        return None
    note = ngettext(
        "The whole street together, over %(count)s whole week of the month that had enough readings, lived again "
        "by the hour at the mean of today's tariffs, without the grid fee.",
        "The whole street together, over %(count)s whole weeks of the month that had enough readings, lived again "
        "by the hour at the mean of today's tariffs, without the grid fee.",
        found.weeks,
    )
    return Told(
        _sentence(found),
        (
            (_("Each home alone"), found.alone_neur),
            (_("By the best rule of your tariffs' hours"), found.rule_neur),
            (_("By your agents"), found.agents_neur),
            (_("Had everything been known before"), found.foresight_neur),
        ),
        note % {"count": found.weeks},
    )


def _sentence(found: Hindsight) -> str:
    possible, gained = found.alone_neur - found.foresight_neur, found.alone_neur - found.agents_neur
    if possible <= 0:
        return _("There was nothing to gain: living alone cost as little as could be.")
    said = {
        "share": figures.percent(round(100 * gained / possible)),
        "more": figures.euros(abs(found.rule_neur - found.agents_neur)),
    }
    more = _("Your agents gained %(share)s of what perfect foresight could have, %(more)s more than the rule.")
    less = _("Your agents gained %(share)s of what perfect foresight could have, %(more)s less than the rule.")
    return (more if found.rule_neur >= found.agents_neur else less) % said
