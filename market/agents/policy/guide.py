"""The policy at home: what a slot's public signals make each battery's energy and each car's charging worth.

All homes of a street are worked out at once, as the simulator does it and with the same functions; a home's
figures depend on nothing but the signals, the shared weights and its own state.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from market.agents.devices import PPM, Battery, EvCharger
from market.agents.policy.bids import (
    SIZE,
    Call,
    Heads,
    called,
    car_worth,
    cheapest_hours,
    falling,
    heads,
    hours_needed,
    scaled,
    stored_worth,
    unscaled,
)
from market.agents.policy.signals import FEATURES, Signals
from market.agents.policy.weights import Weights
from market.agents.rungs import Floats, Ints, battery_rungs

NAMED = 2  # so many causes are told,
WORTH_TELLING = 1_000.0  # and none that moves a worth by less, µ€/kWh


@dataclass(frozen=True, slots=True)
class Cause:
    """What one figure did to a worth: its code, the figure as it stood, and µ€/kWh added (− taken away)."""

    code: str
    figure: float
    added_ueur_kwh: int


@dataclass(frozen=True, slots=True)
class BatteryGuide:
    """A battery's rungs: (µ€ per stored kWh, AC Wh), nearest first; what the planner alone would say of the energy
    that is stored now, what the policy says of it, and the strongest causes of the difference.
    """

    fill: tuple[tuple[int, int], ...]
    give: tuple[tuple[int, int], ...]
    planner_ueur_kwh: int
    worth_ueur_kwh: int
    causes: tuple[Cause, ...]


@dataclass(frozen=True, slots=True)
class Guided:
    """What a slot's signals come to at one home: a guide by battery, and what charging is worth by car, µ€/kWh."""

    batteries: dict[int, BatteryGuide]
    cars: dict[int, int]


@dataclass(frozen=True, eq=False, slots=True)
class Message:
    """The signals of one slot as all homes read them: features as they stand (in the order of `FEATURES`), and the
    shares of what its batteries can give and take that the street needs of them to keep to its limits.
    """

    planned: Floats
    worth_ueur_kwh: Floats
    unit_ueur_kwh: float
    features: Floats
    short: float = 0.0
    spare: float = 0.0

    @classmethod
    def of(cls, given: Signals, lived: Floats, short: float = 0.0, spare: float = 0.0) -> "Message":
        """From the signals of one slot (n = 1) and the features `now` of the street."""
        planned = scaled(given.worth_ueur_kwh, given.unit_ueur_kwh[:, None])
        unit, features = float(given.unit_ueur_kwh[0]), np.concatenate((given.street, lived), axis=1)
        return cls(planned, given.worth_ueur_kwh, unit, features, short, spare)


class Kept(NamedTuple):
    """A battery at home: what it holds back (Wh), and its retailer's prices in the slot, µ€/kWh."""

    battery: Battery
    held_wh: int
    import_ueur_kwh: int
    feed_in_ueur_kwh: int


@dataclass(frozen=True, eq=False, slots=True)
class _Homes:
    """Batteries as the ladder wants them; powers in W, as `Fleet` has them."""

    capacity_wh: Floats
    charge_w: Floats
    discharge_w: Floats
    efficiency: Floats
    reserve_wh: Floats


def battery_guides(
    message: Message, weights: Weights, batteries: Sequence[Kept], slot_minutes: int
) -> list[BatteryGuide]:
    """A guide for each battery."""
    if not batteries:
        return []
    have, stored = _homes(batteries)
    who = np.arange(len(batteries))
    rungs = battery_rungs(stored[None], have, who, slot_minutes / 60)
    normed = weights.normed(message.features)
    found = heads(weights.numbers[None], normed)
    unit = np.array([message.unit_ueur_kwh])
    give, fill = (stored_worth(message.planned, unit, found, at) for at in (rungs.give_at, rungs.fill_at))
    if message.short or message.spare:
        give, fill = called(give, fill, _call(message, batteries))
    at = ((stored - have.reserve_wh) / np.maximum(have.capacity_wh - have.reserve_wh, 1.0))[None, :, None]
    nothing = Heads(np.zeros((1, 1)), np.zeros((1, 1)), found.car)
    alone = stored_worth(message.planned, unit, nothing, at)[0, :, 0]
    worth = stored_worth(message.planned, unit, found, at)[0, :, 0]
    added = _added(message, weights, normed[0], at[0, :, 0], worth)
    return [
        BatteryGuide(
            fill=_steps(fill[0, i], rungs.fill_wh[0, i]),
            give=_steps(give[0, i], rungs.give_wh[0, i]),
            planner_ueur_kwh=int(alone[i]),
            worth_ueur_kwh=int(worth[i]),
            causes=_causes(added[i], message.features[0]),
        )
        for i in who
    ]


