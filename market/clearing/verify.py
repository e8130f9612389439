"""An independent check of a clearing. It shares no code with the optimiser: own sweep, own flow, own bound."""

from collections.abc import Iterator

import numpy as np

from market.clearing.book import Book, Order
from market.clearing.outcome import Clearing, Fill
from market.grid import Feeder, ac_flow

# A limit of the street may be passed by this share, and by what rounding to whole Wh can move.
SLACK = 2e-3
AC_SLACK = 4e-3


def verify(book: Book, feeder: Feeder, clearing: Clearing) -> list[str]:
    """Everything that is wrong with a clearing, in words; empty if it may be published."""
    fills = {fill.order_id: fill for fill in clearing.fills}
    if sorted(fills) != sorted(order.id for order in book.orders) or len(fills) != len(clearing.fills):
        return ["Not every order has exactly one outcome."]
    pairs = [(order, fills[order.id]) for order in book.orders]
    return [
        *_energy(pairs),
        *_money(book, pairs, clearing),
        *_network(book, feeder, pairs, clearing),
        *_welfare(book, feeder, pairs, clearing),
    ]


Pairs = list[tuple[Order, Fill]]


def _energy(pairs: Pairs) -> Iterator[str]:
    for order, fill in pairs:
        parts = (fill.local_wh, fill.retailer_wh, fill.curtailed_wh)
        if min(parts) < 0 or fill.local_wh + fill.retailer_wh > order.energy_wh:
            yield f"Order {order.id} got more than it asked for, or less than nothing."
        if order.kind == "firm" and sum(parts) != order.energy_wh:
            yield f"Firm order {order.id} lost energy."
        if order.kind == "firm" and order.side == "buy" and fill.curtailed_wh:
            yield f"Firm purchase {order.id} was cut, which no market can do."
        if order.kind == "flexible" and fill.retailer_wh and _effective(order) != order.retailer_ueur_kwh:
            yield f"Flexible order {order.id} met its retailer beyond its limit."
    sold = sum(fill.local_wh for order, fill in pairs if order.side == "sell")
    bought = sum(fill.local_wh for order, fill in pairs if order.side == "buy")
    if sold != bought:
        yield f"Neighbours sold {sold} Wh and bought {bought} Wh."


def _effective(order: Order) -> int:
    """The limit that counts, worked out anew."""
    if order.side == "buy":
        worst = order.retailer_ueur_kwh
        return worst if order.limit_ueur_kwh > worst else order.limit_ueur_kwh
    worst = order.retailer_ueur_kwh
    return worst if order.limit_ueur_kwh < worst else order.limit_ueur_kwh


def _money(book: Book, pairs: Pairs, clearing: Clearing) -> Iterator[str]:
    traded = [(order, fill) for order, fill in pairs if fill.local_wh]
    price = clearing.price_ueur_kwh
    if price is None:
        if traded:
            yield "Energy was traded without a price."
        return
    if not traded:
        yield "There is a price but no trade."
    for order, _ in traded:
        pays = price if order.side == "buy" else price - book.grid_fee_ueur_kwh
        if (pays > _effective(order)) if order.side == "buy" else (pays < _effective(order)):
            yield f"Order {order.id} trades at {pays} µ€/kWh, beyond its limit."
    interval = clearing.interval
    if interval is None or not interval[0] <= interval[1]:
        yield "The price comes from no interval."
    fee = book.grid_fee_ueur_kwh
    paid = sum(fill.local_wh * price for order, fill in traded if order.side == "buy")
    received = sum(fill.local_wh * (price - fee) for order, fill in traded if order.side == "sell")
    fees = sum(fill.local_wh * fee for order, fill in traded if order.side == "sell")
    if paid != received + fees:
        yield f"Buyers pay {paid} n€, but {received + fees} n€ arrive."


Powers = dict[str, list[float]]  # W of each phase, by node


def _power(book: Book, pairs: Pairs) -> Powers:
    """W drawn at each node from each phase."""
    drawn: Powers = {node: [power / 3] * 3 for node, power in book.base_w.items()}
    for order, fill in pairs:
        power = (fill.local_wh + fill.retailer_wh) * 60 / book.slot_minutes / len(order.phase)
        at = drawn.setdefault(order.node, [0.0, 0.0, 0.0])
        for phase in order.phase:
            at["abc".index(phase)] += power if order.side == "buy" else -power
    return drawn


def _network(book: Book, feeder: Feeder, pairs: Pairs, clearing: Clearing) -> Iterator[str]:
    """Flows and voltages by walking from each node to the root, the way one would by hand."""
    if clearing.emergency:  # firm energy alone breaks a limit: it is reported, the market cannot mend it
        return
    drawn = _power(book, pairs)
    rounding_w = 60 / book.slot_minutes * len(pairs)
    through = [sum(power[i] for power in drawn.values()) for i in range(3)]
    total = sum(through)
    for name, limit, value in (("import", book.import_limit_w, total), ("export", book.export_limit_w, -total)):
        if limit is not None and value > limit * (1 + SLACK) + rounding_w:
            yield f"The {name} limit of {limit:.0f} W is broken: {value:.0f} W."
    rated_va = feeder.transformer.s_va
    if rated_va is not None and max(map(abs, through)) > rated_va / 3 * (1 + SLACK) + rounding_w:
        yield f"The transformer carries {through} W, {rated_va:.0f} VA at most."
    flows = _flows(feeder, drawn)
    for line in feeder.lines:
        flow = max(map(abs, flows.get(line.child, [0.0])))
        if line.limit_a is not None and flow > line.limit_a * feeder.phase_v * (1 + SLACK) + rounding_w:
            yield f"Line {line.code} carries {flow:.0f} W in one phase."
    yield from _voltages(feeder, flows, through)
    yield from _under_ac(feeder, drawn, rounding_w)


