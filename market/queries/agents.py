"""What each home's agent may look at before it orders, gathered for a whole community at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from community.models import Community, Device, DeviceState
from community.queries import active_households, devices_of, latest_states
from community.tariff_book import TariffBook
from community.tariffs import is_off_peak_day, local_day
from market.agents import Battery, Curtailable, EvCharger, Observation, as_its_owner_says, local_times
from market.agents import Mandate as MandateTerms
from market.agents.fallback import Health, Standing, standing
from market.models import Forecast, Mandate, Slot
from market.queries.flows import Moved, moved_since, silent_since, usual_cars
from market.queries.health import community_health, silent_minutes
from market.queries.mandates import mandate_terms, mandates_at
from market.queries.policies import knows_its_street

HORIZON = timedelta(hours=24)
# A forecast older than this is worse than none.
STALE_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Assignment:
    """One household's observation, the mandate version that its orders will cite, and the level that decides."""

    mandate_id: int
    observation: Observation
    standing: Standing


@dataclass(frozen=True, slots=True)
class Street:
    """What changes seldom, as known at one instant: homes, mandates, devices, tariffs, forecasts, their health.

    `cars_wh` is what its cars usually take in each local hour of a week.
    """

    homes: tuple[int, ...]
    mandates: dict[int, Mandate]
    terms: dict[int, MandateTerms]
    stores: dict[int, list[Device]]
    forecasts: dict[int, Forecast]
    tariffs: TariffBook
    health: Health
    cars_wh: NDArray[np.float64]

    @property
    def store_ids(self) -> list[int]:
        """Batteries and chargers of all homes."""
        return [device.pk for devices in self.stores.values() for device in devices]


def read_street(community: Community, start: datetime, at: datetime) -> Street:
    """The street as known at `at`; forecasts are those that cover the slot at `start`."""
    homes = [home.pk for home in active_households(community.pk)]
    mandates = mandates_at(homes, at)
    owned = devices_of(homes)
    forecasts = _forecasts(homes, start, at)
    return Street(
        homes=tuple(home for home in homes if home in mandates),
        mandates=mandates,
        terms={home: mandate_terms(mandate) for home, mandate in mandates.items()},
        stores={home: [d for d in owned[home] if d.kind != Device.Kind.PV] for home in homes},
        forecasts=forecasts,
        tariffs=TariffBook(community),
        health=replace(
            community_health(community, forecasts.values(), at),
            top="policy",
            tariffs_known=knows_its_street(community.pk),
        ),
        cars_wh=usual_cars([device for devices in owned.values() for device in devices], community.zone.key, at),
    )


