"""The same book as it would be cleared without thought: what the clearing's speed and welfare are set beside.

`double_loop` is what most markets of neighbours do: for each purchase, dearest first, look through all sales for
the cheapest that is left. Pure Python, no street, quadratic. `rebuilt` is the textbook: the whole problem with
every limit of the street, written in cvxpy and built anew for each slot. Both answer with the welfare in n€ as
the tests' full programme counts it, so that all can be compared.
"""

from dataclasses import dataclass

import cvxpy as cp
import numpy as np
from scipy.sparse import csr_array, lil_array

from market.clearing import Book, Kind, Order, Side
from market.grid import SHARES, Feeder, network_of
from tests.market.clearing.full_programme import NothingFits, feed_in_neur, values


@dataclass(frozen=True, slots=True)
class Outcome:
    """Welfare (n€), and Wh matched and left to the retailer by order id."""

    welfare_neur: float
    local_wh: dict[int, float]
    retailer_wh: dict[int, float]


def double_loop(book: Book) -> Outcome:
    """Each purchase looks for the cheapest sale, as if cables had no limits."""
    fee = book.grid_fee_ueur_kwh
    left = {order.id: order.energy_wh for order in book.orders}
    local = dict.fromkeys(left, 0)
    buys = [order for order in book.orders if order.side is Side.BUY]
    sells = [order for order in book.orders if order.side is Side.SELL]
    for buy in sorted(buys, key=lambda order: -order.bound_ueur_kwh):
        while left[buy.id]:
            cheapest: Order | None = None
            for sell in sells:
                if left[sell.id] and (cheapest is None or sell.bound_ueur_kwh < cheapest.bound_ueur_kwh):
                    cheapest = sell
            if cheapest is None or cheapest.bound_ueur_kwh + fee > buy.bound_ueur_kwh:
                break
            step = min(left[buy.id], left[cheapest.id])
            for order in (buy, cheapest):
                left[order.id] -= step
                local[order.id] += step
    retailer = {order.id: left[order.id] if order.meets_retailer else 0 for order in book.orders}
    return Outcome(_welfare_neur(book, local, retailer), dict(local), dict(retailer))


def rebuilt(book: Book, feeder: Feeder) -> Outcome:
    """The whole slot in cvxpy, solved by HiGHS; nothing is kept from slot to slot. Raises `NothingFits`."""
    orders, hours = book.orders, book.slot_minutes / 60
    worth = np.array([values(order, book.grid_fee_ueur_kwh) for order in orders], dtype=float).reshape(-1, 3)
    energy = np.array([order.energy_wh for order in orders]) / 1e3
    buys = np.array([order.side is Side.BUY for order in orders])
    firm = np.array([order.kind is Kind.FIRM for order in orders])
    matched, left = cp.Variable(len(orders), nonneg=True), cp.Variable(len(orders), nonneg=True)
    constraints = [
        np.where(buys, 1.0, -1.0) @ matched == 0,
        matched + left <= energy,
        left <= worth[:, 2] * energy,
        cp.multiply(buys & firm, matched + left - energy) == 0,
        *_street(book, feeder, cp.multiply(np.where(buys, 1.0, -1.0), matched + left) / hours),
    ]
    gain = (worth[:, 0] @ matched + worth[:, 1] @ left) / 1e3
    problem = cp.Problem(cp.Maximize(gain), constraints)
    problem.solve(solver=cp.HIGHS, warm_start=False)
    if problem.status in {cp.INFEASIBLE, cp.settings.INFEASIBLE_OR_UNBOUNDED}:
        raise NothingFits("Firm energy alone breaks a limit.")
    if problem.status != cp.OPTIMAL:
        raise ArithmeticError(str(problem.status))
    ids = [order.id for order in orders]
    return Outcome(
        1e6 * float(problem.value) - feed_in_neur(book),
        dict(zip(ids, (1e3 * matched.value).tolist(), strict=True)),
        dict(zip(ids, (1e3 * left.value).tolist(), strict=True)),
    )


def _street(book: Book, feeder: Feeder, power_kw: cp.Expression) -> list[cp.Constraint]:
    """Flow (kW) of every line and squared voltage of every node, phase by phase, inside their limits."""
    count, tree = len(feeder.nodes), feeder.tree
    at = [lil_array((count, len(book.orders))) for _ in range(3)]
    for number, order in enumerate(book.orders):
        for share, phase in zip(SHARES[order.phase], at, strict=True):
            phase[feeder.places[feeder.index[order.node]], number] = share
    base = np.zeros(count)
    for node, power_w in book.base_w.items():
        base[feeder.places[feeder.index[node]]] = power_w / 3e3
    below = np.arange(1, count)
    up = csr_array((np.ones(count - 1), (tree.parent[1:], below)), shape=(count, count))  # [parent, child]
    flow, squared = cp.Variable((3, count)), cp.Variable((3, count))
    above = squared @ up
    most_kw = np.concatenate(([_rated_kw(feeder)], feeder.line_limits_w[tree.order[1:]] / 1e3))
    bounded = np.flatnonzero(np.isfinite(most_kw))
    total = cp.sum(flow[:, 0])
    constraints = [squared >= feeder.v_min_pu**2, squared <= feeder.v_max_pu**2]
    for i in range(3):
        fall = sum(cp.multiply(1e3 * network_of(feeder, balanced=False).drop_p[i, j], flow[j]) for j in range(3))
        root = np.concatenate(([feeder.slack_pu**2], np.zeros(count - 1)))
        constraints += [
            flow[i] == csr_array(at[i]) @ power_kw + base + up @ flow[i],
            squared[i] == root + above[i] - fall,
            cp.abs(flow[i][bounded]) <= most_kw[bounded],
        ]
    if book.import_limit_w is not None:
        constraints.append(total <= book.import_limit_w / 1e3)
    if book.export_limit_w is not None:
        constraints.append(-total <= book.export_limit_w / 1e3)
    return constraints


def _rated_kw(feeder: Feeder) -> float:
    return float("inf") if feeder.transformer.s_va is None else feeder.transformer.s_va / 3e3


def _welfare_neur(book: Book, local_wh: dict[int, int], retailer_wh: dict[int, int]) -> int:
    total = -feed_in_neur(book)
    for order in book.orders:
        matched, left, _ = values(order, book.grid_fee_ueur_kwh)
        total += matched * local_wh[order.id] + left * retailer_wh[order.id]
    return total
