"""The street's cars told when to charge, together: what stands at which node, and what all other load leaves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from community.models import Household
from market.agents import Car, CarWindows, EvCharger, Observation, charging_windows
from market.agents.charging import slots_left
from market.agents.horizon import horizon
from market.grid import SHARES, Feeder, Home, Taker, assumed_phases, room_left
from market.grid.feeder import Floats
from market.models import Slot
from market.queries.agents import Assignment, Street, net_load_ahead
from market.queries.book import feeder_of

Place = tuple[str, str]
Waiting = tuple[Observation, EvCharger]


@dataclass(frozen=True, slots=True)
class Cars:
    """What windows are found from: what every home is expected to take or give (Wh, `[home, slot]`, without cars),
    by `homes`, and the node and phase of each.
    """

    homes: tuple[int, ...]
    net_load_wh: NDArray[np.int32]
    places: dict[int, Place]


def coordinated(given: Sequence[Assignment], street: Street, slot: Slot) -> list[Assignment]:
    """The assignments with windows for every car that waits for energy; without one nothing is looked up.

    Cars of paused homes charge at once, so they are load like any other; a car that should have left by the end
    of the slot is its own agent's business.
    """
    if not any(_is_steered(one) for one, _charger in _waiting(given)):
        return list(given)
    return coordinated_with(cars_of(given, street, slot), given, slot)


def coordinated_with(cars: Cars, given: Sequence[Assignment], slot: Slot) -> list[Assignment]:
    """`coordinated` for whoever knows what the street is expected to take.

    `given` may leave out homes whose cars do not wait.
    """
    waiting = _waiting(given)
    steered = [(one.observation, charger) for one, charger in waiting if _is_steered(one)]
    if not steered:
        return list(given)
    unsteered = [(one.observation, charger) for one, charger in waiting if not _is_steered(one)]
    windows = _windows(cars, steered, unsteered, slot)
    return [
        replace(
            one,
            observation=replace(
                one.observation,
                ev_chargers=tuple(
                    replace(charger, windows=windows.get(charger.id)) for charger in one.observation.ev_chargers
                ),
            ),
        )
        if one.observation.ev_chargers
        else one
        for one in given
    ]


def cars_of(given: Sequence[Assignment], street: Street, slot: Slot) -> Cars:
    """What the whole street is expected to take, homes without an agent too."""
    ahead = len(given[0].observation.net_load_wh)
    loads = {one.observation.household_id: one.observation.net_load_wh for one in given}
    for home, forecast in street.forecasts.items():
        if home not in loads:
            loads[home] = net_load_ahead(forecast, slot, ahead)
    places = _places(slot.community_id, feeder_of(slot.community))
    return Cars(tuple(loads), np.array(list(loads.values()), dtype=np.int32), places)


def _waiting(given: Sequence[Assignment]) -> list[tuple[Assignment, EvCharger]]:
    """Cars that wait for energy and have time for it."""
    return [
        (one, charger)
        for one in given
        for charger in one.observation.ev_chargers
        if charger.plugged_in and charger.need_wh and slots_left(one.observation, charger)
    ]


def _is_steered(one: Assignment) -> bool:
    """Whether the home's agent decides when its car charges."""
    return one.observation.trades and one.standing.level != "self_consumption"


def _windows(
    cars: Cars, steered: Sequence[Waiting], unsteered: Sequence[Waiting], slot: Slot
) -> dict[int, CarWindows]:
    feeder = feeder_of(slot.community)
    slots = max(slots_left(seen, charger) for seen, charger in steered)
    slots = min(slots, *(len(seen.net_load_wh) for seen, _ in steered))
    minutes, places = steered[0][0].slot_minutes, cars.places
    loads_w = _loads_w(feeder, cars, slots, minutes)
    for seen, charger in unsteered:
        node, phase = places[seen.household_id]
        loads_w[:, feeder.index[node]] += _at_once_w(charger, slots, minutes)[:, None] * SHARES[phase]
    takers = [Taker(*places[seen.household_id], float(charger.charge_w)) for seen, charger in steered]
    room = room_left(feeder, loads_w, takers, slot.import_limit_w)
    return charging_windows([_car(seen, charger, slots) for seen, charger in steered], room, minutes)


def _car(seen: Observation, charger: EvCharger, slots: int) -> Car:
    """A car with what its home expects to pay in each slot."""
    prices = tuple(
        block.surplus if block.net_wh < 0 else block.buy for block in horizon(seen, 0) for _ in range(block.slots)
    )
    until = min(slots_left(seen, charger), slots)
    return Car(charger.id, charger.charge_w, charger.need_wh, 0, until, prices[:slots])


def _places(community_id: int, feeder: Feeder) -> dict[int, Place]:
    """Node and phase of every home; without a node it stands at the root, without a phase on the assumed one."""
    rows = Household.objects.filter(community_id=community_id)
    homes = [
        Home(pk, node or "", phase, watts)
        for pk, node, phase, watts in rows.values_list("pk", "node__code", "phase", "contracted_w")
    ]
    phases = assumed_phases(homes)
    return {home.id: (home.node or feeder.root, phases[home.id]) for home in homes}


def _loads_w(feeder: Feeder, cars: Cars, slots: int, minutes: int) -> Floats:
    """Expected net load, W, `[slot, node, phase]`."""
    net_w = cars.net_load_wh[:, :slots].astype(float) * 60 / minutes
    nodes = np.array([feeder.index[cars.places[home][0]] for home in cars.homes])
    shares = np.array([SHARES[cars.places[home][1]] for home in cars.homes])
    loads_w = np.zeros((len(feeder.nodes), net_w.shape[1], 3))
    np.add.at(loads_w, nodes, net_w[:, :, None] * shares[:, None, :])
    return np.ascontiguousarray(loads_w.transpose(1, 0, 2))


def _at_once_w(charger: EvCharger, slots: int, minutes: int) -> Floats:
    """Power of a car that nobody steers, W in each slot: full until its need is met."""
    taken_wh = np.minimum(charger.charge_w * minutes / 60 * np.arange(1, slots + 1), charger.need_wh)
    return np.asarray(np.diff(taken_wh, prepend=0.0) * 60 / minutes)
