"""How much a device may take and give in a slot: its own limits and its owner's together."""

from collections.abc import Sequence
from typing import NamedTuple

from market.agents.charging import must_charge
from market.agents.devices import PPM, Battery, EvCharger
from market.agents.horizon import Block
from market.agents.mandate import Mandate
from market.agents.observation import Observation
from market.agents.value import CAUTION_PCT


class Bounds(NamedTuple):
    """AC energy of a device in one slot (Wh, + takes, − gives): from the first to the second."""

    least_wh: int
    most_wh: int


def battery_bounds(seen: Observation, battery: Battery) -> Bounds:
    """Within power and state of charge; giving also within the reserve and the day's cycles."""
    least_wh = -battery.most_discharge_wh(seen.slot_minutes, battery.held_wh(seen.mandate.held_pct))
    left_wh = left_today_wh(seen.mandate, battery)
    if left_wh is not None:
        least_wh = max(least_wh, -left_wh)
    return Bounds(least_wh, battery.most_charge_wh(seen.slot_minutes))


def fills_from_grid(seen: Observation) -> bool:
    """Whether a battery may be filled at the retailer's price in the slot."""
    return seen.mandate.grid_charge and seen.terms[0].max_buy_ueur_kwh >= seen.import_ueur_kwh[0]


def charger_bounds(seen: Observation, charger: EvCharger) -> Bounds:
    """What a car can take, and what it must to be ready in time: in windows, what these give it."""
    most_wh = charger.most_wh(seen.slot_minutes)
    if charger.windows is not None:
        return Bounds(min(charger.windows.energy_wh[0], most_wh), most_wh)
    return Bounds(most_wh if must_charge(seen, charger) else 0, most_wh)


def left_today_wh(mandate: Mandate, battery: Battery) -> int | None:
    """AC energy (Wh) that the battery may still give this local day; None if its owner sets no limit.

    >>> battery = Battery(1, 10_000, 5_000, 5_000, 950_000, 5_000, given_today_wh=4_000)
    >>> left_today_wh(Mandate(cycles_tenths=5), battery)  # half of 10 kWh stored is 4.75 kWh at the AC side
    750
    """
    if mandate.cycles_tenths is None:
        return None
    return max(day_wh(mandate.cycles_tenths, battery) - battery.given_today_wh, 0)


def day_wh(cycles_tenths: int, battery: Battery) -> int:
    """AC energy (Wh) that a battery gives in so many tenths of a full cycle."""
    return battery.capacity_wh * cycles_tenths * battery.efficiency_ppm // (10 * PPM)


def cycle_price(left_wh: int | None, battery: Battery, blocks: Sequence[Block]) -> int:
    """What giving a kWh (AC) must bring now (µ€/kWh) if `left_wh` is all that may be given in `blocks`, too.

    Those hours, the dearest first, take what may still be given; the last of them that gets any sets the price.
    It is 0 if there is enough for all, or no limit (None). `blocks` hold the battery's own share of the net load.
    """
    if left_wh is None:
        return 0
    chances: list[tuple[int, int]] = []
    for block in blocks:
        power_wh = battery.discharge_w * block.minutes // 60
        need_wh = min(max(block.net_wh, 0), power_wh)
        chances.append((block.buy, need_wh))
        if block.sale is not None:
            chances.append((block.sale, power_wh - need_wh))
    for price, energy_wh in sorted(chances, reverse=True):
        left_wh -= energy_wh
        if left_wh <= 0 and energy_wh:
            return price * 100 // CAUTION_PCT  # a use to come is worth a little less than one now, as elsewhere
    return 0
