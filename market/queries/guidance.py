"""What all agents of a street are told before they order, and what it comes to at each home."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import timedelta
from operator import add, sub
from typing import Any

import numpy as np

from market.agents.charging import slots_left
from market.agents.planner import Ahead, Store
from market.agents.policy.ahead import HOURS, ahead_of
from market.agents.policy.guide import BatteryGuide, Guided, Kept, Message, battery_guides, car_worths
from market.agents.policy.signals import FEATURES, now, scale_of, signals
from market.agents.policy.signals import HOURS as CAR_HOURS
from market.agents.policy.weights import Weights, planner_only
from market.agents.rungs import Floats
from market.models import Forecast, Slot
from market.queries.agents import Assignment, Street
from market.queries.flows import WEEK_HOURS

PLANNER = planner_only()
HOUR = timedelta(hours=1)
NEARLY = 0.9  # of what the street may take; forecasts miss
UNSURE = 1.2  # how wide the band of a forecast without one is taken to be, in its own size


@dataclass(frozen=True, slots=True)
class Sums:
    """What homes come to together, of which the street's signals are made: whole numbers, so that a home can be
    taken out and put back otherwise. Energies in Wh; `must_wh` is what cars are told to take in the slot.
    """

    capacity_wh: int = 0
    reserved_wh: int = 0
    discharge_w: int = 0
    batteries: int = 0
    efficiency_ppm: int = 0
    stored_wh: int = 0
    gives_wh: int = 0
    takes_wh: int = 0
    net_wh: int = 0
    need_wh: int = 0
    must_wh: int = 0

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(*map(add, astuple(self), astuple(other)))

    def __sub__(self, other: "Sums") -> "Sums":
        return Sums(*map(sub, astuple(self), astuple(other)))


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a street expects after a slot, whatever its homes' rules: the hours ahead, the mean import price of a
    week and the slot's own (µ€/kWh), and how many homes it has.
    """

    ahead: Ahead
    unit_ueur_kwh: float
    now_ueur_kwh: float
    homes: int


def guided(
    given: Sequence[Assignment], street: Street, slot: Slot, followed: Mapping[int, Weights]
) -> tuple[list[Assignment], dict[str, Any] | None]:
    """The assignments with what the street's signals come to at each home, and the signals as they are published.

    `followed` are the weights by household; homes without any get no guidance. Without a forecast there is none.
    """
    if not street.forecasts:
        return list(given), None
    message = message_of(sums_of(given), outlook_of(street, slot), slot)
    found: dict[int, Guided] = {}
    for weights in {id(one): one for one in followed.values()}.values():
        found |= _by_home(
            [one for one in given if followed.get(one.observation.household_id) is weights], message, weights
        )
    answer = [
        replace(one, observation=replace(one.observation, guided=found.get(one.observation.household_id)))
        for one in given
    ]
    return answer, _published(message, {weights.digest for weights in followed.values()})


def followed_by(given: Sequence[Assignment], street: Street) -> dict[int, Weights]:
    """The weights that each home follows; homes that may not use what was learned follow the planner alone."""
    learned = {home: street.followed[home] for home in (one.observation.household_id for one in given)}
    return learned | {one.observation.household_id: PLANNER for one in given if one.standing.level != "policy"}


def guided_alone(one: Assignment, message: Message, weights: Weights) -> Assignment:
    """One home's assignment with what the signals come to there: a home's figures are its own business."""
    found = _by_home([one], message, weights)[one.observation.household_id]
    return replace(one, observation=replace(one.observation, guided=found))


