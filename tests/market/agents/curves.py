"""Hourly load and PV of twelve real homes, as arrays (source and licence: community/demo/CURVES.md)."""

import csv
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from community.demo import homes
from market.agents.forecasting import History

FIRST = datetime(2016, 8, 1, tzinfo=UTC)
PEAK_KW = {0: 4.0, 2: 5.0, 3: 3.0, 5: 4.5, 7: 3.3, 9: 6.0, 10: 4.0}


def is_weekend(day):
    return day.weekday() >= 5


@cache
def table(name):
    with Path(homes.__file__).with_name(name).open(encoding="utf-8", newline="") as lines:
        next(lines)  # the attribution
        names, *rows = csv.reader(lines)
    return dict(zip(names, np.array(rows, dtype=float).T, strict=True))


def history(slots=None, minutes=60, zone="UTC"):
    """All twelve homes from 1 August on (322 days); shorter slots split each hour evenly."""
    load = np.stack([table("homes_load_wh.csv")[f"home{i}"] for i in range(12)])
    pv = np.zeros_like(load)
    for home, peak_kw in PEAK_KW.items():
        pv[home] = table("homes_pv_wh.csv")[f"home{home}"] * peak_kw
    parts = 60 // minutes
    load, pv = (np.repeat(values, parts, axis=1) / parts for values in (load, pv))
    return History(load, pv, FIRST, minutes, ZoneInfo(zone), is_weekend).until(slots or load.shape[1])
