"""What all agents of a street are told before they order, and what it comes to at each home."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np

from market.agents.charging import slots_left
from market.agents.planner import Store
from market.agents.policy.ahead import HOURS, ahead_of
from market.agents.policy.guide import BatteryGuide, Guided, Kept, Message, battery_guides, car_worths
from market.agents.policy.signals import FEATURES, Scale, now, scale_of, signals
from market.agents.policy.signals import HOURS as CAR_HOURS
from market.agents.policy.weights import Weights
from market.agents.rungs import Floats
from market.models import Forecast, Slot
from market.queries.agents import Assignment, Street
from market.queries.flows import WEEK_HOURS

HOUR = timedelta(hours=1)
NEARLY = 0.9  # of what the street may take; forecasts miss
UNSURE = 1.2  # how wide the band of a forecast without one is taken to be, in its own size


def guided(
    given: Sequence[Assignment], street: Street, slot: Slot, followed: Mapping[int, Weights]
) -> tuple[list[Assignment], dict[str, Any] | None]:
    """The assignments with what the street's signals come to at each home, and the signals as they are published.

    `followed` are the weights by household; homes without any get no guidance. Without a forecast there is none.
    """
    if not street.forecasts:
        return list(given), None
    message = _message(given, street, slot)
    found: dict[int, Guided] = {}
    for weights in {id(one): one for one in followed.values()}.values():
        homes = [one for one in given if followed.get(one.observation.household_id) is weights]
        found |= _by_home(homes, message, weights, street)
    answer = [
        replace(one, observation=replace(one.observation, guided=found.get(one.observation.household_id)))
        for one in given
    ]
    return answer, _published(message, {weights.digest for weights in followed.values()})


def _message(given: Sequence[Assignment], street: Street, slot: Slot) -> Message:
    """What the street expects, and what it needs of its batteries in this slot."""
    minutes = (slot.end - slot.start) // timedelta(minutes=1)
    batteries = [battery for one in given for battery in one.observation.batteries]
    cars = [charger for one in given for charger in one.observation.ev_chargers if charger.plugged_in]
    reserved = sum(
        battery.held_wh(one.observation.mandate.held_pct) for one in given for battery in one.observation.batteries
    )
    capacity = float(sum(battery.capacity_wh for battery in batteries))
    limit = float("inf") if slot.import_limit_w is None else float(slot.import_limit_w)
    store = Store(
        usable_wh=max(capacity - reserved, 0.0),
        power_w=float(sum(battery.discharge_w for battery in batteries)),
        efficiency=_mean([battery.efficiency_ppm / 1e6 for battery in batteries], 1.0),
        import_limit_w=limit,
        export_limit_w=float("inf") if slot.export_limit_w is None else float(slot.export_limit_w),
    )
    scale = scale_of(capacity, len(street.homes), limit)
    prices, unit, in_slot = _prices(street, slot)
    net, width = _expected(list(street.forecasts.values()), slot)
    ahead = ahead_of(net, width, _cars_ahead(street, slot), prices, minutes)
    told = signals(store, ahead, np.array([in_slot]), np.array([unit]), scale)
    net_now = float(sum(one.observation.net_load_wh[0] for one in given)) * 60 / minutes
    lived = _lived(batteries, sum(car.need_wh for car in cars), net_now, capacity, scale)
    must_w = sum(car.windows.energy_wh[0] for car in cars if car.windows is not None) * 60 / minutes
    return Message.of(told, lived, *_needed(given, slot, net_now + must_w, minutes))


def _needed(given: Sequence[Assignment], slot: Slot, net_w: float, minutes: int) -> tuple[float, float]:
    """Shares of what all batteries can give and take that keep the street to its limits, as forecast."""
    gives = takes = 1
    for one in given:
        for battery in one.observation.batteries:
            gives += battery.most_discharge_wh(minutes, battery.held_wh(one.observation.mandate.held_pct))
            takes += battery.most_charge_wh(minutes)
    short_w = 0.0 if slot.import_limit_w is None else max(net_w - NEARLY * slot.import_limit_w, 0.0)
    spare_w = 0.0 if slot.export_limit_w is None else max(-net_w - NEARLY * slot.export_limit_w, 0.0)
    return short_w * minutes / 60 / gives, spare_w * minutes / 60 / takes


def _lived(batteries: Sequence[Any], cars_wh: int, net_wh: float, capacity_wh: float, scale: Scale) -> Floats:
    stored = sum(battery.soc_wh for battery in batteries) / max(capacity_wh, 1.0)
    return now(np.array([stored]), np.array([float(cars_wh)]), np.array([net_wh]), scale)


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


def _by_home(homes: Sequence[Assignment], message: Message, weights: Weights, street: Street) -> dict[int, Guided]:
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


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


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
