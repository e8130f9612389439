"""The benchmark's street: real homes by the hour, with devices, cars, tariffs and limits as described below.

The homes are those of `benchmarks/homes`, or of any folder with such files. Load is halved (5 MWh a home and
year). Of twelve homes seven have panels and a battery, one a battery, one panels, three neither; six have a car;
further homes repeat the pattern. Batteries: 10 kWh, 5 kW, 95 % each way, reserve 10 %, half full on Monday.
Cars: 7.4 kW, 9.7 kWh on average on four of five working days and every other day of a weekend, from 17–20 h to
7–8 h, by a seed. Import 0.18/0.12/0.08 €/kWh by the periods of 2.0TD (nights and weekends cheapest), feed-in
0.05, no grid fee.
Limits: 25 kW taken and 20 kW given by 17 homes, in proportion. A week starts on Monday; stored energy counts 0.08
at its end.
"""

import csv
import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from market.agents.street import Fleet, Weeks

HOMES = Path(__file__).parent / "homes"
PATTERN = 12
SUN, BATTERY, CAR = (0, 1, 3, 4, 6, 8, 10, 11), (0, 1, 3, 5, 6, 8, 10, 11), (1, 2, 5, 7, 8, 11)
WEEK = 168
EFFICIENCY, END_UEUR_KWH = 0.95, 80_000.0
TRAINED_WEEKS = 26  # of 46; the rest is never seen: a strict split in time
FIRST_WEEK = 5  # to learn from: before it forecasts have too little past


@dataclass(frozen=True, eq=False, slots=True)
class Homes:
    """Hourly load and sun of every home, Wh `[hour, home]`, from a Monday on."""

    load_wh: np.ndarray
    sun_wh: np.ndarray

    @property
    def net_wh(self) -> np.ndarray:
        """Load less sun."""
        return self.load_wh - self.sun_wh


def read(folder: Path = HOMES) -> Homes:
    """Load and sun of the folder's `load_kwh.csv` and `pv_kwh.csv` (or `.csv.gz`); whole weeks from a Monday on.

    `start` in the first column says when an hour begins; the other columns are homes.
    """
    (first, load), (_, sun) = (_table(folder, name) for name in ("load_kwh.csv", "pv_kwh.csv"))
    begins = np.datetime64(first.replace(" ", "T"), "h")
    monday = int((np.datetime64("2024-01-01T00", "h") - begins).astype(int) % WEEK)
    hours = (len(load) - monday) // WEEK * WEEK
    load, sun = load[monday : monday + hours], sun[monday : monday + hours]
    return Homes(load * 500.0, sun * 1_000.0 * has(SUN, load.shape[1]))


def _table(folder: Path, name: str) -> tuple[str, np.ndarray]:
    path = folder / name
    if path.exists():
        lines = path.read_text(encoding="utf-8")
    else:
        lines = gzip.decompress(path.with_suffix(".csv.gz").read_bytes()).decode()
    _names, *rows = csv.reader(lines.splitlines())
    return rows[0][0], np.array([[float(value) for value in row[1:]] for row in rows])


def has(what: Sequence[int], homes: int) -> np.ndarray:
    """Which homes have it: the pattern of twelve, repeated."""
    return np.isin(np.arange(homes) % PATTERN, what)


