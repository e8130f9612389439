"""Advised coefficients in words and rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from community import figures
from community.models import Household
from market.models import SharingAdvice

PPM = 10_000


@dataclass(frozen=True, slots=True)
class AdviceRow:
    """An advice in the list."""

    advice: SharingAdvice
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class HomeRow:
    """A home's share (the mean of hourly ones), what it saves a year with today's and the advised, its gain."""

    name: str
    share: str
    today: str
    saving: str
    gain: str


def rows(found: Sequence[SharingAdvice]) -> list[AdviceRow]:
    """Every advice with its name and what came of it."""
    return [AdviceRow(one, advice_name(one), _text(one)) for one in found]


def advice_name(one: SharingAdvice) -> str:
    """What was asked for, and when."""
    kind = _("by the hour") if one.hourly else _("fixed")
    given = {"aim": one.get_aim_display(), "kind": kind}
    given["day"] = figures.day_and_year(timezone.localtime(one.asked_at).date())
    return _("%(aim)s, %(kind)s, %(day)s") % given


def _text(one: SharingAdvice) -> str:
    if one.status == SharingAdvice.Status.ASKED:
        return _("being worked out; it takes a minute at most")
    if one.status == SharingAdvice.Status.NOTHING:
        return _("nothing better was found: what you have is as good, or nothing was given to share")
    gain = sum(one.saving_neur) - sum(one.today_neur)
    return _("together %(gain)s more than with today's") % {"gain": figures.euros(gain, signed=True)}


def result(one: SharingAdvice) -> dict[str, Any]:
    """What was found, home by home, and the sentence above it."""
    homes = Household.objects.filter(community=one.community_id)
    names = {cups: name for name, cups in homes.values_list("name", "metering_points__cups")}
    count = len(one.rows_ppm)
    shares = [sum(row[i] for _number, row in one.rows_ppm) / count for i in range(len(one.supplies))]
    table = [
        HomeRow(
            names.get(cups, cups),
            figures.percent(share / PPM, 2),
            figures.euros(today),
            figures.euros(saving),
            figures.euros(saving - today, signed=True),
        )
        for cups, share, today, saving in zip(one.supplies, shares, one.today_neur, one.saving_neur, strict=True)
    ]
    given = {"hours": figures.number(one.hours, 0), "text": _text(one)}
    sentence = _("On %(hours)s hours of readings: %(text)s. Nobody saves less.") % given
    return {"homes": table, "sentence": sentence, "name": advice_name(one)}
