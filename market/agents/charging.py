"""What a car's owner is willing to pay for charging now rather than later."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from market.agents.devices import EvCharger
from market.agents.horizon import Block
from market.agents.hours import next_local
from market.agents.mandate import Mandate
from market.agents.observation import Observation


class Charging(NamedTuple):
    """`energy_wh` (AC) that the car can take in the slot; `firm` if it must, to be ready in time.

    `willing_ueur_kwh` is the price up to which charging now beats waiting.
    """

    energy_wh: int
    firm: bool
    willing_ueur_kwh: int


def charging(seen: Observation, charger: EvCharger, blocks: Sequence[Block]) -> Charging:
    """How a charger takes part in the slot: inside its windows if it has any, else as if it were alone."""
    return in_windows(seen, charger, charging_alone(seen, charger, blocks))


def in_windows(seen: Observation, charger: EvCharger, alone: Charging) -> Charging:
    """Firm in a window, with its energy. Outside, only a neighbour's energy is a reason to charge.

    `alone` is what the car would do if nobody coordinated it; without windows it does. A car out of time that has
    no window has no room under the street's limits: it takes what its retailer can bring as far as these allow.
    """
    now = seen.import_ueur_kwh[0]
    if charger.windows is None:
        return alone
    planned_wh = min(charger.windows.energy_wh[0], alone.energy_wh)
    if planned_wh:
        return Charging(planned_wh, True, now)
    if alone.firm:
        return alone._replace(firm=False)
    return alone._replace(willing_ueur_kwh=min(alone.willing_ueur_kwh, now - 1))


def charging_alone(seen: Observation, charger: EvCharger, blocks: Sequence[Block]) -> Charging:
    """How a charger takes part in the slot if nobody coordinates it. `blocks` are the hours after the slot.

    A car that needs k more slots would use the k cheapest ahead: charging now is worth what it saves,
    the dearest of those. The less time is spare, the nearer that comes to the import price; with no spare
    slot the need is firm.

    The willingness is at most the import price. A car without a stated departure has the whole horizon.
    """
    energy_wh = charger.most_wh(seen.slot_minutes)
    if not energy_wh:
        return Charging(0, False, 0)
    needed, left = _slots_needed(seen, charger), slots_left(seen, charger)
    if left <= needed:
        return Charging(energy_wh, True, seen.import_ueur_kwh[0])
    later = _kth_cheapest(blocks, needed, left)
    haste = needed * needed
    now = seen.import_ueur_kwh[0]
    willing = later + max(now - later, 0) * haste // (left * left)
    return Charging(energy_wh, False, min(willing, now))


def must_charge(seen: Observation, charger: EvCharger) -> bool:
    """Whether a car must charge in the slot, whatever the price, to be ready in time."""
    return charger.plugged_in and charger.need_wh > 0 and slots_left(seen, charger) <= _slots_needed(seen, charger)


def as_its_owner_says(
    charger: EvCharger,
    mandate: Mandate,
    start: datetime,
    slot_minutes: int,
    zone: ZoneInfo,
    taken_wh: int | None,
) -> EvCharger:
    """The charger with what its owner's rules say for a car that is silent about it, in the slot at `start`.

    `taken_wh` (AC) is what the car has taken since it was plugged in, None if it states its need itself. Outside
    the hours in which it may charge, no car needs anything, whatever it says.
    """
    if not charger.plugged_in:
        return charger
    if taken_wh is not None and mandate.ev_target_wh is not None:
        charger = replace(charger, need_wh=max(mandate.ev_target_wh - taken_wh, 0))
    if charger.ready_by is None and mandate.ev_ready_minute is not None:
        charger = replace(charger, ready_by=next_local(start, mandate.ev_ready_minute, zone))
    return _in_its_hours(charger, mandate, start, slot_minutes, zone)


def _in_its_hours(
    charger: EvCharger, mandate: Mandate, start: datetime, slot_minutes: int, zone: ZoneInfo
) -> EvCharger:
    """A car needs nothing outside its hours; in the last before it leaves, it has to be ready by their end."""
    if mandate.ev_from_minute is None or mandate.ev_until_minute is None:
        return charger
    opens, closes = (
        next_local(start, minute, zone) for minute in (mandate.ev_from_minute, mandate.ev_until_minute)
    )
    # Within the hours the end is nearer than the next begin; a slot that they end in is none of theirs.
    if closes > opens or closes < start + timedelta(minutes=slot_minutes):
        return replace(charger, need_wh=0)
    if charger.ready_by is None or charger.ready_by > opens:
        return charger
    return replace(charger, ready_by=min(charger.ready_by, closes))


def _slots_needed(seen: Observation, charger: EvCharger) -> int:
    """Slots of full power that the car still needs."""
    return -(-charger.need_wh // max(charger.charge_w * seen.slot_minutes // 60, 1))


def slots_left(seen: Observation, charger: EvCharger) -> int:
    """Whole slots from this one on until the car leaves; the horizon if nobody said when."""
    if charger.ready_by is None:
        return len(seen.net_load_wh)
    return max((charger.ready_by - seen.start) // timedelta(minutes=seen.slot_minutes), 0)


def _kth_cheapest(blocks: Sequence[Block], needed: int, left: int) -> int:
    """Expected price of the `needed`-th cheapest slot among those before the car leaves."""
    ahead = [
        (block.surplus if block.net_wh < 0 else block.buy, min(block.slots, left - block.first))
        for block in blocks
        if block.first < left
    ]
    ahead.sort()
    for price, slots in ahead:
        needed -= slots
        if needed <= 0:
            return price
    return ahead[-1][0] if ahead else 0
