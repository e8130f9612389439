"""The rule that decides for a home: orders inside its mandate, from what stored energy is worth to it."""

from collections.abc import Sequence

from market.agents.bounds import battery_bounds, cycle_price, left_today_wh
from market.agents.charging import charging
from market.agents.decision import Decision
from market.agents.devices import PPM
from market.agents.horizon import horizon
from market.agents.ladder import Step, Terms, climb
from market.agents.loads import load_steps
from market.agents.observation import Observation
from market.agents.plan import plan
from market.agents.value import Outlook, outlooks

RUNGS = 3  # steps per battery and direction: enough to follow the curve, few enough to read


def decide(seen: Observation, *, planned: bool = True) -> Decision:
    """Orders and base energies for the observation's first slot, and a plan unless `planned` is false.

    Under a paused or expired mandate the home orders nothing and uses its own energy first; in hours in which
    the mandate rules a side out it places no order on that side, and its retailer serves it. The plan costs more
    than the orders.
    """
    if not seen.trades:
        return leave_alone(seen)
    blocks = horizon(seen, 1)
    base_wh = {battery.id: 0 for battery in seen.batteries}
    steps = load_steps(seen, base_wh)
    for charger in seen.ev_chargers:
        if not charger.plugged_in:
            continue
        energy_wh, firm, willing = charging(seen, charger, blocks)
        base_wh[charger.id] = energy_wh if firm else 0
        if energy_wh and not firm:
            steps.append(Step(willing, energy_wh, charger.id, charges=True, with_grid=True))
    batteries = outlooks(seen, blocks)
    for outlook in batteries:
        steps += _battery_steps(seen, outlook)
    wishes = climb(seen.net_load_wh[0], steps, terms_now(seen), base_wh)
    described = plan(seen, blocks, batteries, base_wh) if planned else ()
    return Decision(tuple(wishes), base_wh, described, seen.net_load_wh[0])


def leave_alone(seen: Observation, *, planned: bool = True) -> Decision:
    """No orders and no plan, `planned` or not: the home uses its own energy first, its retailer does the rest."""
    return Decision((), self_consumption(seen), (), seen.net_load_wh[0])


def terms_now(seen: Observation) -> Terms:
    """What bounds the orders of the observation's first slot."""
    owners = seen.terms[0]
    return Terms(
        import_ueur_kwh=seen.import_ueur_kwh[0],
        feed_in_ueur_kwh=seen.feed_in_ueur_kwh[0],
        max_buy_ueur_kwh=owners.max_buy_ueur_kwh,
        min_sell_ueur_kwh=owners.min_sell_ueur_kwh,
        may_buy=owners.may_buy,
        may_sell=owners.may_sell,
    )


def _battery_steps(seen: Observation, outlook: Outlook) -> list[Step]:
    """What the battery takes and gives in the slot, priced at the AC side by the worth of what it stores."""
    mandate, battery, held_wh = seen.mandate, outlook.battery, outlook.held_wh
    efficiency = battery.efficiency_ppm
    give, fill = outlook.sides(0, battery.soc_wh)
    charge = [(step.worth_ueur_kwh * efficiency // PPM, step.energy_wh * PPM // efficiency) for step in fill]
    if battery.soc_wh < held_wh:
        # Under its reserve a battery is filled before anything is sold.
        charge.insert(0, (refill_price(seen), (held_wh - battery.soc_wh) * PPM // efficiency))
    discharge = [
        (-(-step.worth_ueur_kwh * PPM // efficiency), step.energy_wh * efficiency // PPM) for step in give
    ]
    bounds = battery_bounds(seen, battery)
    # With few cycles left of the day, what is given now cannot be given in a dearer hour.
    today = [block for block in outlook.blocks if block.first < seen.slots_today]
    least = cycle_price(left_today_wh(mandate, battery), battery, today)
    return [
        Step(price, energy_wh, battery.id, True, mandate.grid_charge)
        for price, energy_wh in _rungs(charge, bounds.most_wh)
    ] + [
        Step(max(price, least), energy_wh, battery.id, False, mandate.objective == "revenue")
        for price, energy_wh in _rungs(discharge, -bounds.least_wh)
    ]


def refill_price(seen: Observation) -> int:
    """What refilling the reserve may cost (µ€/kWh): the cheapest import ahead, any if resilient."""
    pick = max if seen.mandate.objective == "resilience" else min
    return pick(seen.import_ueur_kwh)


def _rungs(steps: Sequence[tuple[int, int]], most_wh: int) -> list[tuple[int, int]]:
    """At most `RUNGS` steps (price, energy), together at most `most_wh`; the closest prices are merged."""
    rungs: list[tuple[int, int]] = []
    for price, energy_wh in steps:
        taken_wh = min(energy_wh, most_wh)
        if taken_wh > 0:
            rungs.append((price, taken_wh))
            most_wh -= taken_wh
    while len(rungs) > RUNGS:
        gaps = [abs(rungs[i][0] - rungs[i + 1][0]) for i in range(len(rungs) - 1)]
        i = gaps.index(min(gaps))
        (price, energy_wh), (next_price, next_wh) = rungs[i], rungs[i + 1]
        together_wh = energy_wh + next_wh
        rungs[i : i + 2] = [((price * energy_wh + next_price * next_wh) // together_wh, together_wh)]
    return rungs


def self_consumption(seen: Observation) -> dict[int, int]:
    """What devices do alone (Wh by device): batteries take surplus and cover need, the others what they want."""
    base_wh = {
        charger.id: charger.most_wh(seen.slot_minutes) for charger in seen.ev_chargers if charger.plugged_in
    }
    base_wh |= {load.id: load.wish_wh for load in seen.loads}
    net_wh = seen.net_load_wh[0] + sum(base_wh.values())
    for battery in seen.batteries:
        least_wh, most_wh = battery_bounds(seen, battery)
        base_wh[battery.id] = min(max(-net_wh, least_wh), most_wh)
        net_wh += base_wh[battery.id]
    return base_wh