def assignments(street: Street, slot: Slot, at: datetime) -> list[Assignment]:
    """An assignment for every household that has given a mandate, by household id."""
    states = latest_states(street.store_ids, at)
    standings = _standings(street, states, at)
    step = slot.end - slot.start
    starts = [slot.start + step * i for i in range(HORIZON // step)]
    prices = _prices_a_day_before(slot, starts)
    local = local_times(starts, street.tariffs.zone, is_off_peak_day)
    devices = _devices(street, slot, states, at)
    series = {}  # by contracts, which many homes share
    answer = []
    for home in street.homes:
        contracts = street.tariffs.contracts_of(home)
        if contracts not in series:
            series[contracts] = street.tariffs.series(home, starts)
        imports, feed_ins, periods = series[contracts]
        batteries, chargers, loads = devices[home]
        seen = Observation(
            household_id=home,
            start=slot.start,
            slot_minutes=step // timedelta(minutes=1),
            net_load_wh=net_load_ahead(street.forecasts.get(home), slot, len(starts)),
            import_ueur_kwh=imports,
            feed_in_ueur_kwh=feed_ins,
            period=periods,
            price_ueur_kwh=prices,
            grid_fee_ueur_kwh=slot.grid_fee_ueur_kwh,
            mandate=street.terms[home],
            batteries=batteries,
            ev_chargers=chargers,
            loads=loads,
            local=local,
        )
        answer.append(Assignment(street.mandates[home].pk, seen, standings[home]))
    return answer


def _devices(
    street: Street, slot: Slot, states: dict[int, DeviceState], at: datetime
) -> dict[int, tuple[tuple[Battery, ...], tuple[EvCharger, ...], tuple[Curtailable, ...]]]:
    """Batteries, chargers and loads that reported lately, by home, as they should stand when the slot starts."""
    running = _running_set_points(slot, states)
    moved = _moved(street, slot, states, at)
    answer = {}
    for home in street.homes:
        own = [device for device in street.stores[home] if device.pk in states]
        batteries = [_battery(d, states[d.pk], running, moved.get(d.pk)) for d in own if d.kind == "battery"]
        chargers, minutes = [], (slot.end - slot.start) // timedelta(minutes=1)
        for device in own:
            if device.kind != "ev_charger":
                continue
            taken_wh = moved[device.pk].taken_wh if device.pk in moved else None
            charger = _charger(device, states[device.pk], running)
            zone = street.tariffs.zone
            chargers.append(as_its_owner_says(charger, street.terms[home], slot.start, minutes, zone, taken_wh))
        loads = [_load(device, states[device.pk], slot) for device in own if device.kind == Device.Kind.LOAD]
        answer[home] = (tuple(batteries), tuple(chargers), tuple(loads))
    return answer


def _load(device: Device, state: DeviceState, slot: Slot) -> Curtailable:
    """A load as it last wished to run: so much a quarter of an hour, within its power."""
    minutes = (slot.end - slot.start) // timedelta(minutes=1)
    wish_wh = state.need_wh * minutes // 15 if state.plugged_in else 0
    most_wh = (device.charge_w or 0) * minutes // 60
    return Curtailable(device.pk, min(wish_wh, most_wh), device.worth_ueur_kwh or 0)


def _standings(street: Street, states: dict[int, DeviceState], at: datetime) -> dict[int, Standing]:
    """The level on which each home decides: the community's, or a lower one if its own battery fell silent."""
    common = standing(street.health)
    mute = {
        device.pk: home
        for home, devices in street.stores.items()
        for device in devices
        if device.kind == Device.Kind.BATTERY and device.pk not in states
    }
    answer = dict.fromkeys(street.homes, common)
    for device, minutes in silent_minutes(list(mute), at).items():
        answer[mute[device]] = standing(replace(street.health, battery_minutes=minutes))
    return answer


def _forecasts(homes: Sequence[int], start: datetime, at: datetime) -> dict[int, Forecast]:
    """The newest forecast of each home."""
    newest = (
        Forecast.objects.filter(
            household__in=homes, issued_at__gt=at - STALE_AFTER, issued_at__lte=at, first_start__lte=start
        )
        .order_by("household_id", "-issued_at")
        .distinct("household_id")
        .defer("load_wh", "pv_wh", "median_wh")
    )
    return {forecast.household_id: forecast for forecast in newest}


def net_load_ahead(forecast: Forecast | None, slot: Slot, length: int) -> tuple[int, ...]:
    """A forecast from the slot on; slots beyond its end repeat what it says of a day earlier, none means zero."""
    if forecast is None:
        return (0,) * length
    skip = (slot.start - forecast.first_start) // (slot.end - slot.start)
    known = forecast.net_load_wh[skip : skip + length]
    return tuple((known * -(-length // len(known)))[:length]) if known else (0,) * length


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


def _moved(street: Street, slot: Slot, states: dict[int, DeviceState], at: datetime) -> dict[int, Moved]:
    """What a mandate counts: batteries with a limit of cycles today, silent cars since they were plugged in."""
    midnight, _ = local_day(slot.start.astimezone(street.tariffs.zone).date(), street.tariffs.zone)
    since: dict[int, datetime] = {}
    cars: list[int] = []
    for home in street.homes:
        terms = street.terms[home]
        for device in street.stores[home]:
            if device.kind == Device.Kind.BATTERY and terms.cycles_tenths is not None:
                since[device.pk] = midnight
            elif device.kind == Device.Kind.EV_CHARGER and terms.ev_target_wh is not None:
                state = states.get(device.pk)
                cars += [device.pk] if state is not None and state.plugged_in and not state.need_wh else []
    return moved_since(slot, at, since | silent_since(cars, at))


def _battery(device: Device, state: DeviceState, running: dict[int, int], today: Moved | None) -> Battery:
    """A battery as it should stand when the slot starts: its last report plus what is under way."""
    asked_wh = running.get(device.pk, 0)
    efficiency = device.efficiency_ppm or 1_000_000
    stored_wh = asked_wh * efficiency // 1_000_000 if asked_wh > 0 else asked_wh * 1_000_000 // efficiency
    return Battery(
        id=device.pk,
        capacity_wh=device.capacity_wh or 0,
        charge_w=device.charge_w or 0,
        discharge_w=device.discharge_w or 0,
        efficiency_ppm=efficiency,
        soc_wh=min(max((state.soc_wh or 0) + stored_wh, 0), device.capacity_wh or 0),
        given_today_wh=0 if today is None else today.given_wh,
    )


def _charger(device: Device, state: DeviceState, running: dict[int, int]) -> EvCharger:
    return EvCharger(
        id=device.pk,
        charge_w=device.charge_w or 0,
        plugged_in=state.plugged_in,
        need_wh=max(state.need_wh - running.get(device.pk, 0), 0),
        ready_by=state.ready_by,
    )


def _prices_a_day_before(slot: Slot, starts: Sequence[datetime]) -> tuple[int | None, ...]:
    """The community's price in the same slot of the day before: the agents' guess of what is to come."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT start, price_ueur_kwh FROM market_slot WHERE community_id = %s AND start >= %s AND start < %s",
            [slot.community_id, slot.start - HORIZON, slot.start],
        )
        known = dict(cursor.fetchall())
    return tuple(known.get(start - HORIZON) for start in starts)
