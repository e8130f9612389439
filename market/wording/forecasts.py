"""How well the street was foretold, in words: sentence, figures, days, the model, the steps down."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community import figures
from market.models import ForecastAccuracy, Forecaster, StepDown
from market.wording import step_down
from market.wording.street import Figure

PROMISED_PCT = 80  # of slots lie between the 10 % and the 90 % quantile, if the model is honest


@dataclass(frozen=True, slots=True)
class DayRow:
    """A day's error as written: of what homes took or gave, by slot, one-sided, and the share inside the band."""

    day: date
    error: str
    by_slot: str
    bias: str
    inside: str


@dataclass(frozen=True, slots=True)
class StepRow:
    """A time in which agents decided on a lower level."""

    when: str
    title: str
    note: str


def error_pct(day: ForecastAccuracy) -> float:
    """The sum of the errors in percent of the sum of what homes took and gave."""
    return 100 * day.off_wh / day.used_wh if day.used_wh else 0.0


def sentence(days: Sequence[ForecastAccuracy]) -> str:
    """What the last month came to."""
    used_wh, off_wh = sum(day.used_wh for day in days), sum(day.off_wh for day in days)
    if not used_wh:
        return _("No forecast has been compared with readings yet.")
    words = _("In the last month each home was foretold to within %(error)s of what it took and gave.")
    return words % {"error": figures.percent(100 * off_wh / used_wh)}


def chart_sentence(days: Sequence[ForecastAccuracy]) -> str:
    """What the picture shows, for those who do not see it."""
    if not days:
        return ""
    least, most = min(days, key=error_pct), max(days, key=error_pct)
    words = _("The error was lowest on %(low_day)s (%(low)s) and highest on %(high_day)s (%(high)s).")
    return words % {
        "low_day": figures.day(least.day),
        "low": figures.percent(error_pct(least)),
        "high_day": figures.day(most.day),
        "high": figures.percent(error_pct(most)),
    }


def month_figures(days: Sequence[ForecastAccuracy]) -> list[Figure]:
    """The error of a home's slot, its one-sided part, and how often the bands held."""
    compared = sum(day.compared for day in days)
    if not compared:
        return []
    off_wh, bias_wh = sum(day.off_wh for day in days), sum(day.bias_wh for day in days)
    banded, in_band = sum(day.banded for day in days), sum(day.in_band for day in days)
    note = _("of slots; %(promised)s are promised") % {"promised": figures.percent(PROMISED_PCT)}
    return [
        Figure(_("Mean error"), figures.watt_hours(round(off_wh / compared)), _("of a home in a slot")),
        Figure(
            _("One-sided part"),
            figures.watt_hours(round(bias_wh / compared)),
            _("above zero if too much need was expected"),
        ),
        Figure(_("Inside the expected band"), figures.percent(100 * in_band / banded) if banded else "–", note),
        Figure(
            _("Days compared"),
            figures.number(len(days), 0),
            _("%(slots)s slots of homes") % {"slots": figures.number(compared, 0)},
        ),
    ]


def day_rows(days: Sequence[ForecastAccuracy]) -> list[DayRow]:
    """The days as written, the latest first."""
    return [
        DayRow(
            day=day.day,
            error=figures.percent(error_pct(day)),
            by_slot=figures.watt_hours(round(day.off_wh / day.compared)),
            bias=figures.watt_hours(round(day.bias_wh / day.compared)),
            inside=figures.percent(100 * day.in_band / day.banded) if day.banded else "–",
        )
        for day in reversed(days)
    ]


def forecaster_facts(kept: Forecaster | None) -> list[tuple[str, str]]:
    """What foretells, and what it learned from."""
    if kept is None:
        return [(_("Model"), _("profile of the latest weeks; the street's own model takes two weeks of readings"))]
    homes = ngettext("%(count)s home", "%(count)s homes", kept.homes) % {"count": kept.homes}
    weather = _("used") if kept.model.get("with_weather") else _("none was loaded")
    return [
        (_("Model"), _("ridge regression shared by the street")),
        (_("Learned"), _local_day(kept.fitted_at)),
        (_("From readings of"), f"{_local_day(kept.learned_from)} – {_local_day(kept.learned_until)}, {homes}"),
        (_("Weather forecast"), weather),
    ]


def step_rows(steps: Sequence[StepDown]) -> list[StepRow]:
    """When agents decided on a lower level, the latest first."""
    answer = []
    for step in steps:
        until = _("still so") if step.until is None else _("until %(time)s") % {"time": _moment(step.until)}
        whose = step.household.name if step.household else _("the whole street")
        title = _("%(level)s: %(whose)s") % {"level": step.get_level_display(), "whose": whose}
        note = f"{step_down.why(step.reason, step.facts)} ({until})"
        answer.append(StepRow(_moment(step.since), title, note))
    return answer


def _local_day(instant: datetime) -> str:
    return figures.day(timezone.localtime(instant).date())


def _moment(instant: datetime) -> str:
    return figures.short_instant(instant)
