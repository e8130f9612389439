"""A simulated home: what its meter shows when its inverter and charger follow their set-points.

All energy is integer Wh and conserved: made + import + given = load + car + export + taken at the AC side,
where a battery stores less than it takes and loses more than it gives.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from market.agents.devices import Battery, EvCharger
from market.agents.sessions import EvSession


@dataclass(frozen=True, slots=True)
class Metered:
    """A slot's energy (Wh, AC): at the meter, into the battery (− out) and the car, out of the panels; the home
    after it.
    """

    import_wh: int
    export_wh: int
    battery_wh: int
    car_wh: int
    made_wh: int
    home: "SimulatedHome"


@dataclass(frozen=True, slots=True)
class SimulatedHome:
    """A home at the start of a slot: its battery and its charger as they stand, if it has them."""

    battery: Battery | None = None
    charger: EvCharger | None = None
    slot_minutes: int = 15

    def with_car(self, session: EvSession | None) -> "SimulatedHome":
        """The home with the session's car at its charger (as it was, if already there), or with none."""
        if self.charger is None:
            return self
        if session is None:
            return replace(self, charger=replace(self.charger, plugged_in=False, need_wh=0, ready_by=None))
        if self.charger.plugged_in and self.charger.ready_by == session.leaves:
            return self
        arrived = replace(self.charger, plugged_in=True, need_wh=session.need_wh, ready_by=session.leaves)
        return replace(self, charger=arrived)

    def step(
        self,
        *,
        load_wh: int,
        pv_wh: int,
        set_points: Mapping[int, int],
        scheduled_net_wh: int | None = None,
        reserve_pct: int = 10,
        curtailed_wh: int = 0,
    ) -> Metered:
        """Run one slot with the actual `load_wh` and `pv_wh` (Wh, not negative).

        `set_points` are AC energies by device id; a charger without one charges at full power. The battery
        follows its own as `scheduled_net_wh` (forecast plus set-points) corrects it for load and sun as they
        turned out, within power, state of charge and `reserve_pct`; without a schedule it covers the home's
        own need. `curtailed_wh` of PV is held back.
        """
        car_wh, charger = self._charge_car(set_points)
        made_wh = max(pv_wh - max(curtailed_wh, 0), 0)
        net_wh = load_wh - made_wh + car_wh
        battery_wh = 0
        battery = self.battery
        if battery is not None:
            set_point = set_points.get(battery.id, 0)
            wanted_wh = _aim(net_wh, set_point, scheduled_net_wh or 0) - net_wh
            least_wh = -battery.most_discharge_wh(self.slot_minutes, battery.held_wh(reserve_pct))
            battery_wh = min(max(wanted_wh, least_wh), battery.most_charge_wh(self.slot_minutes))
            battery = replace(battery, soc_wh=battery.soc_wh + battery.stored_wh(battery_wh))
        net_wh += battery_wh
        after = replace(self, battery=battery, charger=charger)
        return Metered(max(net_wh, 0), max(-net_wh, 0), battery_wh, car_wh, made_wh, after)

    def _charge_car(self, set_points: Mapping[int, int]) -> tuple[int, EvCharger | None]:
        charger = self.charger
        if charger is None:
            return 0, None
        most_wh = charger.most_wh(self.slot_minutes)
        car_wh = min(max(set_points.get(charger.id, most_wh), 0), most_wh)
        return car_wh, replace(charger, need_wh=charger.need_wh - car_wh)


def _aim(net_wh: int, set_point_wh: int, scheduled_net_wh: int) -> int:
    """The net energy (Wh) that the inverter aims at, if the home without its battery takes `net_wh`.

    Where the battery is the one that trades, or only balances the home, it keeps the schedule. Elsewhere it
    keeps its set-point and lets the meter stray, but not past zero: to empty a battery so that a forecast
    surplus reaches the retailer after all, or to fill it from the grid under an unforeseen sun, would serve
    nobody.
    """
    if scheduled_net_wh == 0 or set_point_wh * scheduled_net_wh > 0:
        return scheduled_net_wh
    if scheduled_net_wh < 0:
        return min(net_wh + set_point_wh, 0)
    return max(net_wh + set_point_wh, 0)
