"""The benchmark's street: real homes by the hour, with devices, cars, tariffs and limits as described below.

Load is halved (5 MWh a home and year). Of twelve homes seven have panels and a battery, one a battery, one
panels, three neither; six have a car. Batteries: 10 kWh, 5 kW, 95 % each way, reserve 10 %, half full on Monday.
Cars: 7.4 kW, 9.7 kWh on average on four of five working days and every other day of a weekend, from 17–20 h to
7–8 h, by a seed. Import 0.18/0.12/0.08 €/kWh by the periods of 2.0TD (nights and weekends cheapest), feed-in
0.05, no grid fee.
Limits: 25 kW taken and 20 kW given by 17 homes, in proportion. A week starts on Monday; stored energy counts 0.08
at its end.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from market.agents.street import Fleet, Weeks

SUN, BATTERY, CAR = (0, 1, 3, 4, 6, 8, 10, 11), (0, 1, 3, 5, 6, 8, 10, 11), (1, 2, 5, 7, 8, 11)
SEEN, UNSEEN = tuple(range(8)), (8, 9, 10, 11)
WEEK = 168
EFFICIENCY, END_UEUR_KWH = 0.95, 80_000.0
TRAINED_WEEKS = 26  # the rest is never seen: a strict split in time


@dataclass(frozen=True, eq=False, slots=True)
class Homes:
    """Hourly load and sun of every home, Wh `[hour, home]`, from a Monday on."""

    load_wh: np.ndarray
    sun_wh: np.ndarray

    @property
    def net_wh(self) -> np.ndarray:
        """Load less sun."""
        return self.load_wh - self.sun_wh


def read(folder: Path) -> Homes:
    """Load and sun of the folder's `load_kwh.csv` and `pv_kwh.csv`; their first hour is a Sunday's last."""
    load, sun = (_table(folder / name)[1:] for name in ("load_kwh.csv", "pv_kwh.csv"))
    hours = len(load) // WEEK * WEEK
    has_sun = np.isin(np.arange(load.shape[1]), SUN)
    return Homes(load[:hours] * 500.0, sun[:hours] * 1_000.0 * has_sun)


def _table(path: Path) -> np.ndarray:
    with path.open(encoding="utf-8", newline="") as lines:
        _names, *rows = csv.reader(lines)
    return np.array([[float(value) for value in row[1:]] for row in rows])


def fleet(homes: int = 12, *, limits: bool = True) -> Fleet:
    """The devices of all homes."""
    battery, car = (np.isin(np.arange(homes), who) for who in (BATTERY, CAR))
    return Fleet(
        capacity_wh=10_000.0 * battery,
        charge_w=5_000.0 * battery,
        discharge_w=5_000.0 * battery,
        efficiency=np.full(homes, EFFICIENCY),
        reserve_wh=1_000.0 * battery,
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


def cars(hours: int, homes: int = 12, seed: int = 2026) -> tuple[np.ndarray, np.ndarray]:
    """What arriving cars need (Wh) and the hour they leave, `[hour, home]`; none stays over a week's end."""
    chance = np.random.default_rng(seed)
    need, leaves = np.zeros((hours, homes)), np.zeros((hours, homes), dtype=np.int64)
    for home in CAR:
        for day in range(hours // 24):
            if chance.random() >= (0.8 if day % 7 < 5 else 0.5):
                continue
            comes, goes = day * 24 + int(chance.integers(17, 21)), (day + 1) * 24 + int(chance.integers(7, 9))
            wanted = float(np.clip(chance.normal(9_700, 3_000), 3_000, 20_000))
            if goes // WEEK == comes // WEEK:
                need[comes, home], leaves[comes, home] = wanted, goes
    return need, leaves


def weeks(homes: Homes, *, expected_wh: np.ndarray | None = None) -> Weeks:
    """All whole weeks of the homes."""
    hours, count = homes.load_wh.shape
    bought, fed_in = prices(hours)
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
