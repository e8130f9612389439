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


def _power(book: Book, pairs: Pairs) -> dict[str, float]:
    """W drawn at each node."""
    drawn: dict[str, float] = {node: float(power) for node, power in book.base_w.items()}
    for order, fill in pairs:
        power = (fill.local_wh + fill.retailer_wh) * 60 / book.slot_minutes
        drawn[order.node] = drawn.get(order.node, 0.0) + (power if order.side == "buy" else -power)
    return drawn


def _network(book: Book, feeder: Feeder, pairs: Pairs, clearing: Clearing) -> Iterator[str]:
    """Flows and voltages by walking from each node to the root, the way one would by hand."""
    if clearing.emergency:  # firm energy alone breaks a limit: it is reported, the market cannot mend it
        return
    drawn = _power(book, pairs)
    rounding_w = 60 / book.slot_minutes * len(pairs)
    total = sum(drawn.values())
    for name, limit, power in (
        ("import", book.import_limit_w, total),
        ("export", book.export_limit_w, -total),
        ("transformer", feeder.transformer.s_va, abs(total)),
    ):
        if limit is not None and power > limit * (1 + SLACK) + rounding_w:
            yield f"The {name} limit of {limit:.0f} W is broken: {power:.0f} W."
    into = {line.child: line for line in feeder.lines}
    flows: dict[str, float] = {}
    for start, power in drawn.items():
        node = start
        while node in into:
            flows[node] = flows.get(node, 0.0) + power
            node = into[node].parent
    for node, flow in flows.items():
        limit_a = into[node].limit_a
        if limit_a is not None and abs(flow) > limit_a * feeder.nominal_v * 3**0.5 * (1 + SLACK) + rounding_w:
            yield f"Line {into[node].code} carries {flow:.0f} W."
    yield from _voltages(feeder, flows, total)
    yield from _under_ac(feeder, drawn, rounding_w)


def _under_ac(feeder: Feeder, drawn: dict[str, float], rounding_w: float) -> Iterator[str]:
    """The same limits in the AC state, whose currents know the voltage and whose voltages know the losses."""
    exact = ac_flow(feeder, np.array([drawn.get(node, 0.0) for node in feeder.nodes]))
    rated_va = feeder.transformer.s_va
    if rated_va is not None and exact.transformer_va > rated_va * (1 + AC_SLACK) + rounding_w:
        yield f"Under AC the transformer carries {exact.transformer_va:.0f} VA."
    rounding_a = rounding_w / (3**0.5 * feeder.nominal_v)
    for line in feeder.lines:
        ampere = exact.currents_a[feeder.index[line.child]]
        if line.limit_a is not None and ampere > line.limit_a * (1 + AC_SLACK) + rounding_a:
            yield f"Under AC line {line.code} carries {ampere:.0f} A."
    for node, value in zip(feeder.nodes, exact.voltages_pu, strict=True):
        if not feeder.v_min_pu - AC_SLACK / 2 <= value <= feeder.v_max_pu + AC_SLACK / 2:
            yield f"Under AC the voltage at {node} is {value:.4f} per unit."


def _voltages(feeder: Feeder, flows: dict[str, float], total: float) -> Iterator[str]:
    volts = feeder.nominal_v**2
    squared = {feeder.root: feeder.slack_pu**2 - 2 * feeder.transformer.r_ohm * total / volts}
    into = {line.child: line for line in feeder.lines}
    for start in feeder.nodes:
        path, node = [], start
        while node not in squared:
            path.append(node)
            node = into[node].parent
        for child in reversed(path):
            line = into[child]
            squared[child] = squared[line.parent] - 2 * line.r_ohm * flows.get(child, 0.0) / volts
    for node, value in squared.items():
        if not feeder.v_min_pu**2 - SLACK <= value <= feeder.v_max_pu**2 + SLACK:
            yield f"The voltage at {node} is {value**0.5:.3f} per unit."


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
