"""What each home's agent may look at before it orders, gathered for a whole community at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from community.models import Community, Device, DeviceState
from community.queries import active_households, devices_of
from community.tariff_book import TariffBook
from community.tariffs import is_off_peak_day
from market.agents import Mandate as MandateTerms
from market.agents import Observation, local_times
from market.agents.fallback import Health, Standing, standing
from market.agents.policy.weights import Weights
from market.models import Forecast, Mandate, Slot
from market.queries.flows import usual_cars
from market.queries.health import community_health, silent_minutes
from market.queries.known_devices import KnownDevices, known_devices, under_rules
from market.queries.mandates import mandate_terms, mandates_at
from market.queries.policies import knows_its_street, policy_of

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

    `cars_wh` is what its cars usually take in each local hour of a week, `followed` the learned weights by home.
    """

    homes: tuple[int, ...]
    mandates: dict[int, Mandate]
    terms: dict[int, MandateTerms]
    stores: dict[int, list[Device]]
    forecasts: dict[int, Forecast]
    tariffs: TariffBook
    health: Health
    cars_wh: NDArray[np.float64]
    followed: dict[int, Weights]


def read_street(community: Community, start: datetime, at: datetime, like: Street | None = None) -> Street:
    """The street as known at `at`; forecasts are those that cover the slot at `start`.

    Devices, tariffs and what the street's policy knows are read as they are now: who goes through a day asks for
    them once, and goes on from the street that was answered before (`like`).
    """
    homes = [home.pk for home in active_households(community.pk)] if like is None else list(like.stores)
    mandates = mandates_at(homes, at)
    stores = stores_of(homes) if like is None else like.stores
    forecasts = _forecasts(homes, start, at)
    return Street(
        homes=tuple(home for home in homes if home in mandates),
        mandates=mandates,
        terms={home: mandate_terms(mandate) for home, mandate in mandates.items()},
        stores=stores,
        forecasts=forecasts,
        tariffs=TariffBook(community) if like is None else like.tariffs,
        health=replace(
            community_health(community, forecasts.values(), at),
            top="policy",
            tariffs_known=knows_its_street(community.pk) if like is None else like.health.tariffs_known,
        ),
        cars_wh=usual_cars([device for devices in stores.values() for device in devices], community.zone.key, at),
        followed=policy_of(community.pk, homes, at),
    )


def stores_of(homes: Sequence[int]) -> dict[int, list[Device]]:
    """Batteries, chargers and steered loads of each home."""
    owned = devices_of(homes)
    return {home: [device for device in owned[home] if device.kind != Device.Kind.PV] for home in homes}


def assignments(street: Street, slot: Slot, at: datetime) -> list[Assignment]:
    """An assignment for every household that has given a mandate, by household id."""
    known = known_devices(street.stores, street.terms, street.tariffs.zone, slot, at)
    return assignments_with(known, street, slot, at)


def assignments_with(known: KnownDevices, street: Street, slot: Slot, at: datetime) -> list[Assignment]:
    """`assignments` for whoever has asked what is known of the devices."""
    standings = _standings(street, known.states, at)
    step = slot.end - slot.start
    starts = [slot.start + step * i for i in range(HORIZON // step)]
    prices = _prices_a_day_before(slot, starts)
    local = local_times(starts, street.tariffs.zone, is_off_peak_day)
    series = {}  # by contracts, which many homes share
    answer = []
    for home in street.homes:
        contracts = street.tariffs.contracts_of(home)
        if contracts not in series:
            series[contracts] = street.tariffs.series(home, starts)
        imports, feed_ins, periods = series[contracts]
        terms, zone = street.terms[home], street.tariffs.zone
        batteries, chargers, loads = under_rules(street.stores[home], terms, known, slot, zone)
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
            mandate=terms,
            batteries=batteries,
            ev_chargers=chargers,
            loads=loads,
            local=local,
        )
        answer.append(Assignment(street.mandates[home].pk, seen, standings[home]))
    return answer


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


def _prices_a_day_before(slot: Slot, starts: Sequence[datetime]) -> tuple[int | None, ...]:
    """The community's price in the same slot of the day before: the agents' guess of what is to come."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT start, price_ueur_kwh FROM market_slot WHERE community_id = %s AND start >= %s AND start < %s",
            [slot.community_id, slot.start - HORIZON, slot.start],
        )
        known = dict(cursor.fetchall())
    return tuple(known.get(start - HORIZON) for start in starts)
