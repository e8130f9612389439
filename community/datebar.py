"""The date bar that every dated page wears: one step back, one step on, today, and other views.

Addresses carry the day (`?d=2026-11-22`) or the month (`?m=2026-11`), so that back, share and print work.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from community import figures


@dataclass(frozen=True, slots=True)
class View:
    """Another look at the same date, such as its month."""

    label: str
    address: str
    current: bool


@dataclass(frozen=True, slots=True)
class DateBar:
    """What `components/datebar.html` draws; an address of None is a step that cannot be taken."""

    title: str
    previous: str | None
    previous_label: str
    next: str | None
    next_label: str
    today: str | None
    today_label: str
    views: tuple[View, ...] = ()


# Before it neither readings nor prices can be: the calendar's edges are no dates to reckon with.
OLDEST_YEAR = 2000


def parse_day(text: str | None, today: date) -> date:
    """The day that `?d=` names; today if it names none, one yet to come, or one before there was any market."""
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        return today
    return min(found, today) if found.year >= OLDEST_YEAR else today


def parse_month(text: str | None, today: date) -> date:
    """The first day of the month that `?m=2026-11` names; this month if it names none, as in `parse_day`."""
    return parse_day(f"{text}-01", today.replace(day=1))


def day_title(day: date, today: date) -> str:
    """`Hoy, 22 de noviembre`, `Ayer, 21 de noviembre`, and other days with their year only if it differs."""
    if day == today:
        return _("Today, %(day)s") % {"day": figures.day(day)}
    if day == today - timedelta(days=1):
        return _("Yesterday, %(day)s") % {"day": figures.day(day)}
    return figures.day(day) if day.year == today.year else figures.day_and_year(day)


def day_bar(
    day: date,
    today: date,
    path: str,
    *,
    first: date | None = None,
    keep: Mapping[str, str] | None = None,
    views: tuple[View, ...] = (),
) -> DateBar:
    """A bar that walks day by day over `path`, from `first` to today; `keep` is carried in every address."""
    kept = dict(keep or {})

    def address(to: date) -> str:
        query = urlencode(kept if to == today else {**kept, "d": to.isoformat()})
        return f"{path}?{query}" if query else path

    step = timedelta(days=1)
    return DateBar(
        title=day_title(day, today),
        previous=address(day - step) if first is None or day > first else None,
        previous_label=_("The day before"),
        next=address(day + step) if day < today else None,
        next_label=_("The day after"),
        today=address(today) if day < today else None,
        today_label=_("Today"),
        views=views,
    )


def month_bar(
    month: date,
    today: date,
    path: str,
    *,
    first: date | None = None,
    keep: Mapping[str, str] | None = None,
    views: tuple[View, ...] = (),
    address: Callable[[date], str] | None = None,
) -> DateBar:
    """A bar that walks month by month over `path`; `month` is its first day.

    Where a page's path itself names the month, `address` says it for a month's first day.
    """
    this_month = today.replace(day=1)
    before = (month - timedelta(days=1)).replace(day=1)
    after = (month + timedelta(days=31)).replace(day=1)

    def queried(to: date) -> str:
        return f"{path}?{urlencode({**(keep or {}), 'm': f'{to:%Y-%m}'})}"

    at = address or queried

    return DateBar(
        title=figures.month(month).capitalize(),
        previous=at(before) if first is None or before >= first.replace(day=1) else None,
        previous_label=_("The month before"),
        next=at(after) if month < this_month else None,
        next_label=_("The month after"),
        today=at(this_month) if month < this_month else None,
        today_label=_("This month"),
        views=views,
    )
