"""A day, a week, a month or a year of the street's calendar, as an address names it: `?d=2026-11-22&v=week`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from community import figures
from community.datebar import DateBar, View, day_title, parse_day
from community.tariffs import local_day

VIEWS = ("day", "week", "month", "year")
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """Whole local days from `first` up to, not including, `until`."""

    view: str
    first: date
    until: date

    @classmethod
    def around(cls, view: str, day: date) -> "Period":
        """The period of that view that the day lies in; weeks begin on Monday."""
        if view == "week":
            first = day - A_DAY * day.weekday()
            return cls(view, first, first + 7 * A_DAY)
        if view == "month":
            return cls(view, day.replace(day=1), (day.replace(day=1) + 31 * A_DAY).replace(day=1))
        if view == "year":
            return cls(view, date(day.year, 1, 1), date(day.year + 1, 1, 1))
        return cls("day", day, day + A_DAY)

    @property
    def before(self) -> "Period":
        """The one that ends where this one begins."""
        return Period.around(self.view, self.first - A_DAY)

    @property
    def days(self) -> list[date]:
        """Every day of it."""
        return [self.first + A_DAY * i for i in range((self.until - self.first).days)]

    @property
    def months(self) -> list[date]:
        """The first day of every month that it touches."""
        return sorted({day.replace(day=1) for day in self.days})

    def span(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """The UTC instants `[start, end)`."""
        return local_day(self.first, zone)[0], local_day(self.until, zone)[0]


def parse_period(query: Mapping[str, str], today: date) -> Period:
    """What `?d=` and `?v=` name; today as a day if they name nothing, or a date that is no good."""
    view = query.get("v", "")
    return Period.around(view if view in VIEWS else "day", parse_day(query.get("d"), today))


def title(period: Period, today: date) -> str:
    """`Hoy, 22 de noviembre`, `16 nov – 22 nov`, `Noviembre de 2026`, `2026`."""
    if period.view == "day":
        return day_title(period.first, today)
    if period.view == "month":
        return figures.month(period.first).capitalize()
    if period.view == "year":
        return f"{period.first.year}"
    return f"{figures.short_day(period.first)} – {figures.short_day(period.until - A_DAY)}"


def period_bar(
    period: Period, day: date, today: date, path: str, *, first: date | None = None, keep: Mapping[str, str]
) -> DateBar:
    """A bar that walks period by period over `path`; another view shows the one that `day` lies in."""

    def address(view: str, to: date) -> str:
        shown = {} if Period.around(view, to) == Period.around(view, today) else {"d": to.isoformat()}
        query = urlencode({**keep, **({} if view == "day" else {"v": view}), **shown})
        return f"{path}?{query}" if query else path

    labels = {"day": _("Day"), "week": _("Week"), "month": _("Month"), "year": _("Year")}
    before, after, ends = _step_words()[period.view]
    running = period.first <= today < period.until
    return DateBar(
        title=title(period, today),
        previous=address(period.view, period.before.first) if first is None or period.first > first else None,
        previous_label=before,
        next=None if running else address(period.view, min(period.until, today)),
        next_label=after,
        today=None if running else address(period.view, today),
        today_label=ends,
        views=tuple(View(labels[view], address(view, day), view == period.view) for view in VIEWS),
    )


def _step_words() -> dict[str, tuple[str, str, str]]:
    return {
        "day": (_("The day before"), _("The day after"), _("Today")),
        "week": (_("The week before"), _("The week after"), _("This week")),
        "month": (_("The month before"), _("The month after"), _("This month")),
        "year": (_("The year before"), _("The year after"), _("This year")),
    }
