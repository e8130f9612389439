"""A small street to learn in: three homes, two of them with a battery, in weeks of two days."""

import numpy as np

from market.agents.planner import Ahead, Store
from market.agents.policy.signals import scale_of, signals
from market.agents.street import Fleet, Weeks
from market.agents.training.lessons import Lesson

HOMES, SLOTS, WEEKS, HOURS = 3, 48, 4, 24
END = 80_000.0


def small_lesson(prices: float = 1.0, limit_w: float = np.inf) -> Lesson:
    """All prices may be multiplied."""
    chance, hour = np.random.default_rng(11), np.arange(WEEKS * SLOTS) % 24
    sun = np.array([2_500.0, 0.0, 1_500.0]) * np.maximum(np.sin((hour - 6) / 12 * np.pi), 0)[:, None]
    load = 400 + 600 * np.exp(-(((hour - 20) / 2.5) ** 2))[:, None] + chance.uniform(0, 200, (len(hour), HOMES))
    net = load - sun
    retail = prices * np.where((hour >= 18) & (hour < 22), 180_000.0, np.where(hour < 8, 80_000.0, 120_000.0))
    arrives, leaves = np.zeros((WEEKS, SLOTS, HOMES)), np.zeros((WEEKS, SLOTS, HOMES), dtype=np.int64)
    arrives[:, 18, 1], leaves[:, 18, 1] = 8_000.0, 31
    shape = (WEEKS, SLOTS, HOMES)
    weeks = Weeks(
        net.reshape(shape), np.repeat(retail, HOMES).reshape(shape), np.full(shape, prices * 50_000.0), arrives,
        leaves,
    )  # fmt: skip
    battery = np.array([1.0, 1.0, 0.0])
    fleet = Fleet(
        8_000 * battery, 4_000 * battery, 4_000 * battery, np.full(HOMES, 0.95), 800 * battery,
        7_400 * np.array([0.0, 1.0, 0.0]), limit_w, limit_w,
    )  # fmt: skip
    places = np.minimum(np.arange(len(hour))[:, None] + np.arange(1, HOURS + 1), len(hour) - 1)
    ahead = Ahead(
        net.sum(axis=1)[places], np.full(HOURS, 300.0), retail[places],
        np.full(places.shape, prices * 50_000.0),
    )  # fmt: skip
    store = Store(fleet.usable_wh, 8_000.0, 0.95, limit_w, limit_w)
    scale = scale_of(16_000.0, HOMES, limit_w)
    given = signals(store, ahead, retail, np.full(len(hour), retail.mean()), scale)
    return Lesson(fleet, weeks, given, scale, prices * END, prices * 1.0)