def _flows(feeder: Feeder, drawn: Powers) -> Powers:
    """W of each phase through the line into each node."""
    into = {line.child: line for line in feeder.lines}
    flows: Powers = {}
    for start, power in drawn.items():
        node = start
        while node in into:
            before = flows.get(node, [0.0, 0.0, 0.0])
            flows[node] = [a + b for a, b in zip(before, power, strict=True)]
            node = into[node].parent
    return flows


def _voltages(feeder: Feeder, flows: Powers, through: list[float]) -> Iterator[str]:
    into = {line.child: line for line in feeder.lines}
    transformer = complex(feeder.transformer.r_ohm, feeder.transformer.x_ohm)
    squared = {feeder.root: _after(feeder, [feeder.slack_pu**2] * 3, transformer, transformer, through)}
    for start in feeder.nodes:
        path, node = [], start
        while node not in squared:
            path.append(node)
            node = into[node].parent
        for child in reversed(path):
            line, flow = into[child], flows.get(child, [0.0, 0.0, 0.0])
            squared[child] = _after(feeder, squared[line.parent], line.positive_ohm, line.zero_ohm, flow)
    for node, values in squared.items():
        if not feeder.v_min_pu**2 - SLACK <= min(values) <= max(values) <= feeder.v_max_pu**2 + SLACK:
            yield f"The voltages at {node} are {[round(value**0.5, 3) for value in values]} per unit."


def _after(feeder: Feeder, squared: list[float], one: complex, zero: complex, flow: list[float]) -> list[float]:
    """Squared voltages at the end of a line with these flows; a phase's own part and what the others induce."""
    own, mutual = (zero + 2 * one) / 3, (zero - one) / 3
    answer = []
    for i in range(3):
        fall = own.real * flow[i]
        fall += (-mutual.real / 2 + 3**0.5 / 2 * mutual.imag) * flow[(i + 1) % 3]
        fall += (-mutual.real / 2 - 3**0.5 / 2 * mutual.imag) * flow[(i + 2) % 3]
        answer.append(squared[i] - 2 * fall / feeder.phase_v**2)
    return answer


def _under_ac(feeder: Feeder, drawn: Powers, rounding_w: float) -> Iterator[str]:
    """The same limits in the AC state, whose currents know the voltage and whose voltages know the losses."""
    exact = ac_flow(feeder, np.array([drawn.get(node, [0.0, 0.0, 0.0]) for node in feeder.nodes]))
    rated_va, heaviest_va = feeder.transformer.s_va, float(exact.transformer_va.max())
    if rated_va is not None and heaviest_va > rated_va / 3 * (1 + AC_SLACK) + rounding_w:
        yield f"Under AC the transformer carries {heaviest_va:.0f} VA in one phase."
    for line in feeder.lines:
        ampere = float(exact.currents_a[feeder.index[line.child]].max())
        if line.limit_a is not None and ampere > line.limit_a * (1 + AC_SLACK) + rounding_w / feeder.phase_v:
            yield f"Under AC line {line.code} carries {ampere:.0f} A."
    lowest, highest = exact.voltages_pu.min(axis=1), exact.voltages_pu.max(axis=1)
    for node, low, high in zip(feeder.nodes, lowest, highest, strict=True):
        if low < feeder.v_min_pu - AC_SLACK / 2 or high > feeder.v_max_pu + AC_SLACK / 2:
            yield f"Under AC the voltage at {node} is {low:.4f} to {high:.4f} per unit."


def _welfare(book: Book, feeder: Feeder, pairs: Pairs, clearing: Clearing) -> Iterator[str]:
    fee = book.grid_fee_ueur_kwh
    welfare = 0
    for order, fill in pairs:
        if order.side == "buy":
            welfare += _effective(order) * fill.local_wh
        else:
            welfare -= (_effective(order) + fee) * fill.local_wh
            lost = order.energy_wh - fill.local_wh - fill.retailer_wh if order.kind == "firm" else 0
            welfare -= order.retailer_ueur_kwh * lost
    if welfare != clearing.welfare_neur:
        yield f"The welfare is {welfare} n€, not {clearing.welfare_neur} n€."
    best = _best_without_network(book)
    if welfare > best:
        yield f"The welfare of {welfare} n€ is more than the book holds ({best} n€)."
    if not clearing.bindings and welfare != best:
        yield f"The welfare is {welfare} n€ where {best} n€ were possible."
    if clearing.bindings and not clearing.emergency:
        from market.clearing.bound import bound_problems

        yield from bound_problems(book, feeder, clearing, welfare)


def _best_without_network(book: Book) -> int:
    """The most welfare that any matching of the book can reach: try the volume of every price."""
    fee = book.grid_fee_ueur_kwh
    bids = sorted(((_effective(o), o.energy_wh) for o in book.orders if o.side == "buy"), reverse=True)
    asks = sorted((_effective(o) + fee, o.energy_wh) for o in book.orders if o.side == "sell")
    best = worth = cost = volume = 0
    bid = ask = 0
    left_bid, left_ask = (bids[0][1] if bids else 0), (asks[0][1] if asks else 0)
    while bid < len(bids) and ask < len(asks):
        step = min(left_bid, left_ask)
        volume, worth, cost = volume + step, worth + step * bids[bid][0], cost + step * asks[ask][0]
        best = max(best, worth - cost)
        left_bid, left_ask = left_bid - step, left_ask - step
        if not left_bid:
            bid += 1
            left_bid = bids[bid][1] if bid < len(bids) else 0
        if not left_ask:
            ask += 1
            left_ask = asks[ask][1] if ask < len(asks) else 0
    return best
