"""The plan: what the agent means to do in the hours ahead, as windows with their reason and figures."""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from market.agents.bounds import cycle_price, day_wh, left_today_wh
from market.agents.charging import slots_left
from market.agents.decision import PlanStep
from market.agents.devices import PPM, Battery, EvCharger
from market.agents.horizon import Block
from market.agents.observation import Observation
from market.agents.value import Curve, Outlook, ValueStep
from market.agents.window_steps import window_steps

SMALLEST_WH = 100  # a window that moves less is not worth a line


class Move(NamedTuple):
    """What a device does in one block: AC energy, the price it meets, and the step that explains it."""

    kind: str
    reason: str
    energy_wh: int
    price_ueur_kwh: int
    worth_ueur_kwh: int
    use_slot: int
    block: Block


def plan(
    seen: Observation, blocks: Sequence[Block], outlooks: Sequence[Outlook], base_wh: dict[int, int]
) -> tuple[PlanStep, ...]:
    """Windows of the hours after the slot, by device and time, supposing that nothing clears in the slot.

    Reasons of a battery: store_surplus, store_cheap, cover_need, sell_dear, wait_for_dearer, at_reserve,
    full, idle; of a charger: ready_by, or those of its windows; of the home: surplus, need. Facts name prices,
    worth and the slot that gives that worth (ISO, UTC).
    """
    steps: list[PlanStep] = []
    left_wh = [block.net_wh for block in blocks]
    for outlook in outlooks:
        moves = _battery_moves(seen, outlook, base_wh[outlook.battery.id])
        for i, move in enumerate(moves):
            left_wh[i] += _ac_wh(move)
        steps += _windows(seen, outlook.battery.id, moves)
    for charger in seen.ev_chargers:
        moves = _charger_moves(seen, charger, blocks, base_wh)
        for move in moves:
            left_wh[blocks.index(move.block)] += move.energy_wh
        steps += window_steps(seen, charger) or _windows(seen, charger.id, moves)
    steps += _windows(seen, None, [_home_move(block, wh) for block, wh in zip(blocks, left_wh, strict=True)])
    return tuple(steps)


def _ac_wh(move: Move) -> int:
    """What a battery's move adds to the home's net energy."""
    return {"charge": move.energy_wh, "discharge": -move.energy_wh}.get(move.kind, 0)


def _battery_moves(seen: Observation, outlook: Outlook, base_wh: int) -> list[Move]:
    battery, held_wh = outlook.battery, outlook.held_wh
    soc_wh = battery.soc_wh + battery.stored_wh(base_wh)
    cycles, today = seen.mandate.cycles_tenths, seen.slots_today
    left_wh = left_today_wh(seen.mandate, battery)
    if left_wh is not None:
        left_wh = max(left_wh + min(base_wh, 0), 0)
    moves = []
    for i, block in enumerate(outlook.blocks):
        if cycles is not None and block.first >= today:
            left_wh, today = day_wh(cycles, battery), len(seen.period)
        give, fill = outlook.sides(i + 1, soc_wh)
        if soc_wh < held_wh:
            worth = max(seen.import_ueur_kwh)
            fill.insert(0, ValueStep(worth, held_wh - soc_wh, block.first, "reserve"))
        same_day = [later for later in outlook.blocks[i + 1 :] if later.first < today] if cycles else []
        least = cycle_price(left_wh, battery, same_day)
        move = (
            _charge(battery, block, fill)
            or _discharge(battery, block, give, left_wh, least)
            or _hold(block, give, fill)
        )
        if left_wh is not None and move.kind == "discharge":
            left_wh -= move.energy_wh
        soc_wh = min(max(soc_wh + battery.stored_wh(_ac_wh(move)), 0), battery.capacity_wh)
        moves.append(move)
    return moves