def car_worths(
    message: Message,
    weights: Weights,
    chargers: Sequence[tuple[EvCharger, int]],
    prices: Floats,
    slot_minutes: int,
) -> list[int]:
    """What charging in the slot is worth to each plugged car, µ€/kWh.

    With each charger come the slots left to it; `prices` are its home's import prices by the hour from the slot's
    start on, `[car, hour]`.
    """
    if not chargers:
        return []
    need = np.array([[float(charger.need_wh) for charger, _ in chargers]])
    left: Ints = np.array([[slots for _, slots in chargers]], dtype=np.int64)
    power = np.array([float(charger.charge_w) for charger, _ in chargers])
    window, needed, haste = hours_needed(need, left, power, slot_minutes / 60, prices.shape[1])
    base = cheapest_hours(prices)[np.arange(len(chargers)), window[0], needed[0]][None]
    normed = weights.normed(message.features)
    worth = car_worth(base, haste, heads(weights.numbers[None], normed), normed)[0]
    return [int(value) for value in worth]


def _call(message: Message, batteries: Sequence[Kept]) -> Call:
    retail, feed_in, efficiency = (
        np.array([values], dtype=float)
        for values in (
            [kept.import_ueur_kwh for kept in batteries],
            [kept.feed_in_ueur_kwh for kept in batteries],
            [kept.battery.efficiency_ppm / PPM for kept in batteries],
        )
    )
    return Call(np.array([message.short]), np.array([message.spare]), retail * efficiency, feed_in / efficiency)


def _homes(batteries: Sequence[Kept]) -> tuple[_Homes, Floats]:
    def column(values: Sequence[float]) -> Floats:
        return np.array(values, dtype=float)

    have = _Homes(
        capacity_wh=column([battery.capacity_wh for battery, *_ in batteries]),
        charge_w=column([battery.charge_w for battery, *_ in batteries]),
        discharge_w=column([battery.discharge_w for battery, *_ in batteries]),
        efficiency=column([battery.efficiency_ppm / PPM for battery, *_ in batteries]),
        reserve_wh=column([kept.held_wh for kept in batteries]),
    )
    return have, column([battery.soc_wh for battery, *_ in batteries])


def _steps(worth: Floats, energy_wh: Floats) -> tuple[tuple[int, int], ...]:
    return tuple((int(price), int(energy)) for price, energy in zip(worth, energy_wh, strict=True) if energy >= 1)


def _added(message: Message, weights: Weights, normed: Floats, at: Floats, worth: Floats) -> Floats:
    """µ€/kWh that each feature adds to the worth of what is stored now, `[battery, feature]`.

    The worth is a sigmoid of a sum in which every feature has its own part, so leaving one part out is exact.
    """
    level, slope = weights.numbers[:SIZE] * normed, weights.numbers[SIZE : 2 * SIZE] * normed
    steeper = falling(slope.sum()) - falling(slope.sum() - slope)
    parts = level[None, :] - steeper[None, :] * (at[:, None] - 0.5)
    unit = np.full((len(worth), 1), message.unit_ueur_kwh)
    return np.asarray(worth[:, None] - unscaled(scaled(worth[:, None], unit) - parts, unit))


def _causes(added_ueur_kwh: Floats, figures: Floats) -> tuple[Cause, ...]:
    """The features that moved the worth most, if by as much as a tenth of a cent."""
    strongest = np.argsort(-np.abs(added_ueur_kwh), kind="stable")[:NAMED]
    return tuple(
        Cause(FEATURES[i], round(float(figures[i]), 4), int(added_ueur_kwh[i]))
        for i in strongest
        if abs(added_ueur_kwh[i]) >= WORTH_TELLING
    )
