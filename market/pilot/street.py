"""One hour of a pilot's street as its agents see it: the observations, guided as production guides them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast

import numpy as np

from market.agents import Car, Mandate, Observation, SimulatedHome, charging_windows
from market.agents.charging import slots_left
from market.agents.fallback import Health, Standing
from market.agents.policy.weights import Weights
from market.grid import SHARES, Taker, room_left, single_node
from market.models import Slot
from market.pilot.curves import HOUR, Floats, Year
from market.pilot.scenario import Scenario
from market.queries.agents import Assignment, Street
from market.queries.guidance import guided

HORIZON = 24
WEEK = 168
LEARNED = Standing("policy")
BANDS = ("P1", "P2", "P3")


@dataclass(frozen=True, slots=True)
class Said:
    """A forecast of one home as guidance reads it."""

    first_start: datetime
    net_load_wh: list[int]
    low_wh: tuple[int, ...] = ()
    high_wh: tuple[int, ...] = ()


class Tariffs:
    """The homes' retailer prices by the hour, asked for as production's book of contracts is."""

    def __init__(self, scenario: Scenario, year: Year) -> None:
        self.zone = year.zone
        self._year = year
        self._names = [home.tariff for home in scenario.homes]
        # Beyond the year's end its last week goes on.
        hours = year.hours + WEEK + HORIZON
        periods = [year.periods[hour if hour < year.hours else hour - WEEK] for hour in range(hours)]
        self.periods = tuple(periods)
        self._imports = {
            tariff.name: tuple(tariff.import_ueur_kwh[BANDS.index(band)] for band in periods)
            for tariff in scenario.tariffs
        }
        self._feed_ins = {tariff.name: (tariff.feed_in_ueur_kwh,) * hours for tariff in scenario.tariffs}

    def contracts_of(self, home: int) -> str:
        """Homes with the same contract have the same prices."""
        return self._names[home]

    def ahead(self, home: int, hour: int, count: int) -> tuple[tuple[int, ...], tuple[int, ...], tuple[str, ...]]:
        """Import prices, feed-in prices and periods of `count` hours from `hour` on."""
        name, span = self._names[home], slice(hour, hour + count)
        return self._imports[name][span], self._feed_ins[name][span], self.periods[span]

    def series(
        self, home: int, starts: Sequence[datetime]
    ) -> tuple[tuple[int, ...], tuple[int, ...], tuple[str, ...]]:
        """The same for hours in a row that begin at `starts`."""
        return self.ahead(home, self._year.hour_of(starts[0]), len(starts))


@dataclass(frozen=True, slots=True)
class Hour:
    """What the market knows of the slot: its hour, limits and fee."""

    start: datetime
    end: datetime
    grid_fee_ueur_kwh: int
    import_limit_w: int | None
    export_limit_w: int | None


@dataclass(eq=False, slots=True)
class PilotStreet:
    """A street that lives through the hours of a scenario; `prices` are those cleared so far, by hour."""

    scenario: Scenario
    year: Year
    tariffs: Tariffs
    weights: Weights
    mandates: tuple[Mandate, ...]
    cars_wh: Floats
    homes: list[SimulatedHome]
    prices: dict[int, int | None] = field(default_factory=dict)

    def slot(self, hour: int) -> Hour:
        """The hour as a slot."""
        start, given = self.year.start(hour), self.scenario
        return Hour(start, start + HOUR, given.grid_fee_ueur_kwh, given.import_limit_w, given.export_limit_w)

    def observations(self, hour: int) -> list[Observation]:
        """What each home's agent may look at before it orders in the hour."""
        slot, forecasts = self.slot(hour), self._forecasts(hour)
        expected = tuple(self.prices.get(hour + step - HORIZON) for step in range(HORIZON))
        seen = [self._observation(i, hour, slot, forecasts[i], expected) for i in range(len(self.homes))]
        given = [Assignment(0, one, LEARNED) for one in self._with_windows(seen, slot)]
        followed = dict.fromkeys(range(len(self.homes)), self.weights)
        street = Street(
            homes=tuple(range(len(self.homes))),
            mandates={},
            terms={},
            stores={},
            forecasts=cast(Any, forecasts),
            tariffs=cast(Any, self.tariffs),
            health=Health(),
            cars_wh=self.cars_wh,
            followed=followed,
        )
        told, _signals = guided(given, street, cast(Slot, slot), followed)
        return [one.observation for one in told]

    def _forecasts(self, hour: int) -> Mapping[int, Said]:
        ahead = np.rint(self.year.foretold_wh[:, hour]).astype(np.int64).tolist()
        start = self.year.start(hour)
        return {i: Said(start, net) for i, net in enumerate(ahead)}

    def _observation(
        self, i: int, hour: int, slot: Hour, said: Said, expected: tuple[int | None, ...]
    ) -> Observation:
        imports, feed_ins, periods = self.tariffs.ahead(i, hour, HORIZON)
        home = self.homes[i]
        return Observation(
            household_id=i,
            start=slot.start,
            slot_minutes=60,
            net_load_wh=tuple(said.net_load_wh[:HORIZON]),
            import_ueur_kwh=imports,
            feed_in_ueur_kwh=feed_ins,
            period=periods,
            price_ueur_kwh=expected,
            grid_fee_ueur_kwh=slot.grid_fee_ueur_kwh,
            mandate=self.mandates[i],
            batteries=() if home.battery is None else (home.battery,),
            ev_chargers=() if home.charger is None else (home.charger,),
        )

    def _with_windows(self, seen: Sequence[Observation], slot: Hour) -> list[Observation]:
        """The observations with the windows in which the street's cars charge among each other."""
        waiting = [
            (one, charger, slots_left(one, charger))
            for one in seen
            for charger in one.ev_chargers
            if charger.plugged_in and charger.need_wh and slots_left(one, charger)
        ]
        if not waiting:
            return list(seen)
        hours = min(max(left for _one, _charger, left in waiting), HORIZON)
        feeder = single_node()
        net_w = np.array([one.net_load_wh[:hours] for one in seen], dtype=float).sum(axis=0)
        loads_w = net_w[:, None, None] * SHARES["abc"][None, None, :]
        takers = [Taker(feeder.root, "abc", float(charger.charge_w)) for _one, charger, _left in waiting]
        room = room_left(feeder, loads_w, takers, slot.import_limit_w)
        cars = [
            Car(charger.id, charger.charge_w, charger.need_wh, 0, min(left, hours), one.import_ueur_kwh[:hours])
            for one, charger, left in waiting
        ]
        windows = charging_windows(cars, room, 60)
        steered = {one.household_id: charger for one, charger, _left in waiting}
        return [
            replace(one, ev_chargers=(replace(charger, windows=windows[charger.id]),))
            if (charger := steered.get(one.household_id)) is not None
            else one
            for one in seen
        ]


def usual_cars(scenario: Scenario, sessions: Sequence[Sequence[Any]], year: Year) -> Floats:
    """What the street's cars take in each local hour of a week on the mean, Wh, if they charge when they come."""
    usual = np.zeros(WEEK)
    weeks = year.hours / WEEK
    for home, own in zip(scenario.homes, sessions, strict=True):
        for session in own:
            local = session.arrives.astimezone(year.zone)
            hour, need = local.weekday() * 24 + local.hour, session.need_wh
            while need > 0:
                usual[hour % WEEK] += min(need, home.ev_w) / weeks
                need, hour = need - home.ev_w, hour + 1
    return usual