def sums_of(given: Iterable[Assignment]) -> Sums:
    """What these homes come to together."""
    found = dict.fromkeys(Sums.__slots__, 0)
    for one in given:
        seen = one.observation
        held_pct = seen.mandate.held_pct
        found["net_wh"] += seen.net_load_wh[0]
        for battery in seen.batteries:
            held_wh = battery.held_wh(held_pct)
            found["capacity_wh"] += battery.capacity_wh
            found["reserved_wh"] += held_wh
            found["discharge_w"] += battery.discharge_w
            found["batteries"] += 1
            found["efficiency_ppm"] += battery.efficiency_ppm
            found["stored_wh"] += battery.soc_wh
            found["gives_wh"] += battery.most_discharge_wh(seen.slot_minutes, held_wh)
            found["takes_wh"] += battery.most_charge_wh(seen.slot_minutes)
        for charger in seen.ev_chargers:
            if charger.plugged_in:
                found["need_wh"] += charger.need_wh
                found["must_wh"] += 0 if charger.windows is None else charger.windows.energy_wh[0]
    return Sums(**found)


def outlook_of(street: Street, slot: Slot) -> Outlook:
    """What a street with forecasts expects after the slot."""
    minutes = (slot.end - slot.start) // timedelta(minutes=1)
    prices, unit, in_slot = _prices(street, slot)
    net, width = _expected(list(street.forecasts.values()), slot)
    ahead = ahead_of(net, width, _cars_ahead(street, slot), prices, minutes)
    return Outlook(ahead, unit, in_slot, len(street.homes))


def message_of(sums: Sums, outlook: Outlook, slot: Slot) -> Message:
    """What the street expects, and what it needs of its batteries in this slot."""
    minutes = (slot.end - slot.start) // timedelta(minutes=1)
    capacity = float(sums.capacity_wh)
    limit = float("inf") if slot.import_limit_w is None else float(slot.import_limit_w)
    store = Store(
        usable_wh=max(capacity - sums.reserved_wh, 0.0),
        power_w=float(sums.discharge_w),
        efficiency=sums.efficiency_ppm / (sums.batteries * 1e6) if sums.batteries else 1.0,
        import_limit_w=limit,
        export_limit_w=float("inf") if slot.export_limit_w is None else float(slot.export_limit_w),
    )
    scale = scale_of(capacity, outlook.homes, limit)
    now_ueur_kwh, unit_ueur_kwh = np.array([outlook.now_ueur_kwh]), np.array([outlook.unit_ueur_kwh])
    told = signals(store, outlook.ahead, now_ueur_kwh, unit_ueur_kwh, scale)
    net_w = float(sums.net_wh) * 60 / minutes
    stored = sums.stored_wh / max(capacity, 1.0)
    lived = now(np.array([stored]), np.array([float(sums.need_wh)]), np.array([net_w]), scale)
    return Message.of(told, lived, *_needed(sums, slot, net_w + sums.must_wh * 60 / minutes, minutes))


def _needed(sums: Sums, slot: Slot, net_w: float, minutes: int) -> tuple[float, float]:
    """Shares of what all batteries can give and take that keep the street to its limits, as forecast."""
    short_w = 0.0 if slot.import_limit_w is None else max(net_w - NEARLY * slot.import_limit_w, 0.0)
    spare_w = 0.0 if slot.export_limit_w is None else max(-net_w - NEARLY * slot.export_limit_w, 0.0)
    return short_w * minutes / 60 / (1 + sums.gives_wh), spare_w * minutes / 60 / (1 + sums.takes_wh)


def _prices(street: Street, slot: Slot) -> tuple[tuple[Floats, Floats], float, float]:
    """The homes' mean prices in the hours after the slot, the mean import price of a week, and the slot's."""
    count = dict.fromkeys((street.tariffs.contracts_of(home) for home in street.homes), 0)
    one_of = {}
    for home in street.homes:
        contracts = street.tariffs.contracts_of(home)
        count[contracts] += 1
        one_of[contracts] = home
    hours = [slot.end + HOUR * i for i in range(WEEK_HOURS)]
    bought, fed_in, in_slot = np.zeros(WEEK_HOURS), np.zeros(WEEK_HOURS), 0.0
    for contracts, home in one_of.items():
        share = count[contracts] / len(street.homes)
        imports, feed_ins, _ = street.tariffs.series(home, hours)
        bought += share * np.array(imports)
        fed_in += share * np.array(feed_ins)
        in_slot += share * street.tariffs.series(home, [slot.start])[0][0]
    return (bought[:HOURS], fed_in[:HOURS]), float(bought.mean()), in_slot


