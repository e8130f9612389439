"""Batteries, chargers and loads as they should stand when a slot starts, by all that is known before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection

from community.models import Device, DeviceState
from community.queries import latest_states
from community.tariffs import local_day
from market.agents import Battery, Curtailable, EvCharger, as_its_owner_says
from market.agents import Mandate as MandateTerms
from market.models import Slot
from market.queries.flows import Moved, moved_since, silent_since

Devices = tuple[tuple[Battery, ...], tuple[EvCharger, ...], tuple[Curtailable, ...]]


@dataclass(frozen=True, slots=True)
class KnownDevices:
    """By device: its last report that is not stale, the AC energy that set-points ask of it since, and what it has
    moved as far as its owner's rules count that.
    """

    states: dict[int, DeviceState]
    running_wh: dict[int, int]
    moved: dict[int, Moved]


def known_devices(
    stores: Mapping[int, Sequence[Device]],
    terms: Mapping[int, MandateTerms],
    zone: ZoneInfo,
    slot: Slot,
    at: datetime,
) -> KnownDevices:
    """What is known at `at` of the devices and rules of each home."""
    states = latest_states([device.pk for devices in stores.values() for device in devices], at)
    running = _running_set_points(slot, states)
    return KnownDevices(states, running, _moved(stores, terms, zone, slot, states, at))


def under_rules(
    devices: Sequence[Device], terms: MandateTerms, known: KnownDevices, slot: Slot, zone: ZoneInfo
) -> Devices:
    """A home's devices that reported lately, as its owner's rules see them.

    `known` may know more of what has moved than these rules count.
    """
    own = [device for device in devices if device.pk in known.states]
    minutes = (slot.end - slot.start) // timedelta(minutes=1)
    batteries, chargers = [], []
    for device in own:
        state, running_wh = known.states[device.pk], known.running_wh.get(device.pk, 0)
        moved = known.moved.get(device.pk)
        if device.kind == Device.Kind.BATTERY:
            given_wh = 0 if moved is None or terms.cycles_tenths is None else moved.given_wh
            batteries.append(_battery(device, state, running_wh, given_wh))
        elif device.kind == Device.Kind.EV_CHARGER:
            taken_wh = None if moved is None or terms.ev_target_wh is None else moved.taken_wh
            charger = _charger(device, state, running_wh)
            chargers.append(as_its_owner_says(charger, terms, slot.start, minutes, zone, taken_wh))
    loads = [_load(device, known.states[device.pk], minutes) for device in own if device.kind == Device.Kind.LOAD]
    return tuple(batteries), tuple(chargers), tuple(loads)


def _load(device: Device, state: DeviceState, minutes: int) -> Curtailable:
    """A load as it last wished to run: so much a quarter of an hour, within its power."""
    wish_wh = state.need_wh * minutes // 15 if state.plugged_in else 0
    most_wh = (device.charge_w or 0) * minutes // 60
    return Curtailable(device.pk, min(wish_wh, most_wh), device.worth_ueur_kwh or 0)


def _running_set_points(slot: Slot, states: dict[int, DeviceState]) -> dict[int, int]:
    """AC energy that cleared set-points ask of each device between its last report and the slot's start."""
    if not states:
        return {}
    earliest = min(state.at for state in states.values())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.device_id, s.start, p.energy_wh "
            "FROM market_slot s JOIN market_setpoint p ON p.slot_id = s.id "
            "WHERE s.community_id = %s AND s.start >= %s AND s.start < %s AND p.energy_wh IS NOT NULL",
            [slot.community_id, earliest, slot.start],
        )
        rows = cursor.fetchall()
    answer: dict[int, int] = {}
    for device_id, start, energy_wh in rows:
        if device_id in states and start >= states[device_id].at:
            answer[device_id] = answer.get(device_id, 0) + energy_wh
    return answer


def _moved(
    stores: Mapping[int, Sequence[Device]],
    terms: Mapping[int, MandateTerms],
    zone: ZoneInfo,
    slot: Slot,
    states: dict[int, DeviceState],
    at: datetime,
) -> dict[int, Moved]:
    """What a mandate counts: batteries with a limit of cycles today, silent cars since they were plugged in."""
    midnight, _ = local_day(slot.start.astimezone(zone).date(), zone)
    since: dict[int, datetime] = {}
    cars: list[int] = []
    for home, rules in terms.items():
        for device in stores[home]:
            if device.kind == Device.Kind.BATTERY and rules.cycles_tenths is not None:
                since[device.pk] = midnight
            elif device.kind == Device.Kind.EV_CHARGER and rules.ev_target_wh is not None:
                state = states.get(device.pk)
                cars += [device.pk] if state is not None and state.plugged_in and not state.need_wh else []
    return moved_since(slot, at, since | silent_since(cars, at))


def _battery(device: Device, state: DeviceState, asked_wh: int, given_wh: int) -> Battery:
    """A battery as it should stand when the slot starts: its last report plus what is under way."""
    efficiency = device.efficiency_ppm or 1_000_000
    stored_wh = asked_wh * efficiency // 1_000_000 if asked_wh > 0 else asked_wh * 1_000_000 // efficiency
    return Battery(
        id=device.pk,
        capacity_wh=device.capacity_wh or 0,
        charge_w=device.charge_w or 0,
        discharge_w=device.discharge_w or 0,
        efficiency_ppm=efficiency,
        soc_wh=min(max((state.soc_wh or 0) + stored_wh, 0), device.capacity_wh or 0),
        given_today_wh=given_wh,
    )


def _charger(device: Device, state: DeviceState, asked_wh: int) -> EvCharger:
    return EvCharger(
        id=device.pk,
        charge_w=device.charge_w or 0,
        plugged_in=state.plugged_in,
        need_wh=max(state.need_wh - asked_wh, 0),
        ready_by=state.ready_by,
    )
