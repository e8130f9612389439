"""From a street's past to lessons: hours into whole weeks, gaps filled, signals as they would have been."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from market.agents.forecasting import History
from market.agents.forecasting.calendar import Calendar
from market.agents.forecasting.split import parts
from market.agents.planner import Ahead, Store
from market.agents.policy.signals import Signals, scale_of, signals
from market.agents.policy.weights import planner_only
from market.agents.rungs import Floats
from market.agents.street import Fleet, Weeks
from market.agents.street.fleet import Ints
from market.agents.training.foretold import STEPS, foretold
from market.agents.training.gate import Homes
from market.agents.training.lessons import Lesson
from market.agents.yardsticks.alone import alone

WEEK = 168
MOST_GAPS = 0.1  # of a week's hours of homes that deliver
OWN_WEEKS = 8  # fewer are too few to train on
LEAST_STAKE = 0.02  # of what the homes pay alone: a street with hardly anything to gain


@dataclass(frozen=True, eq=False, slots=True)
class Past:
    """What a street lived through from `first` on, `[hour, home]`, at the prices that hold now.

    `net_wh` is load less sun without the steered devices, NaN where nothing was metered; `metered_pv_wh` the yield
    of panels with a meter of their own, else NaN; `peak_w` each home's peak power. `arrives_wh` is what a
    car that comes in an hour needs, `leaves` the hour (counted from `first`) at whose start it goes. `wishes_wh`
    is what loads that may stay off would have liked (None: nobody has any).
    """

    homes: Homes
    fleet: Fleet
    net_wh: Floats
    metered_pv_wh: Floats
    peak_w: Floats
    import_ueur_kwh: Floats
    feed_in_ueur_kwh: Floats
    arrives_wh: Floats
    leaves: Ints
    first: datetime
    zone: ZoneInfo
    wishes_wh: Floats | None = None

    def between(self, first: int, end: int) -> "Past":
        """The hours `[first, end)` of this past; they must be whole weeks."""
        return replace(
            self,
            net_wh=self.net_wh[first:end],
            metered_pv_wh=self.metered_pv_wh[first:end],
            import_ueur_kwh=self.import_ueur_kwh[first:end],
            feed_in_ueur_kwh=self.feed_in_ueur_kwh[first:end],
            arrives_wh=self.arrives_wh[first:end],
            leaves=np.maximum(self.leaves[first:end] - first, 0),
            first=self.first + timedelta(hours=first),
            wishes_wh=None if self.wishes_wh is None else self.wishes_wh[first:end],
        )

    def delivered(self) -> "Past":
        """Whole weeks up to the last day that the homes have delivered, from the first week with a reading on.

        Readings may come days late: the weeks end where they do, up to six days before the past does, and the
        first week is given up for that.
        """
        late = gaps(self.net_wh).reshape(-1, 24).mean(axis=1) > MOST_GAPS
        days = int(np.argmin(late[::-1])) % 7 if not late.all() else 0
        end = len(self.net_wh) - 24 * days
        first = int(np.flatnonzero(~np.isnan(self.net_wh).all(axis=1))[0])
        whole = max(WEEK - 24 * days, 0)
        return self.between(max(end - (end - first + WEEK - 1) // WEEK * WEEK, whole), end)


@dataclass(frozen=True, eq=False, slots=True)
class Course:
    """A lesson of all weeks of a past, which of them are whole enough to count, and when each begins."""

    lesson: Lesson
    homes: Homes
    usable: tuple[int, ...]
    starts: tuple[datetime, ...]
    tested: int | None = None

    @property
    def trains(self) -> bool:
        """Whether there is enough to train on."""
        return len(self.usable) >= OWN_WEEKS

    @property
    def held_out(self) -> tuple[int, ...]:
        """The latest weeks, which no training sees: a quarter of them, four to eight; of few weeks, all.

        Or as many as were asked for (`tested`).
        """
        if self.tested is not None:
            return self.usable[-self.tested :]
        count = min(max(len(self.usable) // 4, 4), 8) if self.trains else OWN_WEEKS
        return self.usable[-count:]

    @property
    def training(self) -> tuple[int, ...]:
        """The weeks before the held-out ones."""
        return self.usable[: len(self.usable) - len(self.held_out)]


def course_of(past: Past, is_rest_day: Callable[[date], bool], tested: int | None = None) -> Course:
    """Lessons from a past of whole weeks with one home at least.

    The forecaster learns from the weeks before those on which policies are tested: so many, or as usual.
    """
    weeks = len(past.net_wh) // WEEK
    share = gaps(past.net_wh).reshape(weeks, WEEK).mean(axis=1)
    usable = [week for week in range(weeks) if share[week] <= MOST_GAPS]
    if len(usable) > 3 and usable[0] == 0:
        usable = usable[1:]  # nothing was known before the first week, so its forecasts were none
    starts = tuple(past.first + timedelta(hours=WEEK) * week for week in range(weeks))
    filled = replace(past, net_wh=fill(past.net_wh))
    course = Course(_lesson(filled), past.homes, tuple(usable), starts, tested)
    learned = WEEK * (course.held_out[0] if usable else 0)
    given = _signals(filled, foretold(history_of(filled, is_rest_day), learned))
    course = replace(course, lesson=replace(course.lesson, given=given))
    return replace(course, lesson=replace(course.lesson, stake_eur=_stake(course)))


def history_of(past: Past, is_rest_day: Callable[[date], bool]) -> History:
    """Load and sun of a past without gaps, as the forecaster learns from them."""
    calendar = Calendar.of(past.first, len(past.net_wh), 60, past.zone, is_rest_day)
    load_wh, pv_wh = parts(past.net_wh.transpose(), past.metered_pv_wh.transpose(), past.peak_w, calendar)
    return History(load_wh, pv_wh, past.first, 60, past.zone, is_rest_day)


def gaps(net_wh: Floats) -> Floats:
    """By hour the share of homes without a reading, of those that have begun to deliver; 1 where none has."""
    known = ~np.isnan(net_wh)
    begun = np.logical_or.accumulate(known, axis=0)
    count = begun.sum(axis=1)
    return np.asarray(np.where(count > 0, (begun & ~known).sum(axis=1) / np.maximum(count, 1), 1.0))


def fill(net_wh: Floats) -> Floats:
    """Net load with gaps filled by what the home usually takes in that hour of the week, else of the day (Wh)."""
    hours, homes = net_wh.shape
    answer = net_wh.copy()
    for width in (WEEK, 24, 1):
        shaped = answer.reshape(hours // width, width, homes)
        known = ~np.isnan(shaped)
        counts = known.sum(axis=0)
        usual = np.where(known, shaped, 0.0).sum(axis=0) / np.maximum(counts, 1)
        usual = np.where(counts > 0, usual, np.nan if width > 1 else 0.0)
        answer = np.where(known, shaped, usual[None]).reshape(hours, homes)
    return answer


def _lesson(past: Past) -> Lesson:
    """The lesson without signals."""
    hours, homes = past.net_wh.shape
    fleet = past.fleet

    def by_week(values: np.ndarray) -> np.ndarray:
        return values.reshape(hours // WEEK, WEEK, homes)

    arrives, leaves = _inside_weeks(past)
    weeks = Weeks(
        net_wh=by_week(past.net_wh),
        import_ueur_kwh=by_week(past.import_ueur_kwh),
        feed_in_ueur_kwh=by_week(past.feed_in_ueur_kwh),
        arrives_wh=by_week(arrives),
        leaves=by_week(leaves),
        wishes_wh=None if past.wishes_wh is None else by_week(past.wishes_wh),
    )
    scale = scale_of(float(fleet.capacity_wh.sum()), homes, fleet.import_limit_w)
    end = float(past.import_ueur_kwh.min(axis=0).mean())
    nothing = np.zeros((0, 0))
    return Lesson(fleet, weeks, Signals(nothing, nothing, nothing), scale, end, 1.0)


def _signals(past: Past, ahead: Floats) -> Signals:
    """What the street would have known at each hour of what comes after it, by forecasts `[hour, step]`."""
    hours, fleet = len(past.net_wh), past.fleet
    total = past.net_wh.sum(axis=1)
    # Beyond the end prices repeat the week before.
    places = np.arange(hours)[:, None] + np.arange(1, STEPS)
    places = np.where(places < hours, places, places - WEEK)
    bought, fed_in = past.import_ueur_kwh.mean(axis=1), past.feed_in_ueur_kwh.mean(axis=1)
    known = np.arange(hours)[:, None] + np.arange(1, STEPS) < hours
    missed = np.where(known, total[places] - ahead[:, 1:], np.nan)
    capacity = max(float(fleet.capacity_wh.sum()), 1.0)
    efficiency = float((fleet.efficiency * fleet.capacity_wh).sum()) / capacity or 1.0
    store = Store(
        fleet.usable_wh,
        float(np.minimum(fleet.charge_w, fleet.discharge_w).sum()),
        efficiency,
        fleet.import_limit_w,
        fleet.export_limit_w,
    )
    net, stray = ahead[:, 1:] + _cars_ahead(past), np.nanstd(missed, axis=0)
    scale = scale_of(float(fleet.capacity_wh.sum()), past.net_wh.shape[1], fleet.import_limit_w)
    unit = np.full(WEEK, bought.mean())
    # Week by week: the planner's tables of a week stay in the processor's cache.
    found = [
        signals(
            store, Ahead(net[week], stray, bought[places[week]], fed_in[places[week]]), bought[week], unit, scale
        )
        for week in (slice(first, first + WEEK) for first in range(0, hours, WEEK))
    ]
    return Signals(*(np.concatenate(part) for part in zip(*found, strict=True)))


def _cars_ahead(past: Past) -> Floats:
    """What cars are expected to take after each hour (Wh): the mean of earlier weeks, spread over their stays."""
    hours = len(past.net_wh)
    load = np.zeros(hours)
    for hour, home in zip(*np.nonzero(past.arrives_wh), strict=True):
        until = min(max(int(past.leaves[hour, home]), int(hour) + 1), hours)
        load[hour:until] += past.arrives_wh[hour, home] / (until - hour)
    by_week = load.reshape(-1, WEEK)
    before = np.zeros_like(by_week)
    before[1:] = np.cumsum(by_week, axis=0)[:-1] / np.arange(1, len(by_week))[:, None]
    here = np.arange(hours)[:, None]
    return np.asarray(before[here // WEEK, (here + np.arange(1, STEPS)) % WEEK])


def _inside_weeks(past: Past) -> tuple[Floats, Ints]:
    """Cars' stays cut at the end of their week, with as much of their need as can be met before it (AC Wh)."""
    hours = len(past.net_wh)
    place = np.arange(hours)[:, None] % WEEK
    until = np.clip(past.leaves - (np.arange(hours)[:, None] - place), place + 1, WEEK)
    need = np.minimum(past.arrives_wh, (until - place) * past.fleet.car_w)
    return need, np.where(need > 0, until, 0)


def _stake(course: Course) -> float:
    """What a week's costs are compared with, €: how much steering is worth, as the planner does it."""
    lesson = course.lesson.pick(course.training or course.usable or range(len(course.starts)))
    by_itself = alone(lesson.fleet, lesson.weeks, end_ueur_kwh=lesson.end_ueur_kwh)
    gain = float(by_itself.netted_eur.mean() - lesson.lived(planner_only()).cost_eur.mean())
    return max(gain, LEAST_STAKE * abs(float(by_itself.bill_eur.sum(axis=1).mean())), 0.01)
