"""The community's forecaster: ridge regressions pooled over its homes, one for each lead.

For a home h, an issue t (known are the slots before it) and a step k, load and PV are foretold apart:

    y(h, t + k) ~ w(k) · x(h, t, k),    w(k) = argmin Σ (y − w·x)² / s + λ |D (w − p)|²

where x are features in Wh (`load_features`, `pv_features`), s is the home's running scale, D the root mean
square of each feature and the sum runs over all homes and issues. p is the profile: 1 for the first feature,
the weighted mean of like days, 0 for all others. So what the past does not prove is foretold by the profile;
drawn towards 0 instead, a model of autumn days missed spring by a fifth more sun. Every home shares w(k): a
new home is foretold well from its first weeks. The first hour has a regression a slot, later hours one each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from market.agents.forecasting.calendar import Floats, Ints
from market.agents.forecasting.history import History, ShortHistory
from market.agents.forecasting.load_features import LoadFeatures, Singles
from market.agents.forecasting.pv_features import PvFeatures
from market.agents.forecasting.quantiles import Residuals, group_of

FEWEST_DAYS = 14
WARM_UP_DAYS = 7  # of the history, in which running figures find their feet
MOST_ROWS = 30_000  # homes x issues behind one regression: twice as many foretold no better
PENALTY = 3e-2  # λ, as a share of each feature's square sum
FOLDS = 4
LEAST_SCALE = 1e-3  # Wh: below it a home has no load, or no panels

Features = LoadFeatures | PvFeatures


@dataclass(frozen=True, slots=True)
class Forecasts:
    """Forecasts issued at `issues` (slot numbers): homes x issues x steps, Wh; step 0 is the issue's own slot.

    Quantiles, if asked for, have the probabilities 10, 50 and 90 % in front: 3 x homes x issues x steps.
    """

    issues: Ints
    load_wh: Singles
    pv_wh: Singles
    load_quantiles_wh: Singles | None = None
    pv_quantiles_wh: Singles | None = None
    net_quantiles_wh: Singles | None = None

    @property
    def net_wh(self) -> Singles:
        """Expected consumption less PV (homes x issues x steps)."""
        answer: Singles = self.load_wh - self.pv_wh
        return answer


@dataclass(frozen=True, slots=True)
class RidgeModel:
    """Weights (leads x features) of load and PV, and quantiles of their and the net load's residuals in widths."""

    slot_minutes: int
    horizon: int
    load: Floats
    pv: Floats
    tables: dict[str, Floats]
    with_weather: bool = False

    def predict_all(self, history: History, issues: Ints | None = None, *, quantiles: bool = False) -> Forecasts:
        """Forecasts issued at each of `issues`: slots of the history, or its length for the slot just after it.

        Without `issues`, at every slot and just after the last. A forecast depends on slots before its issue
        only (and on the weather forecast). Raises ValueError if slots take another time than the model's.
        """
        if history.slot_minutes != self.slot_minutes:
            raise ValueError(f"The model knows slots of {self.slot_minutes} minutes, not {history.slot_minutes}.")
        if issues is None:
            issues = np.arange(history.slots + 1)
        load, pv = _features(history, self.horizon, with_weather=self.with_weather)
        lead = leads(self.horizon, 60 // self.slot_minutes)
        shape = (self.horizon, history.homes, len(issues))
        answer = {name: np.empty(shape, dtype=np.float32) for name in ("load", "pv")}
        for step in range(self.horizon):
            answer["load"][step] = _value(self.load[lead[step]], load.columns(issues, step))
            answer["pv"][step] = _value(self.pv[lead[step]], pv.columns(issues, step))
        bands = self._bands(load, pv, issues, answer) if quantiles else {}
        return Forecasts(issues, *(np.moveaxis(answer[name], 0, -1) for name in ("load", "pv")), **bands)

    def predict(self, history: History) -> Forecasts:
        """The forecast of the slots that follow the history, with quantiles: homes x 1 x steps."""
        return self.predict_all(history, np.array([history.slots]), quantiles=True)

    def _bands(
        self, load: LoadFeatures, pv: PvFeatures, issues: Ints, expected: dict[str, Singles]
    ) -> dict[str, Singles]:
        shape = (3, *expected["load"].shape)
        bands = {name: np.empty(shape, dtype=np.float32) for name in ("load", "pv", "net")}
        for step in range(self.horizon):
            widths = _widths(load, pv, issues, step)
            hours = _hours(load, issues + step)
            group = group_of(step, 60 // self.slot_minutes)
            centres = {name: expected[name][step] for name in ("load", "pv")}
            centres["net"] = centres["load"] - centres["pv"]
            for name, width in widths.items():
                band = centres[name] + width * self.tables[name][group, hours].T[:, None, :]
                bands[name][:, step] = band if name == "net" else np.maximum(band, 0.0)
        return {f"{name}_quantiles_wh": np.moveaxis(band, 1, -1) for name, band in bands.items()}

    def to_json(self) -> dict[str, Any]:
        """The model as plain lists: what is stored can be read by anybody."""
        return {
            "slot_minutes": self.slot_minutes,
            "horizon": self.horizon,
            "with_weather": self.with_weather,
            "load": np.round(self.load, 6).tolist(),
            "pv": np.round(self.pv, 6).tolist(),
            "tables": {name: np.round(table, 4).tolist() for name, table in self.tables.items()},
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "RidgeModel":
        """The model out of `to_json`."""
        tables = {name: np.array(table) for name, table in stored["tables"].items()}
        load, pv = np.array(stored["load"]), np.array(stored["pv"])
        return cls(stored["slot_minutes"], stored["horizon"], load, pv, tables, stored["with_weather"])


def leads(horizon: int, per_hour: int) -> list[int]:
    """The regression of each step: a slot each within the first hour, then an hour each.

    >>> leads(12, 4)
    [0, 1, 2, 3, 4, 4, 4, 4, 5, 5, 5, 5]
    """
    return [step if step < per_hour else per_hour + step // per_hour - 1 for step in range(horizon)]


def fit(history: History, horizon: int) -> RidgeModel:
    """Learn to foretell `horizon` slots ahead from all homes of a history.

    A weather forecast is used if it reaches back as many days as it takes to learn.

    Raises `ShortHistory` with fewer than `FEWEST_DAYS` days that have readings.
    """
    calendar = history.calendar(0)
    read = ~np.isnan(history.load_wh).all(axis=0)
    days = len(np.unique(calendar.day[read]))
    if days < FEWEST_DAYS:
        raise ShortHistory(f"{days} days with readings are too few: it takes {FEWEST_DAYS}.")
    with_weather = history.days_with_weather >= FEWEST_DAYS
    load, pv = _features(history, horizon, with_weather=with_weather)
    per_hour = 60 // history.slot_minutes
    lead = leads(horizon, per_hour)
    weights: dict[str, list[Floats]] = {"load": [], "pv": []}
    residuals = {name: Residuals() for name in ("load", "pv", "net")}
    for number in range(lead[-1] + 1):
        steps = [step for step in range(horizon) if lead[step] == number]
        samples = [(step, _sample(history, calendar.day, step, len(steps), number)) for step in steps]
        learned = {"load": _learn(load, samples), "pv": _learn(pv, samples)}
        for name, (weight, _) in learned.items():
            weights[name].append(weight)
        for i, (step, issues) in enumerate(samples):
            missed = {name: residual[i] for name, (_, residual) in learned.items()}
            missed["net"] = missed["load"] - missed["pv"]
            hours = _hours(load, issues + step)
            for name, width in _widths(load, pv, issues, step).items():
                residuals[name].add(group_of(step, per_hour), hours, missed[name], width)
    tables = {name: found.table() for name, found in residuals.items()}
    kept = (np.array(weights["load"]), np.array(weights["pv"]))
    return RidgeModel(history.slot_minutes, horizon, *kept, tables, with_weather)


def _features(history: History, ahead: int, *, with_weather: bool) -> tuple[LoadFeatures, PvFeatures]:
    """Features of both; a model that learned with a weather forecast meets a missing one as unknown weather."""
    load = LoadFeatures.of(history, ahead, with_weather=with_weather)
    return load, PvFeatures.of(history, ahead, with_weather=with_weather)


def _sample(history: History, day: Ints, step: int, sharing: int, offset: int) -> Ints:
    """Issues whose slot at `step` is known, evenly thinned so that all steps of a lead make `MOST_ROWS` rows."""
    first = int(np.searchsorted(day, WARM_UP_DAYS))
    available = np.arange(first, history.slots - step)
    stride = max(-(-len(available) * history.homes * sharing // MOST_ROWS), 1)
    return available[(offset + step) % stride :: stride]


def _learn(features: Features, samples: Sequence[tuple[int, Ints]]) -> tuple[Floats, list[Floats]]:
    """Weights of a lead, and what weights learned without their own weeks miss (a sample each, homes x issues)."""
    columns = np.concatenate([features.columns(issues, step) for step, issues in samples], axis=2).astype(float)
    target = np.concatenate([features.target[:, issues + step] for step, issues in samples], axis=1)
    scale = np.concatenate([features.scale[:, issues] for _, issues in samples], axis=1)
    fold = np.concatenate([_fold(features.grid.calendar.day, issues) for _, issues in samples])
    counts = ~np.isnan(target) & (scale > LEAST_SCALE)
    weight = np.where(counts, 1.0 / np.sqrt(np.where(counts, scale, 1.0)), 0.0)
    goal = np.nan_to_num(target) * weight
    products = [
        _products(columns[:, :, fold == i] * weight[:, fold == i], goal[:, fold == i]) for i in range(FOLDS)
    ]
    gram: Floats = np.sum([one for one, _ in products], axis=0)
    moment: Floats = np.sum([one for _, one in products], axis=0)
    missed = np.empty_like(target)
    for i, (own_gram, own_moment) in enumerate(products):
        here = fold == i
        without = _solved(gram - own_gram, moment - own_moment)
        missed[:, here] = target[:, here] - _value(without, columns[:, :, here])
    ends = np.cumsum([len(issues) for _, issues in samples])[:-1]
    return _solved(gram, moment), np.split(missed, ends, axis=1)


def _fold(day: Ints, issues: Ints) -> Ints:
    """Whole weeks go together, or two days where there are few weeks: neighbouring hours are no strangers."""
    block = 7 if day[-1] >= 7 * 2 * FOLDS else 2
    return day[issues] // block % FOLDS


def _products(columns: Floats, goal: Floats) -> tuple[Floats, Floats]:
    flat = columns.reshape(len(columns), -1)
    return flat @ flat.T, flat @ goal.reshape(-1)


def _solved(gram: Floats, moment: Floats) -> Floats:
    """Ridge weights, drawn towards the profile; features that were always 0 get none."""
    prior = np.zeros(len(gram))
    prior[0] = 1.0
    size = np.sqrt(np.diag(gram))
    size = np.where(size > 0, size, 1.0)
    scaled = gram / size[:, None] / size[None, :] + PENALTY * np.eye(len(gram))
    answer: Floats = prior + np.linalg.solve(scaled, (moment - gram @ prior) / size) / size
    return answer


def _value(weights: Floats, columns: Floats | Singles) -> Floats:
    """What weights make of features: homes x issues, never negative."""
    flat = columns.reshape(len(columns), -1)
    found: Floats = np.dot(weights.astype(flat.dtype), flat)
    answer: Floats = np.maximum(found, 0.0).reshape(columns.shape[1:])
    return answer


def _widths(load: LoadFeatures, pv: PvFeatures, issues: Ints, step: int) -> dict[str, Floats]:
    own = {"load": load.width(issues, step), "pv": pv.width(issues, step)}
    return own | {"net": np.hypot(own["load"], own["pv"])}


def _hours(features: Features, slots: Ints) -> Ints:
    calendar = features.grid.calendar
    hours: Ints = calendar.place[slots] * 24 // calendar.per_day
    return hours
