"""What a stored kWh is worth to a home now: a decreasing curve over the battery's state of charge.

The curve is exact for the forecast and the prices expected. Let V_t(s) be the best that can be made of s Wh
stored at block t. Storing, using, selling and refilling in a block each have a constant price per stored Wh,
so V_t is concave and piecewise linear, and going one block back is a sup-convolution: *put the block's own
slopes into the sorted list of slopes, then cut the list to the battery's size again* (Rockafellar, Convex
Analysis, section 5). Hence each step of the curve still knows the one future slot and price that give it its
worth.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple

from market.agents.devices import PPM, Battery
from market.agents.horizon import Block
from market.agents.observation import Observation

# A forecast may fail: energy to be stored later counts as a little dearer than energy that is here, and a
# later use as a little less than a use now. So of two equal hours the battery takes the earlier one.
CAUTION_PCT = 103
RESILIENCE_PCT = 120  # a home that wants to be safe counts a stored kWh as worth a fifth more


class ValueStep(NamedTuple):
    """`energy_wh` of stored energy that is worth `worth_ueur_kwh` because of `use` in slot number `slot`.

    `use` is need (replaces a purchase), sale, refill (saves filling it then), carry_over (left at the end)
    or reserve (the owner wants it full).
    """

    worth_ueur_kwh: int
    energy_wh: int
    slot: int
    use: str


Curve = list[ValueStep]
_worth, _energy = itemgetter(0), itemgetter(1)


@dataclass(frozen=True, slots=True)
class Outlook:
    """A battery and what its energy above `held_wh` is worth at the start of each block, and at the end.

    `blocks` hold the battery's own share of the home's net load; a worth counts `raised_pct` for its owner.
    """

    battery: Battery
    held_wh: int
    blocks: Sequence[Block]
    curves: Sequence[Curve]
    raised_pct: int

    def sides(self, block: int, soc_wh: int) -> tuple[Curve, Curve]:
        """Steps to give (nearest first) and to fill, if `soc_wh` is stored at a block's start."""
        give, fill = around(self.curves[block], soc_wh - self.held_wh)
        if self.raised_pct != 100:
            give = [step._replace(worth_ueur_kwh=step.worth_ueur_kwh * self.raised_pct // 100) for step in give]
            fill = [step._replace(worth_ueur_kwh=step.worth_ueur_kwh * self.raised_pct // 100) for step in fill]
        return give, fill


def outlooks(seen: Observation, blocks: Sequence[Block]) -> list[Outlook]:
    """An outlook for each battery; several batteries share the home's net load by their capacity."""
    total_wh = sum(battery.capacity_wh for battery in seen.batteries)
    raised_pct = RESILIENCE_PCT if seen.mandate.objective == "resilience" else 100
    answer = []
    for battery in seen.batteries:
        own = blocks
        if battery.capacity_wh != total_wh:
            own = [block._replace(net_wh=block.net_wh * battery.capacity_wh // total_wh) for block in blocks]
        held_wh = battery.held_wh(seen.mandate.held_pct)
        answer.append(Outlook(battery, held_wh, own, value_curves(battery, own, held_wh), raised_pct))
    return answer


def value_curves(battery: Battery, blocks: Sequence[Block], held_wh: int) -> list[Curve]:
    """Value curves of the energy above `held_wh` at the start of each block, and at the end: len(blocks) + 1.

    Each curve's steps have decreasing worth and add up to the battery's capacity less `held_wh`. Beyond the
    horizon the same hours are taken to come once more, so that its end is not the end of the world.
    """
    size_wh = battery.capacity_wh - held_wh
    later = blocks[-1].first + blocks[-1].slots if blocks else 0
    curve = [ValueStep(_carry_over(battery, blocks), size_wh, 2 * later, "carry_over")]
    for block in reversed(blocks):
        curve = _an_hour_before(curve, block, battery, size_wh, later)
    curves = [curve]
    for block in reversed(blocks):
        curve = _an_hour_before(curve, block, battery, size_wh, 0)
        curves.append(curve)
    curves.reverse()
    return curves


def _carry_over(battery: Battery, blocks: Sequence[Block]) -> int:
    """Worth (µ€ per stored kWh) of what is left at the end: as little as its replacement will cost."""
    costs = [block.surplus if block.net_wh < 0 else block.buy for block in blocks]
    return min(costs, default=0) * battery.efficiency_ppm // PPM


def _an_hour_before(curve: Curve, block: Block, battery: Battery, size_wh: int, shift: int) -> Curve:
    """The curve at the start of a block, from the one at its end; its slots count `shift` later."""
    charging, discharging = _options(block, battery, block.first + shift)
    if not charging and not discharging:
        return curve
    steps = curve + charging + discharging
    steps.sort(key=_worth, reverse=True)
    return _cut(steps, sum(map(_energy, charging)), size_wh)


def _options(block: Block, battery: Battery, first: int) -> tuple[Curve, Curve]:
    """What the block offers a stored Wh: ways to charge (their cost) and ways to discharge (their yield)."""
    _, _, minutes, net_wh, buy, surplus, sale, refill = block
    efficiency = battery.efficiency_ppm
    charge_wh = battery.charge_w * minutes * efficiency // (60 * PPM)
    discharge_wh = battery.discharge_w * minutes * PPM // (60 * efficiency)
    charging, discharging = [], []
    if net_wh < 0:
        own_wh = min(-net_wh * efficiency // PPM, charge_wh)
        if own_wh:
            cost = min(surplus * CAUTION_PCT // 100, buy)
            charging.append(ValueStep(cost * PPM // efficiency, own_wh, first, "refill"))
            charge_wh -= own_wh
    elif net_wh:
        need_wh = min(net_wh * PPM // efficiency, discharge_wh)
        if need_wh:
            discharging.append(ValueStep(buy * 100 // CAUTION_PCT * efficiency // PPM, need_wh, first, "need"))
            discharge_wh -= need_wh
    if refill is not None and charge_wh > 0:
        cost = refill * CAUTION_PCT // 100
        charging.append(ValueStep(cost * PPM // efficiency, charge_wh, first, "refill"))
    if sale is not None and discharge_wh > 0:
        discharging.append(ValueStep(sale * 100 // CAUTION_PCT * efficiency // PPM, discharge_wh, first, "sale"))
    return charging, discharging


def _cut(steps: Curve, skip_wh: int, size_wh: int) -> Curve:
    """The part of the sorted steps between `skip_wh` and `skip_wh + size_wh`."""
    answer = []
    for step in steps:
        energy_wh = step[1]
        if skip_wh >= energy_wh:
            skip_wh -= energy_wh
            continue
        energy_wh -= skip_wh
        skip_wh = 0
        if energy_wh >= size_wh:
            answer.append(step if step[1] == size_wh else ValueStep(step[0], size_wh, step[2], step[3]))
            break
        answer.append(step if step[1] == energy_wh else ValueStep(step[0], energy_wh, step[2], step[3]))
        size_wh -= energy_wh
    return answer


def around(curve: Sequence[ValueStep], level_wh: int) -> tuple[Curve, Curve]:
    """Split a curve at `level_wh` (stored, above the reserve): steps to give, nearest first, and to fill.

    >>> curve = [ValueStep(200, 1_000, 8, "need"), ValueStep(100, 1_000, 9, "need")]
    >>> give, fill = around(curve, 1_500)
    >>> [(step.worth_ueur_kwh, step.energy_wh) for step in give]
    [(100, 500), (200, 1000)]
    >>> [(step.worth_ueur_kwh, step.energy_wh) for step in fill]
    [(100, 500)]
    """
    give: Curve = []
    fill: Curve = []
    for step in curve:
        below_wh = min(max(level_wh, 0), step.energy_wh)
        level_wh -= below_wh
        if below_wh:
            give.append(step._replace(energy_wh=below_wh))
        if below_wh < step.energy_wh:
            fill.append(step._replace(energy_wh=step.energy_wh - below_wh))
    give.reverse()
    return give, fill