def _expected(forecasts: Sequence[Forecast], slot: Slot) -> tuple[Floats, Floats]:
    """Net load after the slot and the width of its band, `[home, slot]`, as far as every forecast reaches."""
    step = slot.end - slot.start
    net, width = [], []
    for forecast in forecasts:
        skip = (slot.end - forecast.first_start) // step
        expected = np.array(forecast.net_load_wh[skip:], dtype=float)
        net.append(expected)
        if forecast.high_wh:
            width.append(np.array(forecast.high_wh[skip:], float) - np.array(forecast.low_wh[skip:], float))
        else:
            width.append(UNSURE * np.abs(expected))
    reach = min(len(one) for one in net)
    return np.array([one[:reach] for one in net]), np.array([one[:reach] for one in width])


def _cars_ahead(street: Street, slot: Slot) -> Floats:
    """What cars usually take in each hour after the slot, Wh, from what they have taken lately."""
    local = slot.end.astimezone(street.tariffs.zone)
    first = local.weekday() * 24 + local.hour
    return street.cars_wh[(first + np.arange(HOURS)) % WEEK_HOURS]


def _by_home(homes: Sequence[Assignment], message: Message, weights: Weights) -> dict[int, Guided]:
    """Each home's guides, all of them worked out at once."""
    if not homes:
        return {}
    minutes = homes[0].observation.slot_minutes
    batteries = [
        Kept(
            battery,
            battery.held_wh(one.observation.mandate.held_pct),
            one.observation.import_ueur_kwh[0],
            one.observation.feed_in_ueur_kwh[0],
        )
        for one in homes
        for battery in one.observation.batteries
    ]
    guides = battery_guides(message, weights, batteries, minutes)
    by_battery = {kept.battery.id: guide for kept, guide in zip(batteries, guides, strict=True)}
    chargers, prices = [], []
    for one in homes:
        for charger in one.observation.ev_chargers:
            if charger.plugged_in:
                chargers.append((charger, max(slots_left(one.observation, charger), 1)))
                prices.append(one.observation.import_ueur_kwh[:: 60 // minutes][:CAR_HOURS])
    worths = car_worths(message, weights, chargers, _padded(prices), minutes)
    by_car = {charger.id: worth for (charger, _), worth in zip(chargers, worths, strict=True)}
    return {one.observation.household_id: _guided(one, by_battery, by_car) for one in homes}


def _guided(one: Assignment, batteries: Mapping[int, BatteryGuide], cars: Mapping[int, int]) -> Guided:
    seen = one.observation
    return Guided(
        {battery.id: batteries[battery.id] for battery in seen.batteries},
        {charger.id: cars[charger.id] for charger in seen.ev_chargers if charger.plugged_in},
    )


def _padded(prices: Sequence[Sequence[int]]) -> Floats:
    """Hourly prices of equal length; beyond what is known the last goes on."""
    return np.array([[*own, *[own[-1]] * (CAR_HOURS - len(own))] for own in prices], dtype=float).reshape(
        -1, CAR_HOURS
    )


def _published(message: Message, digests: set[str]) -> dict[str, Any]:
    """The signals as anybody may read them."""
    return {
        "worth_ueur_kwh": [round(float(value)) for value in message.worth_ueur_kwh[0]],
        "unit_ueur_kwh": round(message.unit_ueur_kwh),
        "features": {
            code: round(float(value), 4) for code, value in zip(FEATURES, message.features[0], strict=True)
        },
        "weights": sorted(digests),
        "short": round(message.short, 4),
        "spare": round(message.spare, 4),
    }