def _charge(battery: Battery, block: Block, fill: Curve) -> Move | None:
    """Store surplus while it is worth more than selling it, then buy while that is cheaper than its worth."""
    room_wh = battery.charge_w * block.minutes // 60
    refill = block.refill
    own_wh, bought_wh, best = 0, 0, None
    for step in fill:
        worth = step.worth_ueur_kwh * battery.efficiency_ppm // PPM
        wanted_wh = min(step.energy_wh * PPM // battery.efficiency_ppm, room_wh - own_wh - bought_wh)
        surplus_wh = min(wanted_wh, max(-block.net_wh - own_wh, 0)) if worth > block.surplus else 0
        more_wh = wanted_wh - surplus_wh if refill is not None and worth > refill else 0
        own_wh += surplus_wh
        bought_wh += more_wh
        best = best or (step if surplus_wh + more_wh > 0 else None)
    if best is None:
        return None
    reason, price = "store_surplus", block.surplus
    if refill is not None and bought_wh > own_wh:
        reason, price = "store_cheap", refill
    return Move("charge", reason, own_wh + bought_wh, price, best.worth_ueur_kwh, best.slot, block)


def _discharge(battery: Battery, block: Block, give: Curve, left_wh: int | None, least: int) -> Move | None:
    """Cover need while that saves more than the stored kWh is worth, then sell while a sale brings more.

    `left_wh` is what may still be given that day, None for no limit; below `least` (µ€/kWh, AC) nothing is.
    """
    power_wh = battery.discharge_w * block.minutes // 60
    if left_wh is not None:
        power_wh = min(power_wh, left_wh)
    sale = block.sale
    used_wh, sold_wh, first = 0, 0, None
    for step in give:
        worth = max(step.worth_ueur_kwh * PPM // battery.efficiency_ppm, least)
        offered_wh = min(step.energy_wh * battery.efficiency_ppm // PPM, power_wh - used_wh - sold_wh)
        need_wh = min(offered_wh, max(block.net_wh - used_wh, 0)) if worth < block.buy else 0
        more_wh = offered_wh - need_wh if sale is not None and worth < sale else 0
        used_wh += need_wh
        sold_wh += more_wh
        first = first or (step if need_wh + more_wh > 0 else None)
    if first is None:
        return None
    reason, price = "cover_need", block.buy
    if sale is not None and sold_wh > used_wh:
        reason, price = "sell_dear", sale
    return Move("discharge", reason, used_wh + sold_wh, price, first.worth_ueur_kwh, first.slot, block)


def _hold(block: Block, give: Curve, fill: Curve) -> Move:
    if not give:
        return Move("hold", "at_reserve", 0, block.buy, 0, block.first, block)
    worth, slot = give[0].worth_ueur_kwh, give[0].slot
    if block.net_wh > 0:
        return Move("hold", "wait_for_dearer", 0, block.buy, worth, slot, block)
    return Move("hold", "idle" if fill else "full", 0, block.surplus, worth, slot, block)


def _charger_moves(
    seen: Observation, charger: EvCharger, blocks: Sequence[Block], base_wh: dict[int, int]
) -> list[Move]:
    """The cheapest hours before the car leaves, as many as it needs."""
    need_wh = charger.need_wh - base_wh.get(charger.id, 0)
    if not charger.plugged_in or need_wh <= 0:
        return []
    left = slots_left(seen, charger)
    if charger.windows is not None:
        return [
            Move("ev_charge", "in_window", energy_wh, block.buy, 0, left, block)
            for block in blocks
            if (energy_wh := sum(charger.windows.energy_wh[block.first : block.first + block.slots]))
        ]
    ahead = [block for block in blocks if block.first < left]
    ahead.sort(key=lambda block: (block.surplus if block.net_wh < 0 else block.buy, block.first))
    moves = []
    for block in ahead:
        slots = min(block.slots, left - block.first)
        energy_wh = min(charger.charge_w * seen.slot_minutes // 60 * slots, need_wh)
        need_wh -= energy_wh
        price = block.surplus if block.net_wh < 0 else block.buy
        moves.append(Move("ev_charge", "ready_by", energy_wh, price, 0, left, block))
        if need_wh <= 0:
            break
    return sorted(moves, key=lambda move: move.block.first)


def _home_move(block: Block, net_wh: int) -> Move:
    if net_wh < 0:
        return Move("sell", "surplus", -net_wh, block.surplus, 0, block.first, block)
    return Move("buy", "need", net_wh, block.buy, 0, block.first, block)


def _windows(seen: Observation, device_id: int | None, moves: Sequence[Move]) -> list[PlanStep]:
    """Neighbouring moves of one kind and reason as one window; those of the home only if worth a line."""
    groups: list[list[Move]] = []
    for move in moves:
        last = groups[-1][-1] if groups else None
        joins = last is not None and last.block.first + last.block.slots == move.block.first
        if last is not None and joins and (last.kind, last.reason) == (move.kind, move.reason):
            groups[-1].append(move)
        else:
            groups.append([move])
    windows = [_window(seen, device_id, group) for group in groups]
    return [window for window in windows if window.kind == "hold" or window.energy_wh >= SMALLEST_WH]


def _window(seen: Observation, device_id: int | None, group: Sequence[Move]) -> PlanStep:
    minutes = timedelta(minutes=seen.slot_minutes)
    first, last = group[0], group[-1]
    end = seen.start + minutes * (last.block.first + last.block.slots)
    prices = [move.price_ueur_kwh for move in group]
    buys = first.kind in {"charge", "ev_charge", "buy"}
    limit = max(prices) if buys else min(prices)
    # Worth and price that stand beside each other are those of one hour, the one in which most moves: of different
    # hours the comparison could come out the wrong way round.
    told = first if device_id is None else max(group, key=lambda move: move.energy_wh)
    price = limit if device_id is None else told.price_ueur_kwh
    facts: dict[str, int | str] = {"price_ueur_kwh": price, "until": end.isoformat()}
    if device_id is not None and first.kind == "ev_charge":
        facts["ready_by"] = (seen.start + minutes * first.use_slot).isoformat()
    elif device_id is not None and told.worth_ueur_kwh:
        facts["worth_ueur_kwh"] = told.worth_ueur_kwh
        facts["worth_at"] = (seen.start + minutes * told.use_slot).isoformat()
    start = seen.start + minutes * first.block.first
    energy_wh, most = sum(move.energy_wh for move in group), None if first.kind == "hold" else limit
    return PlanStep(device_id, first.kind, start, end, energy_wh, most, first.reason, facts)
