"""The demo's simulated homes: real curves, and a battery and a car that follow the market's plan."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from community.demo import neighbourhood
from community.demo.homes import curves
from community.demo.neighbourhood import DemoHome
from community.models import Community, Device, Household
from community.queries import devices_of, latest_states
from market.agents import Battery, EvCharger, SimulatedHome, session_at
from market.agents.home import Metered
from market.demo.following import follow

SEED = 20_26
START_SOC_PCT = 50
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Report:
    """What a home says after a slot, in the words of the API."""

    readings: list[dict[str, Any]]
    states: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Heard:
    """The suggestion for one slot, as far as the home follows it; without any the home looks after itself."""

    start: datetime
    energy_wh: dict[int, int]
    held_back_wh: int = 0
    scheduled_net_wh: int | None = None


@dataclass(slots=True)
class DemoNeighbour:
    """One simulated home, its state after the last slot and the reports not delivered yet."""

    name: str
    household_id: int
    metering_point: str
    facts: DemoHome
    home: SimulatedHome
    zone: ZoneInfo
    reserve_pct: int = 100  # what the battery keeps, as last told; until told, everything
    outbox: list[Report] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)  # not delivered yet
    _heard: Heard | None = None
    _curves: dict[datetime, tuple[list[int], list[int]]] = field(default_factory=dict)

    def hear(self, start: datetime, plan: Mapping[str, Any] | None) -> None:
        """Take the suggestion for the slot at `start`: decide here what of it is safe, and keep the answers."""
        self._heard = None
        if plan is None:
            return
        self.reserve_pct = plan["reserve_pct"]
        if "version" not in plan:
            return
        at_home = self.home.with_car(session_at(SEED, self.facts.curve, start, self.zone))
        followed = follow(at_home, plan, self.reserve_pct, start.isoformat())
        panels = {asked["device"] for asked in plan["devices"] if asked["kind"] == Device.Kind.PV}
        self._heard = Heard(
            start,
            {device: wh for device, wh in followed.energy_wh.items() if device not in panels},
            sum(wh for device, wh in followed.energy_wh.items() if device in panels),
            plan["scheduled_net_wh"],
        )
        self.answers += followed.answers

    def live(self, start: datetime) -> Report:
        """Consume, produce and follow what was heard for one slot; unheard, the home looks after itself."""
        load_wh, pv_wh = self._curve(start)
        at_home = self.home.with_car(session_at(SEED, self.facts.curve, start, self.zone))
        heard = self._heard if self._heard is not None and self._heard.start == start else Heard(start, {})
        metered = at_home.step(
            load_wh=load_wh,
            pv_wh=pv_wh,
            set_points=heard.energy_wh,
            scheduled_net_wh=heard.scheduled_net_wh,
            reserve_pct=self.reserve_pct,
            curtailed_wh=heard.held_back_wh,
        )
        end = start + timedelta(minutes=self.home.slot_minutes)
        self.home = metered.home.with_car(session_at(SEED, self.facts.curve, end, self.zone))
        return Report(_readings(start, metered, panels=self.facts.pv_w > 0), _states(end, metered, self.home))

    def _curve(self, start: datetime) -> tuple[int, int]:
        """Load and sun of one slot, Wh; a day of curves is drawn at a time."""
        midnight = start.replace(hour=0, minute=0)
        if midnight not in self._curves:
            slots = A_DAY // timedelta(minutes=self.home.slot_minutes)
            self._curves = {midnight: curves(self.facts.curve, midnight, slots)}
        load, sun = self._curves[midnight]
        i = (start - midnight) // timedelta(minutes=self.home.slot_minutes)
        return load[i], sun[i] if self.facts.pv_w else 0


def neighbours(community: Community, at: datetime) -> list[DemoNeighbour]:
    """The street's homes as their devices last reported before `at`; fresh devices start half full."""
    households = Household.objects.filter(community=community).prefetch_related("metering_points").order_by("pk")
    devices = devices_of(household.pk for household in households)
    states = latest_states([device.pk for own in devices.values() for device in own], at)
    facts = {home.name: home for home in neighbourhood.HOMES}
    zone = community.zone
    return [
        DemoNeighbour(
            name=household.name,
            household_id=household.pk,
            metering_point=str(household.metering_points.all()[0].public_id),
            facts=facts[household.name],
            home=SimulatedHome(
                battery=next(
                    (_battery(d, states.get(d.pk)) for d in devices[household.pk] if d.kind == "battery"),
                    None,
                ),
                charger=next(
                    (_charger(d, states.get(d.pk)) for d in devices[household.pk] if d.kind == "ev_charger"),
                    None,
                ),
                slot_minutes=community.slot_minutes,
            ),
            zone=zone,
        )
        for household in households
        if household.name in facts
    ]


def _battery(device: Device, state: Any) -> Battery:
    capacity = device.capacity_wh or 0
    soc_wh = capacity * START_SOC_PCT // 100 if state is None else state.soc_wh or 0
    return Battery(
        device.pk, capacity, device.charge_w or 0, device.discharge_w or 0, device.efficiency_ppm or 0, soc_wh
    )


def _charger(device: Device, state: Any) -> EvCharger:
    charger = EvCharger(device.pk, device.charge_w or 0)
    if state is None:
        return charger
    return replace(charger, plugged_in=state.plugged_in, need_wh=state.need_wh, ready_by=state.ready_by)


def _readings(start: datetime, metered: Metered, *, panels: bool) -> list[dict[str, Any]]:
    """What the home's meters say of the slot: the connection's, and where there are panels their own."""
    counted = {"import": metered.import_wh, "export": metered.export_wh}
    if panels:
        counted["generation"] = metered.made_wh
    instant = start.isoformat()
    return [{"channel": channel, "start": instant, "energy_wh": wh} for channel, wh in counted.items()]


def _states(end: datetime, metered: Metered, home: SimulatedHome) -> list[dict[str, Any]]:
    """What battery and car say at the end of the slot, with the energy that their own meters counted in it."""
    states: list[dict[str, Any]] = []
    if home.battery is not None:
        states.append(
            {
                "device": home.battery.id,
                "at": end.isoformat(),
                "energy_wh": metered.battery_wh,
                "soc_wh": home.battery.soc_wh,
            }
        )
    if home.charger is not None:
        car = home.charger
        states.append(
            {
                "device": car.id,
                "at": end.isoformat(),
                "energy_wh": metered.car_wh,
                "plugged_in": car.plugged_in,
                "need_wh": car.need_wh,
                "ready_by": car.ready_by.isoformat() if car.ready_by else None,
            }
        )
    return states