def seen(homes: int) -> list[int]:
    """The homes that training may see: two thirds of them."""
    return list(range(homes * 2 // 3))


def unseen(homes: int) -> list[int]:
    """The others."""
    return list(range(homes * 2 // 3, homes))


def fleet(homes: int = PATTERN, *, limits: bool = True, reserve: float = 0.1) -> Fleet:
    """The devices of all homes; `reserve` is the share of a battery that is kept for its owner."""
    battery, car = has(BATTERY, homes), has(CAR, homes)
    return Fleet(
        capacity_wh=10_000.0 * battery,
        charge_w=5_000.0 * battery,
        discharge_w=5_000.0 * battery,
        efficiency=np.full(homes, EFFICIENCY),
        reserve_wh=10_000.0 * reserve * battery,
        car_w=7_400.0 * car,
        import_limit_w=25_000.0 * homes / 17 if limits else np.inf,
        export_limit_w=20_000.0 * homes / 17 if limits else np.inf,
    )


def prices(hours: int) -> tuple[np.ndarray, np.ndarray]:
    """Import and feed-in price of every hour, µ€/kWh."""
    hour, day = np.arange(hours) % 24, np.arange(hours) // 24 % 7
    working = day < 5
    peak = working & (((hour >= 10) & (hour < 14)) | ((hour >= 18) & (hour < 22)))
    low = ~working | (hour < 8)
    return np.where(peak, 180_000.0, np.where(low, 80_000.0, 120_000.0)), np.full(hours, 50_000.0)


def spot_prices(hours: int, seed: int = 2026) -> tuple[np.ndarray, np.ndarray]:
    """Another tariff, as a wholesale market might make it: cheap at noon, dear at dusk, each day another level."""
    chance = np.random.default_rng(seed)
    hour = np.arange(hours) % 24
    level = np.repeat(chance.normal(0.0, 0.18, -(-hours // 24)), 24)[:hours]
    shape = 0.115 + 0.05 * np.exp(-(((hour - 20.5) / 2.2) ** 2)) - 0.05 * np.exp(-(((hour - 13) / 2.8) ** 2))
    strays = chance.normal(0.0, 0.008, hours)
    bought = np.clip(shape * np.exp(level) + strays, 0.052, 0.4) * 1e6
    return bought.round(), np.full(hours, 50_000.0)


def cars(hours: int, homes: int = PATTERN, seed: int = 2026) -> tuple[np.ndarray, np.ndarray]:
    """What arriving cars need (Wh) and the hour they leave, `[hour, home]`; none stays over a week's end."""
    chance = np.random.default_rng(seed)
    need, leaves = np.zeros((hours, homes)), np.zeros((hours, homes), dtype=np.int64)
    for home in np.flatnonzero(has(CAR, homes)):
        for day in range(hours // 24):
            if chance.random() >= (0.8 if day % 7 < 5 else 0.5):
                continue
            comes, goes = day * 24 + int(chance.integers(17, 21)), (day + 1) * 24 + int(chance.integers(7, 9))
            wanted = float(np.clip(chance.normal(9_700, 3_000), 3_000, 20_000))
            if goes // WEEK == comes // WEEK:
                need[comes, home], leaves[comes, home] = wanted, goes
    return need, leaves


def weeks(homes: Homes, tariff: tuple[np.ndarray, np.ndarray], *, expected_wh: np.ndarray | None = None) -> Weeks:
    """All whole weeks of the homes, under one tariff for all (`prices`)."""
    hours, count = homes.load_wh.shape
    bought, fed_in = tariff
    need, leaves = cars(hours, count)
    starts = np.arange(hours)[:, None] // WEEK * WEEK

    def by_week(values: np.ndarray) -> np.ndarray:
        return values.reshape(-1, WEEK, count)

    return Weeks(
        net_wh=by_week(homes.net_wh),
        import_ueur_kwh=by_week(np.repeat(bought[:, None], count, axis=1)),
        feed_in_ueur_kwh=by_week(np.repeat(fed_in[:, None], count, axis=1)),
        arrives_wh=by_week(need),
        leaves=by_week(np.where(need > 0, leaves - starts, 0)),
        expected_wh=None if expected_wh is None else by_week(expected_wh),
    )


def quarters(hourly: Weeks, seed: int = 2026) -> Weeks:
    """The same weeks by the quarter of an hour, which strays up to 35 % from its hour's mean, as in the demo."""
    count, hours, homes = hourly.net_wh.shape
    shape = 1 + 0.35 * np.random.default_rng(seed).uniform(-1, 1, (count, hours, 4, homes))
    shape = shape / shape.mean(axis=2, keepdims=True) / 4

    def four(values: np.ndarray) -> np.ndarray:
        return np.repeat(values, 4, axis=1)

    arrives = np.zeros((count, hours * 4, homes))
    arrives[:, ::4] = hourly.arrives_wh
    leaves = np.zeros(arrives.shape, dtype=np.int64)
    leaves[:, ::4] = hourly.leaves * 4
    net = (hourly.net_wh[:, :, None] * shape).reshape(count, hours * 4, homes)
    return Weeks(net, four(hourly.import_ueur_kwh), four(hourly.feed_in_ueur_kwh), arrives, leaves, 15)
