"""The public signals of a slot: what every home's agent may know of the street, and nothing of one neighbour."""

from typing import NamedTuple

import numpy as np

from market.agents.planner import Ahead, Store, worths
from market.agents.rungs import Floats

HOURS = 24  # of the hours ahead that the features look at
LEAST_WH_A_HOME = 1_000.0  # what energies are compared with in a street with hardly a battery
USUAL_W_A_HOME = 1_500.0  # what a home takes at most, for a street without a limit
STREET = (
    "surplus_soon", "need_soon", "surplus_later", "need_later", "price_now", "dearest_ahead", "cheapest_ahead",
    "fullest_ahead",
)  # fmt: skip
NOW = ("stored", "cars", "net_now", "always")
FEATURES = STREET + NOW


class Scale(NamedTuple):
    """What a street's figures are compared with: energy (Wh) and power (W)."""

    energy_wh: float
    import_w: float


class Signals(NamedTuple):
    """Of n slots: the worth of stored energy `[n, level]` and its unit `[n]`, µ€/kWh; features `[n, STREET]`.

    The unit is the mean import price of a week: prices count as multiples of it, so that a dearer tariff needs no
    other policy.
    """

    worth_ueur_kwh: Floats
    unit_ueur_kwh: Floats
    street: Floats


def scale_of(capacity_wh: float, homes: int, import_limit_w: float) -> Scale:
    """The scale of a street."""
    limit = import_limit_w if np.isfinite(import_limit_w) else USUAL_W_A_HOME * homes
    return Scale(max(capacity_wh, LEAST_WH_A_HOME * homes), limit)


def signals(store: Store, ahead: Ahead, now_ueur_kwh: Floats, unit_ueur_kwh: Floats, scale: Scale) -> Signals:
    """The signals of n slots from the hours after them. `now_ueur_kwh` `[n]` is the import price in the slot."""
    unit = unit_ueur_kwh[:, None]
    net, price = ahead.net_wh[:, :HOURS], ahead.import_ueur_kwh[:, :HOURS] / unit - 1
    surplus, need = np.maximum(-net, 0) / scale.energy_wh, np.maximum(net, 0) / scale.energy_wh
    columns = (
        surplus[:, :7].sum(axis=1),
        need[:, :7].sum(axis=1),
        surplus[:, 7:].sum(axis=1),
        need[:, 7:].sum(axis=1),
        now_ueur_kwh / unit_ueur_kwh - 1,
        price[:, :12].max(axis=1),
        price[:, :12].min(axis=1),
        net[:, :12].max(axis=1) / scale.import_w,
    )
    end = ahead.import_ueur_kwh[:, -HOURS:].min(axis=1) * store.efficiency
    return Signals(worths(store, ahead, end), unit_ueur_kwh, np.stack(columns, axis=1))


def now(stored_share: Floats, cars_wh: Floats, net_wh: Floats, scale: Scale) -> Floats:
    """The features that change as the street lives, `[street, NOW]`: how full its batteries are (share), what its
    cars still need (Wh), and its net load in the slot (Wh an hour).
    """
    return np.stack(
        (stored_share - 0.5, cars_wh / scale.energy_wh, net_wh / scale.energy_wh, np.ones_like(net_wh)), axis=1
    )
