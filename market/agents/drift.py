"""How far a home's devices stand from what they were while a day that is over is lived again by other rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from market.agents.charging import as_its_owner_says
from market.agents.devices import Battery, EvCharger
from market.agents.observation import Observation


@dataclass(slots=True)
class Drift:
    """What devices have more than they had (− less), by device, Wh: stored, given since midnight (AC), and still
    needed by a car (AC). `left_wh` is what cars that do not say what they need still lack of the owner's target.

    What batteries and cars reported stays the ground: only the difference that other rules make is carried on.
    """

    stored_wh: dict[int, int] = field(default_factory=dict)
    given_wh: dict[int, int] = field(default_factory=dict)
    need_wh: dict[int, int] = field(default_factory=dict)
    left_wh: dict[int, int] = field(default_factory=dict)

    def seen(self, was: Observation, zone: ZoneInfo) -> Observation:
        """What the agent sees under the other rules, which `was` already has, at its devices as they stand now."""
        batteries = tuple(self._battery(one) for one in was.batteries)
        chargers = tuple(self._charger(one, was, zone) for one in was.ev_chargers)
        return replace(was, batteries=batteries, ev_chargers=chargers)

    def live(self, seen: Observation, before: Mapping[int, int], after: Mapping[int, int]) -> None:
        """Go on from a slot in which devices took `after` (Wh, AC; − gave) where they had taken `before`."""
        for battery in seen.batteries:
            was, now = before.get(battery.id, 0), after.get(battery.id, 0)
            _add(self.stored_wh, battery.id, battery.stored_wh(now) - battery.stored_wh(was))
            _add(self.given_wh, battery.id, max(-now, 0) - max(-was, 0))
        for charger in seen.ev_chargers:
            was, now = before.get(charger.id, 0), after.get(charger.id, 0)
            _add(self.need_wh, charger.id, was - now)
            if charger.id in self.left_wh:
                self.left_wh[charger.id] -= now

    def _battery(self, was: Battery) -> Battery:
        soc_wh = min(max(was.soc_wh + self.stored_wh.get(was.id, 0), 0), was.capacity_wh)
        # What does not fit into it, or was never in it, is not carried on.
        self.stored_wh[was.id] = soc_wh - was.soc_wh
        given_wh = max(was.given_today_wh + self.given_wh.get(was.id, 0), 0)
        return replace(was, soc_wh=soc_wh, given_today_wh=given_wh)

    def _charger(self, was: EvCharger, seen: Observation, zone: ZoneInfo) -> EvCharger:
        if not was.plugged_in:
            self.need_wh.pop(was.id, None)
            self.left_wh.pop(was.id, None)
            return was
        need_wh = max(was.need_wh + self.need_wh.get(was.id, 0), 0)
        if seen.mandate.ev_target_wh is not None:
            if was.need_wh:
                self.left_wh.setdefault(was.id, need_wh)
            need_wh = min(need_wh, self.left_wh.get(was.id, need_wh))
        now = replace(was, need_wh=max(need_wh, 0))
        return as_its_owner_says(now, seen.mandate, seen.start, seen.slot_minutes, zone, None)


def _add(sums: dict[int, int], device: int, energy_wh: int) -> None:
    sums[device] = sums.get(device, 0) + energy_wh
