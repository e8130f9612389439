"""Streets of the benchmark's homes with their weeks, forecasts and public signals, to train and test agents in.

Forecasts are the community's own (`market.agents.forecasting`), learned from the training weeks of the seen homes.
What cars will need is not known before they come: the planner expects the training weeks' mean of that evening of
the week, spread over the seven hours from midnight.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np

from benchmarks import street_of_homes as street
from market.agents.forecasting import History, fit
from market.agents.planner import Ahead, Store
from market.agents.policy.signals import Signals, scale_of, signals
from market.agents.policy.weights import planner_only
from market.agents.training.lessons import Lesson
from market.agents.yardsticks.alone import alone

WEEK, HOURS_AHEAD = street.WEEK, 36
TRAINED = range(street.FIRST_WEEK, street.TRAINED_WEEKS)
START = datetime(2016, 8, 1, 8, tzinfo=UTC)  # a Monday's midnight, eight hours behind UTC
NIGHT_HOURS = 7


@dataclass(frozen=True)
class Town:
    """All homes, and what is foretold of each: `said_wh` `[home, issue, step]`, of slot issue + step."""

    homes: street.Homes
    said_wh: np.ndarray

    @property
    def count(self) -> int:
        """How many homes."""
        return int(self.homes.load_wh.shape[1])

    @property
    def hours(self) -> int:
        """How many hours, whole weeks."""
        return len(self.homes.load_wh)

    @property
    def tested(self) -> range:
        """Weeks that nothing was fitted to."""
        return range(street.TRAINED_WEEKS, self.hours // WEEK)

    @cached_property
    def cars(self) -> tuple[np.ndarray, np.ndarray]:
        """Needs and departures, `[hour, home]`."""
        return street.cars(self.hours, self.count)


def town(homes: street.Homes, learn_from: Sequence[int], until_week: int = street.TRAINED_WEEKS) -> Town:
    """Homes with the forecasts that would have been issued in every hour; the model knows only `learn_from`."""
    zone = ZoneInfo("Etc/GMT+8")
    history = History(homes.load_wh.T, homes.sun_wh.T, START, 60, zone, lambda day: day.weekday() >= 5)
    model = fit(history.of_homes(list(learn_from)).until(until_week * WEEK), HOURS_AHEAD)
    return Town(homes, model.predict_all(history, np.arange(history.slots)).net_wh.astype(float))


@dataclass(frozen=True)
class Case:
    """What differs from the plain benchmark: `late` decides by forecasts of the slot before, `stale_hours` by old
    ones, `silent` homes have none of their own, `tariff` is another, `until` ends what the cars' means are of.
    """

    late: bool = False
    stale_hours: int = 0
    silent: tuple[int, ...] = ()
    reserve: float = 0.1
    limits: bool = True
    tariff: tuple[np.ndarray, np.ndarray] | None = None
    until: int = street.TRAINED_WEEKS


def lesson(known: Town, chosen: Sequence[int], weeks: Sequence[int], case: Case | None = None) -> Lesson:
    """A street of the chosen homes in some weeks with their signals."""
    case = case or Case()
    tariff = case.tariff or street.prices(known.hours)
    slots = (np.array(weeks)[:, None] * WEEK + np.arange(WEEK)).ravel()
    fleet = street.fleet(known.count, limits=case.limits, reserve=case.reserve)
    fleet = fleet if len(chosen) == known.count else fleet.of(chosen)
    expected = _issued(known.said_wh[:, :, 1].T, 1) if case.late else None
    lived = street.weeks(known.homes, tariff, expected_wh=expected).of(chosen).pick(weeks)
    store = Store(
        fleet.usable_wh, float(fleet.discharge_w.sum()), street.EFFICIENCY, fleet.import_limit_w,
        fleet.export_limit_w,
    )  # fmt: skip
    scale = scale_of(float(fleet.capacity_wh.sum()), len(chosen), fleet.import_limit_w)
    unit = np.full(len(slots), tariff[0].mean())
    given = signals(store, ahead_of(known, chosen, slots, case), tariff[0][slots], unit, scale)
    return Lesson(fleet, lived, given, scale, street.END_UEUR_KWH, 1.0)


def staked(given: Lesson) -> Lesson:
    """The lesson with what a week has at stake: alone less the planner, in €, of these weeks."""
    baseline = alone(given.fleet, given.weeks, end_ueur_kwh=given.end_ueur_kwh).netted_eur.mean()
    saved = baseline - given.lived(planner_only()).cost_eur.mean()
    return replace(given, stake_eur=float(saved))


def by_quarters(given: Lesson) -> Lesson:
    """The lesson in quarters of an hour; each knows what was known at its hour's start."""
    four = Signals(*(np.repeat(values, 4, axis=0) for values in given.given))
    return replace(given, weeks=street.quarters(given.weeks), given=four)


def streets(known: Town, among: Sequence[int], others: int, seed: int = 99) -> list[list[int]]:
    """All of these homes as a street, and random halves of them that have batteries and cars."""
    chance, found = np.random.default_rng(seed), [list(among)]
    battery, car = street.has(street.BATTERY, known.count), street.has(street.CAR, known.count)
    size = -(-len(among) // 2)
    while len(found) < 1 + others:
        drawn = sorted(chance.choice(among, size + len(found) % 2, replace=False).tolist())
        if battery[drawn].sum() >= 2 and car[drawn].any():
            found.append(drawn)
    return found


def ahead_of(known: Town, chosen: Sequence[int], slots: np.ndarray, case: Case) -> Ahead:
    """The hours after each slot as the street foretells them."""
    tariff = case.tariff or street.prices(known.hours)
    lag = case.stale_hours + (1 if case.late else 0)
    said = _said(known, chosen, case)
    cars = _expected_cars(known, chosen, case.until)
    steps = np.arange(1, HOURS_AHEAD - lag)
    places = np.minimum(slots[:, None] + steps, known.hours - 1)
    net = said[np.maximum(slots - lag, 0), lag + 1 :] + cars[(slots[:, None] + steps) % WEEK]
    fitted = np.arange(4 * WEEK, case.until * WEEK - HOURS_AHEAD)
    total = known.homes.net_wh[:, list(chosen)].sum(axis=1)
    stray = np.array([np.std(said[fitted, step] - total[fitted + step]) for step in lag + steps])
    return Ahead(net, stray, tariff[0][places], tariff[1][places])


def _said(known: Town, chosen: Sequence[int], case: Case) -> np.ndarray:
    """What is foretold of the street, `[issue, step]`; for silent homes the mean of the others stands in."""
    heard = [home for home in chosen if home not in case.silent]
    return known.said_wh[heard].sum(axis=0) * len(chosen) / len(heard)


def _issued(said: np.ndarray, lag: int) -> np.ndarray:
    """What each slot knows if forecasts arrive `lag` slots late; slots come first."""
    return np.roll(said, lag, axis=0)


def _expected_cars(known: Town, chosen: Sequence[int], until: int) -> np.ndarray:
    """Wh that cars are expected to take in each hour of the week."""
    need = known.cars[0][: until * WEEK, list(chosen)].sum(axis=1).reshape(until, 7, 24).sum(axis=2).mean(axis=0)
    expected = np.zeros(WEEK)
    for day in range(7):
        expected[(day + 1) % 7 * 24 + np.arange(NIGHT_HOURS)] = need[day] / NIGHT_HOURS
    return expected
