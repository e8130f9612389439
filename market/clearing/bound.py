"""How good a congested clearing can be at most: the whole problem at once, every limit written out.

Deliberately another formulation than the optimiser's: all rows from the start, one variable per order, scipy.
"""

from collections.abc import Iterator

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import bmat, csr_array, eye_array, hstack

from market.clearing.book import Book
from market.clearing.outcome import Clearing
from market.grid import Feeder

# Rounding to whole Wh may cost this much of the best welfare, and a few Wh at the highest price.
TOLERANCE = 2e-3


def bound_problems(book: Book, feeder: Feeder, clearing: Clearing, welfare_neur: int) -> Iterator[str]:
    """Complaints if the welfare is above the bound, or below it although one price could support the optimum."""
    best_neur, one_price = _bound(book, feeder)
    highest = max(abs(order.bound_ueur_kwh) for order in book.orders)
    room = TOLERANCE * abs(best_neur) + 4 * len(book.orders) * highest
    if welfare_neur > best_neur + room:
        yield f"The welfare of {welfare_neur} n€ is above the bound of {best_neur:.0f} n€."
    # Limits that AC power flow has moved are not in the bound.
    if one_price and not clearing.reclears and welfare_neur < best_neur - room:
        yield f"The welfare is {welfare_neur} n€ where {best_neur:.0f} n€ were possible."


def _bound(book: Book, feeder: Feeder) -> tuple[float, bool]:
    """Best welfare (n€) with as many prices as needed, and whether a single price would do for it."""
    orders, fee = book.orders, book.grid_fee_ueur_kwh
    n = len(orders)
    energy = np.array([order.energy_wh for order in orders], dtype=float)
    buys = np.array([order.side == "buy" for order in orders])
    firm = np.array([order.kind == "firm" for order in orders])
    asked = np.array([order.bound_ueur_kwh + (0 if order.side == "buy" else fee) for order in orders], dtype=float)
    feed_in = np.array([order.retailer_ueur_kwh for order in orders], dtype=float)
    served = firm | np.array([order.bound_ueur_kwh == order.retailer_ueur_kwh for order in orders])
    sign = np.where(buys, 1.0, -1.0)
    cost = np.concatenate([-sign * asked, np.where(firm & ~buys, -feed_in, 0.0)])
    network, room = limit_rows(book, feeder)
    below = hstack([eye_array(n), -eye_array(n)])  # x ≤ z
    equal = bmat([[csr_array(sign[None, :]), None], [eye_array(n), -csr_array(np.diag((~served).astype(float)))]])
    equal = csr_array(equal)[np.concatenate([[True], ~served])]
    low = np.concatenate([np.zeros(n), np.where(firm & buys, energy, 0.0)])
    answer = linprog(
        cost,
        A_ub=bmat([[below], [hstack([csr_array(network.shape), csr_array(network)])]]),
        b_ub=np.concatenate([np.zeros(n), room]),
        A_eq=equal,
        b_eq=np.zeros(equal.shape[0]),
        bounds=np.column_stack([low, np.concatenate([energy, energy])]),
        method="highs",
    )
    if answer.status != 0:
        return float("inf"), False
    lost = float(np.sum(np.where(firm & ~buys, feed_in * energy, 0.0)))
    matched = answer.x[:n] > 0.5
    bids, asks = asked[matched & buys], asked[matched & ~buys]
    return -answer.fun - lost, not len(bids) or not len(asks) or float(bids.min()) >= float(asks.max())


def limit_rows(book: Book, feeder: Feeder) -> tuple[np.ndarray, np.ndarray]:
    """All limits as rows over the orders' Wh: (coefficients, what is left after the base load)."""
    below = _below(feeder)
    drop = np.einsum("ln,lij,lm->nimj", below, _coupling(feeder), below)
    root = below[feeder.nodes.index(feeder.root)]
    rows: list[np.ndarray] = []
    most: list[float] = []
    for limit, sign in ((book.import_limit_w, 1), (book.export_limit_w, -1)):
        if limit is not None:
            rows.append(sign * np.outer(root, np.ones(3)))
            most.append(float(limit))
    phases = np.eye(3)
    carried = [] if feeder.transformer.s_va is None else [(root, feeder.transformer.s_va / 3)]
    for line in feeder.lines:
        if line.limit_a is not None:
            carried.append((below[feeder.nodes.index(line.child)], line.limit_a * feeder.nominal_v / 3**0.5))
    for under, limit_w in carried:
        for phase in phases:
            rows += [np.outer(under, phase), -np.outer(under, phase)]
            most += [limit_w, limit_w]
    for n in range(len(feeder.nodes)):
        for i in range(3):
            rows += [drop[n, i], -drop[n, i]]
            most += [feeder.slack_pu**2 - feeder.v_min_pu**2, feeder.v_max_pu**2 - feeder.slack_pu**2]
    return _over_orders(book, feeder, np.array(rows), np.array(most))


def _over_orders(
    book: Book, feeder: Feeder, at_nodes: np.ndarray, room: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Rows over nodes and phases as rows over orders, with the base load taken from what is left."""
    place = {node: i for i, node in enumerate(feeder.nodes)}
    for node, power in book.base_w.items():
        room = room - at_nodes[:, place[node]].sum(axis=1) * power / 3
    columns = []
    for order in book.orders:
        sign = 1.0 if order.side == "buy" else -1.0
        used = ["abc".index(phase) for phase in order.phase]
        columns.append(sign * at_nodes[:, place[order.node]][:, used].mean(axis=1))
    return np.array(columns).T, room * book.slot_minutes / 60


def _below(feeder: Feeder) -> np.ndarray:
    """[n, m]: 1 where the line into n feeds m."""
    into = {line.child: line for line in feeder.lines}
    place = {node: i for i, node in enumerate(feeder.nodes)}
    below = np.zeros((len(feeder.nodes), len(feeder.nodes)))
    for node in feeder.nodes:
        walk = node
        below[place[walk], place[node]] = 1.0
        while walk in into:
            walk = into[walk].parent
            below[place[walk], place[node]] = 1.0
    return below


def _coupling(feeder: Feeder) -> np.ndarray:
    """Fall of each phase's squared voltage per W of each phase, of the line into each node, written out."""
    into = {line.child: line for line in feeder.lines}
    answer = np.zeros((len(feeder.nodes), 3, 3))
    for n, node in enumerate(feeder.nodes):
        line = into.get(node)
        one = line.positive_ohm if line else complex(feeder.transformer.r_ohm, feeder.transformer.x_ohm)
        zero = line.zero_ohm if line else one
        own, mutual = (zero + 2 * one) / 3, (zero - one) / 3
        before = -mutual.real / 2 + 3**0.5 / 2 * mutual.imag
        after = -mutual.real / 2 - 3**0.5 / 2 * mutual.imag
        answer[n] = [[own.real, before, after], [after, own.real, before], [before, after, own.real]]
    return answer * 2 * 3 / feeder.nominal_v**2
