"""The rule that needs no forecast: store surplus and cheap hours, give in dear ones. Two numbers tune it.

A stored kWh counts as worth `WORTH_PCT` of the way from the cheapest to the dearest hour of the retailer's
tariff within a day, wherever it is used. By that worth the battery climbs the same ladder as the planner's
curves do, so the mandate bounds it in the same way.
"""

from datetime import timedelta

from market.agents.bounds import battery_bounds, fills_from_grid
from market.agents.charging import Charging, in_windows, must_charge, slots_left
from market.agents.decision import Decision, PlanStep
from market.agents.devices import PPM, Battery, EvCharger
from market.agents.ladder import Step, climb
from market.agents.loads import load_steps
from market.agents.observation import Observation
from market.agents.rule import leave_alone, terms_now

# Tuned on two winter weeks of five demo homes without neighbours: less pays the dear hours less, more leaves no
# room for the next day's sun.
WORTH_PCT = 30
BOUGHT_UP_TO_PCT = 60  # of the capacity, by night and where its owner allows it


def decide_by_tariff(seen: Observation, *, planned: bool = True) -> Decision:
    """Orders and base energies for the observation's first slot by tariff alone, and a plan unless not `planned`.

    Of the forecast only the slot's own net load is used: it is what the home is expected to take right now.
    """
    net_wh = seen.net_load_wh[0]
    if not seen.trades:
        return leave_alone(seen)
    base_wh = {battery.id: 0 for battery in seen.batteries}
    steps = load_steps(seen, base_wh)
    for charger in seen.ev_chargers:
        if charger.plugged_in:
            base_wh[charger.id] = 0
            steps += _charging(seen, charger, base_wh)
    for battery in seen.batteries:
        steps += _steps(seen, battery)
    wishes = climb(net_wh, steps, terms_now(seen), base_wh)
    return Decision(tuple(wishes), base_wh, _plan(seen) if planned else (), net_wh)


def worth_ueur_kwh(seen: Observation) -> int:
    """What the rule counts a stored kWh to be worth (µ€/kWh); a flat tariff's by what surplus would bring."""
    cheapest, dearest = min(seen.import_ueur_kwh), max(seen.import_ueur_kwh)
    if cheapest == dearest:
        cheapest = seen.feed_in_ueur_kwh[0]
    return cheapest + (dearest - cheapest) * WORTH_PCT // 100


def _charging(seen: Observation, charger: EvCharger, base_wh: dict[int, int]) -> list[Step]:
    """A car charges in its cheapest hours before it leaves, and at any price once there is no time to spare."""
    energy_wh, now = charger.most_wh(seen.slot_minutes), seen.import_ueur_kwh[0]
    if not energy_wh:
        return []
    cheapest = min(seen.import_ueur_kwh[: max(slots_left(seen, charger), 1)])
    wanted = in_windows(seen, charger, Charging(energy_wh, must_charge(seen, charger), min(cheapest, now)))
    if wanted.firm:
        base_wh[charger.id] = wanted.energy_wh
        return []
    return [Step(wanted.willing_ueur_kwh, wanted.energy_wh, charger.id, charges=True, with_grid=True)]


def _steps(seen: Observation, battery: Battery) -> list[Step]:
    """Taking below the battery's worth (up to a part of it from the grid, if its owner allows), giving above."""
    worth, held_wh = worth_ueur_kwh(seen), battery.held_wh(seen.mandate.held_pct)
    taken = worth * battery.efficiency_ppm // PPM
    given = -(-worth * PPM // battery.efficiency_ppm)
    least_wh, most_wh = battery_bounds(seen, battery)
    aim_wh = max(battery.held_wh(BOUGHT_UP_TO_PCT), held_wh) - battery.soc_wh
    bought_wh = min(max(aim_wh, 0) * PPM // battery.efficiency_ppm, most_wh) if fills_from_grid(seen) else 0
    steps = [
        Step(taken, bought_wh, battery.id, charges=True, with_grid=True),
        Step(taken, most_wh - bought_wh, battery.id, charges=True, with_grid=False),
        Step(given, -least_wh, battery.id, False, False),
    ]
    return [step for step in steps if step.energy_wh > 0]


def _plan(seen: Observation) -> tuple[PlanStep, ...]:
    """When each battery gives and when it stores, by the tariff's hours; energies are not known ahead."""
    step = timedelta(minutes=seen.slot_minutes)
    answer: list[PlanStep] = []
    for battery in seen.batteries:
        given = -(-worth_ueur_kwh(seen) * PPM // battery.efficiency_ppm)
        dear = [price > given for price in seen.import_ueur_kwh]
        first = 0
        for i in range(1, len(dear) + 1):
            if i == len(dear) or dear[i] != dear[first]:
                reason = "dear_hours" if dear[first] else "cheap_hours"
                kind = "discharge" if dear[first] else "charge"
                facts: dict[str, int | str] = {"price_ueur_kwh": seen.import_ueur_kwh[first]}
                span = (seen.start + step * first, seen.start + step * i)
                answer.append(PlanStep(battery.id, kind, *span, 0, None, reason, facts))
                first = i
    return tuple(answer)
