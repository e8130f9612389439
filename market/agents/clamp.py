"""The last word on a decision: whatever a policy wanted, nothing leaves that its owner's rules forbid.

Orders and base energies are only ever dropped, cut or given a stricter limit. So the clamp can stand behind any
policy: one that keeps the rules passes unchanged, and one that does not cannot break them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from market.agents.bounds import Bounds, battery_bounds, charger_bounds, fills_from_grid
from market.agents.decision import Decision, OrderWish
from market.agents.observation import Observation

Rooms = dict[tuple[int | None, str], int]


def clamped(decision: Decision, seen: Observation) -> Decision:
    """The part of a decision that keeps the mandate, the devices' limits and the home's own balance.

    Under a paused or expired mandate there are no orders. Otherwise every order is on a side that may trade in
    the slot and within its price; whatever clears, each device stays within power, state of charge, reserve and
    the day's cycles, and a car without time to spare is charged; nothing is stored from the retailer unless that
    is allowed at its price, nothing stored goes out except by an order; firm orders are for energy that flows.
    """
    bounds = _bounds(seen)
    base_wh = _own_energy(decision.base_wh, bounds, seen)
    if not seen.trades:
        return Decision((), base_wh, (), decision.forecast_wh)
    within = [_within_terms(wish, seen, base_wh) for wish in decision.orders]
    orders = _within_rooms(within, _rooms(base_wh, bounds, seen))
    return replace(decision, orders=tuple(orders), base_wh=base_wh)


def _bounds(seen: Observation) -> dict[int, Bounds]:
    """Bounds of every device that can be steered in the slot."""
    answer = {battery.id: battery_bounds(seen, battery) for battery in seen.batteries}
    answer |= {charger.id: charger_bounds(seen, charger) for charger in seen.ev_chargers if charger.plugged_in}
    answer |= {load.id: Bounds(0, load.wish_wh) for load in seen.loads}
    return answer


def _own_energy(asked_wh: Mapping[int, int], bounds: Mapping[int, Bounds], seen: Observation) -> dict[int, int]:
    """Base energies (Wh) nearer to zero where they must be: within bounds, and batteries for own use only."""
    stores = {battery.id for battery in seen.batteries}
    base_wh = {
        # A car that must charge may still be asked to charge less here: nothing is ever added.
        device: min(max(wh, bounds[device].least_wh if device in stores else 0), bounds[device].most_wh)
        for device, wh in asked_wh.items()
        if device in bounds
    }
    net_wh = seen.net_load_wh[0] + sum(base_wh.values())
    for device in sorted(stores & base_wh.keys()):
        if net_wh < 0 and base_wh[device] < 0:
            changed_wh = min(-net_wh, -base_wh[device])
        elif net_wh > 0 and base_wh[device] > 0 and not fills_from_grid(seen):
            changed_wh = -min(net_wh, base_wh[device])
        else:
            continue
        base_wh[device] += changed_wh
        net_wh += changed_wh
    return base_wh


def _within_terms(wish: OrderWish, seen: Observation, base_wh: Mapping[int, int]) -> OrderWish | None:
    """The order at a price that the owner allows; None if it is on no side that may trade, or nobody's."""
    terms = seen.terms[0]
    if wish.energy_wh <= 0 or wish.kind not in {"firm", "flexible"}:
        return None
    if wish.device_id not in (base_wh.keys() if wish.kind == "flexible" else {None}):
        return None
    if wish.side == "sell" and terms.may_sell:
        return _at(wish, max(wish.limit_ueur_kwh, terms.min_sell_ueur_kwh))
    if wish.side == "buy" and terms.may_buy:
        dearest = terms.max_buy_ueur_kwh
        if wish.device_id in {battery.id for battery in seen.batteries} and not fills_from_grid(seen):
            dearest = min(dearest, seen.import_ueur_kwh[0] - 1)  # at the import price the retailer would serve it
        return _at(wish, min(wish.limit_ueur_kwh, dearest))
    return None


def _at(wish: OrderWish, limit_ueur_kwh: int) -> OrderWish:
    return wish if wish.limit_ueur_kwh == limit_ueur_kwh else replace(wish, limit_ueur_kwh=limit_ueur_kwh)


def _rooms(base_wh: Mapping[int, int], bounds: Mapping[int, Bounds], seen: Observation) -> Rooms:
    """How much each device, and the home without them (None), may buy and sell in all (Wh)."""
    net_wh = seen.net_load_wh[0] + sum(base_wh.values())
    rooms: Rooms = {(None, "buy"): max(net_wh, 0), (None, "sell"): max(-net_wh, 0)}
    for device, wh in base_wh.items():
        least_wh, most_wh = bounds[device]
        rooms[device, "buy"] = most_wh - wh
        rooms[device, "sell"] = max(wh - least_wh, 0)
    return rooms


def _within_rooms(wishes: Iterable[OrderWish | None], rooms: Rooms) -> list[OrderWish]:
    """The orders as they stand, cut to what there is room for: those that would clear first come first."""
    kept = [wish for wish in wishes if wish is not None]
    eager = sorted(
        range(len(kept)), key=lambda i: (kept[i].limit_ueur_kwh * (-1 if kept[i].side == "buy" else 1), i)
    )
    for i in eager:
        wish = kept[i]
        energy_wh = min(wish.energy_wh, rooms[wish.device_id, wish.side])
        rooms[wish.device_id, wish.side] -= energy_wh
        if energy_wh != wish.energy_wh:
            kept[i] = replace(wish, energy_wh=energy_wh)
    return [wish for wish in kept if wish.energy_wh > 0]
