"""Deciding by the learned policy: the same ladder as any rule's, climbed by what the shared policy says."""

from collections.abc import Iterator
from typing import Any

from market.agents.bounds import battery_bounds, cycle_price, fills_from_grid, left_today_wh
from market.agents.charging import Charging, in_windows, must_charge
from market.agents.decision import Decision
from market.agents.devices import PPM, Battery, EvCharger
from market.agents.horizon import horizon
from market.agents.ladder import Step, climb
from market.agents.loads import load_steps
from market.agents.observation import Observation
from market.agents.plan import plan
from market.agents.policy.guide import BatteryGuide, Guided
from market.agents.rule import decide, leave_alone, refill_price, terms_now
from market.agents.value import RESILIENCE_PCT, outlooks


def decide_by_policy(seen: Observation, *, planned: bool = True) -> Decision:
    """Orders and base energies for the observation's first slot, and a plan unless `planned` is false.

    Without signals the home plans by itself. The plan shows what the forecast and the prices expected come to;
    each slot's orders may differ from it by what the policy has learned.
    """
    if not seen.trades:
        return leave_alone(seen)
    if seen.guided is None:
        return decide(seen, planned=planned)
    base_wh = {battery.id: 0 for battery in seen.batteries}
    steps = load_steps(seen, base_wh)
    why: dict[int, dict[str, Any]] = {}
    for charger in seen.ev_chargers:
        if charger.plugged_in:
            steps += _charging(seen, charger, seen.guided, base_wh, why)
    for battery in seen.batteries:
        guide = seen.guided.batteries[battery.id]
        own = list(_battery_steps(seen, battery, guide))
        steps += own
        why[battery.id] = _why(guide, own)
    wishes = climb(seen.net_load_wh[0], steps, terms_now(seen), base_wh)
    blocks = horizon(seen, 1) if planned else []
    described = plan(seen, blocks, outlooks(seen, blocks), base_wh) if planned else ()
    return Decision(tuple(wishes), base_wh, described, seen.net_load_wh[0], why)


def _charging(
    seen: Observation, charger: EvCharger, guided: Guided, base_wh: dict[int, int], why: dict[int, dict[str, Any]]
) -> list[Step]:
    """A car charges in its windows, or where charging now is worth the price; and in any case when it must."""
    energy_wh, now = charger.most_wh(seen.slot_minutes), seen.import_ueur_kwh[0]
    base_wh[charger.id] = 0
    if not energy_wh:
        return []
    worth = min(guided.cars[charger.id], now)
    wanted = in_windows(seen, charger, Charging(energy_wh, must_charge(seen, charger), worth))
    if wanted.firm:
        base_wh[charger.id] = wanted.energy_wh
        return []
    why[charger.id] = {"worth_ueur_kwh": wanted.willing_ueur_kwh, "takes_up_to_ueur_kwh": wanted.willing_ueur_kwh}
    return [Step(wanted.willing_ueur_kwh, wanted.energy_wh, charger.id, charges=True, with_grid=True)]


def _battery_steps(seen: Observation, battery: Battery, guide: BatteryGuide) -> Iterator[Step]:
    """The guide's rungs at the AC side, within the owner's rules.

    A home that wants to be safe counts what it has as worth a fifth more.
    """
    raised = RESILIENCE_PCT if seen.mandate.objective == "resilience" else 100
    bounds, efficiency = battery_bounds(seen, battery), battery.efficiency_ppm
    held_wh, most_wh = battery.held_wh(seen.mandate.held_pct), bounds.most_wh
    if battery.soc_wh < held_wh:  # under its reserve a battery is filled before anything else
        wanted_wh = min((held_wh - battery.soc_wh) * PPM // efficiency, most_wh)
        yield Step(refill_price(seen), wanted_wh, battery.id, True, fills_from_grid(seen))
        most_wh -= wanted_wh
    for worth, energy_wh in guide.fill:
        taken_wh = min(energy_wh, most_wh)
        if taken_wh > 0:
            price = worth * raised // 100 * efficiency // PPM
            yield Step(price, taken_wh, battery.id, True, fills_from_grid(seen))
            most_wh -= taken_wh
    left_wh, least = -bounds.least_wh, 0
    if seen.mandate.cycles_tenths is not None:
        today = [block for block in horizon(seen, 1) if block.first < seen.slots_today]
        least = cycle_price(left_today_wh(seen.mandate, battery), battery, today)
    for worth, energy_wh in guide.give:
        given_wh = min(energy_wh, left_wh)
        if given_wh > 0:
            price = max(-(-worth * raised // 100 * PPM // efficiency), least)
            yield Step(price, given_wh, battery.id, False, seen.mandate.objective == "revenue")
            left_wh -= given_wh


def _why(guide: BatteryGuide, steps: list[Step]) -> dict[str, Any]:
    """What is kept of a decision: worths, the strongest causes, and from where it would have been another."""
    gives = [step.price_ueur_kwh for step in steps if not step.charges]
    takes = [step.price_ueur_kwh for step in steps if step.charges]
    return {
        "planner_ueur_kwh": guide.planner_ueur_kwh,
        "worth_ueur_kwh": guide.worth_ueur_kwh,
        "causes": [[cause.code, cause.figure, cause.added_ueur_kwh] for cause in guide.causes],
        "gives_from_ueur_kwh": min(gives, default=None),
        "takes_up_to_ueur_kwh": max(takes, default=None),
    }
