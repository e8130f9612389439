"""What each home's agent may look at before it orders, gathered for a whole community at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from community.models import Device, DeviceState, Household
from community.queries import TariffBook, active_households, devices_of, latest_states
from market.agents import Battery, EvCharger, Observation
from market.agents import Mandate as MandateTerms
from market.models import Forecast, Mandate, SetPoint, Slot

HORIZON = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Assignment:
    """One household's observation and the mandate version that its orders will cite."""

    mandate_id: int
    observation: Observation


def assignments(slot: Slot, at: datetime) -> list[Assignment]:
    """An assignment for every household that has given a mandate by `at`, by household id."""
    community = slot.community
    homes = active_households(community.pk)
    mandates = _mandates(homes, at)
    forecasts = _forecasts(homes, slot, at)
    devices = devices_of(home.pk for home in homes)
    stores = [device for home in homes for device in devices[home.pk] if device.kind != Device.Kind.PV]
    states = latest_states([device.pk for device in stores], at)
    running = _running_set_points(slot, states)
    tariffs = TariffBook(community.pk, ZoneInfo(community.timezone))
    step = slot.end - slot.start
    starts = [slot.start + step * i for i in range(HORIZON // step)]
    prices = _prices_a_day_before(slot, starts)
    answer = []
    for home in homes:
        if home.pk not in mandates:
            continue
        offers = tariffs.series(home.pk, starts)
        own = [device for device in devices[home.pk] if device.pk in states]
        answer.append(
            Assignment(
                mandates[home.pk].pk,
                Observation(
                    household_id=home.pk,
                    start=slot.start,
                    slot_minutes=community.slot_minutes,
                    net_load_wh=forecasts.get(home.pk, (0,) * len(starts)),
                    import_ueur_kwh=tuple(offer.import_ueur_kwh for offer in offers),
                    feed_in_ueur_kwh=tuple(offer.feed_in_ueur_kwh for offer in offers),
                    period=tuple(offer.period for offer in offers),
                    price_ueur_kwh=prices,
                    grid_fee_ueur_kwh=slot.grid_fee_ueur_kwh,
                    mandate=_terms(mandates[home.pk]),
                    batteries=tuple(_battery(d, states[d.pk], running) for d in own if d.kind == "battery"),
                    ev_chargers=tuple(
                        _charger(d, states[d.pk], running) for d in own if d.kind == "ev_charger"
                    ),
                ),
            )
        )
    return answer


def _mandates(homes: Sequence[Household], at: datetime) -> dict[int, Mandate]:
    newest = (
        Mandate.objects.filter(household__in=homes, valid_from__lte=at)
        .order_by("household_id", "-valid_from")
        .distinct("household_id")
    )
    return {mandate.household_id: mandate for mandate in newest}


def _terms(mandate: Mandate) -> MandateTerms:
    return MandateTerms(
        min_sell_ueur_kwh=mandate.min_sell_ueur_kwh,
        max_buy_ueur_kwh=mandate.max_buy_ueur_kwh,
        reserve_pct=mandate.reserve_pct,
        sell_periods=frozenset(mandate.sell_periods),
        buy_periods=frozenset(mandate.buy_periods),
        grid_charge=mandate.grid_charge,
        objective=mandate.objective,
        paused=mandate.paused,
    )


def _forecasts(homes: Sequence[Household], slot: Slot, at: datetime) -> dict[int, tuple[int, ...]]:
    """The newest forecast of each home, cut to the horizon; slots beyond its end repeat a day earlier."""
    newest = (
        Forecast.objects.filter(household__in=homes, issued_at__lte=at, first_start__lte=slot.start)
        .order_by("household_id", "-issued_at")
        .distinct("household_id")
    )
    length = HORIZON // (slot.end - slot.start)
    answer = {}
    for forecast in newest:
        skip = (slot.start - forecast.first_start) // (slot.end - slot.start)
        known = forecast.net_load_wh[skip : skip + length]
        if known:
            answer[forecast.household_id] = tuple((known * -(-length // len(known)))[:length])
    return answer


def _running_set_points(slot: Slot, states: dict[int, DeviceState]) -> dict[int, int]:
    """AC energy that cleared set-points ask of each device between its last report and the slot's start."""
    if not states:
        return {}
    earliest = min(state.at for state in states.values())
    rows = SetPoint.objects.filter(
        device__in=states,
        slot__community=slot.community_id,
        slot__start__gte=earliest,
        slot__start__lt=slot.start,
        energy_wh__isnull=False,
    )
    answer: dict[int, int] = {}
    for device_id, start, energy_wh in rows.values_list("device_id", "slot__start", "energy_wh"):
        if start >= states[device_id].at:
            answer[device_id] = answer.get(device_id, 0) + energy_wh
    return answer


def _battery(device: Device, state: DeviceState, running: dict[int, int]) -> Battery:
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
    rows = Slot.objects.filter(
        community=slot.community_id, start__gte=slot.start - HORIZON, start__lt=slot.start
    ).values_list("start", "price_ueur_kwh")
    known = dict(rows)
    return tuple(known.get(start - HORIZON) for start in starts)
