"""The congested slot as a linear programme in cvxpy, solved by HiGHS. Imported only when a limit binds.

maximise  Σ_buy b·x − Σ_sell a·x − Σ_firm-sell c·(E − z) + small rewards − penalty·s
subject to  Σ_buy x = Σ_sell x,   0 ≤ x ≤ z ≤ E,   A·z ≤ room + s,   s ≥ 0,
with x matched with neighbours and z flowing (kWh); z = x where no retailer may take the rest, and z = E for firm
purchases, which the market cannot cut. Source: welfare clearing with LinDistFlow rows, docs/market.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cvxpy as cp
import numpy as np

from market.clearing.book import Kind, Side
from market.clearing.congested import Column
from market.grid.feeder import Floats

MEUR = 1e-3  # µ€ to m€: figures near one suit the solver
# Far below any difference of prices (1 µ€/kWh = 1e-3 m€/kWh), far above the solver's tolerance:
# energy goes to retailers rather than nowhere, and to neighbours rather than to retailers at equal price.
RETAILER_REWARD, NEIGHBOUR_REWARD = 1e-5, 3e-5
SCARCITY = 10.0  # a broken limit costs this many times the highest price


@dataclass(frozen=True, slots=True)
class Solution:
    """Per column matched and flowing Wh; per row its shadow price and by how many Wh it stays broken."""

    local_wh: tuple[float, ...]
    flow_wh: tuple[float, ...]
    shadows_ueur_kwh: tuple[int, ...]
    excess_wh: tuple[float, ...]


def optimise(columns: Sequence[Column], room_wh: Floats, barred: frozenset[int]) -> Solution:
    """Solve for the columns; `room_wh` is what each row may still carry in the slot. `barred` do not match."""
    matched, flowing = cp.Variable(len(columns)), cp.Variable(len(columns))
    broken = cp.Variable(len(room_wh), nonneg=True)
    rows = np.array([column.coefficients for column in columns]).T
    network = rows @ flowing - broken <= room_wh / 1e3
    worth = _worth(columns, matched, flowing, broken)
    problem = cp.Problem(cp.Maximize(worth), [*_shares(columns, matched, flowing, barred), network])
    try:
        problem.solve(solver=cp.HIGHS, warm_start=False, highs_options={"output_flag": False})
    except cp.SolverError as error:
        raise ArithmeticError(str(error)) from error
    if problem.status != cp.OPTIMAL:
        raise ArithmeticError(f"The solver ended with {problem.status}.")
    duals = np.abs(np.atleast_1d(network.dual_value))
    return Solution(
        tuple(1e3 * np.atleast_1d(matched.value)),
        tuple(1e3 * np.atleast_1d(flowing.value)),
        tuple(round(float(dual) / MEUR) for dual in duals),
        tuple(1e3 * np.atleast_1d(broken.value)),
    )


def _worth(
    columns: Sequence[Column], matched: cp.Variable, flowing: cp.Variable, broken: cp.Variable
) -> cp.Expression:
    """Welfare with the small rewards, less the penalty of limits that stay broken, in m€."""
    signs = np.array([1.0 if column.side is Side.BUY else -1.0 for column in columns])
    prices = np.array([column.asked_ueur_kwh for column in columns]) * MEUR
    # Not curtailing a firm surplus is worth its feed-in price.
    kept = np.array(
        [
            column.retailer_ueur_kwh * MEUR if column.kind is Kind.FIRM and column.side is Side.SELL else 0.0
            for column in columns
        ]
    )
    scarcity = SCARCITY * max(1.0, float(np.max(np.abs(prices))))
    return (
        (signs * prices + NEIGHBOUR_REWARD - RETAILER_REWARD) @ matched
        + (kept + RETAILER_REWARD) @ flowing
        - scarcity * cp.sum(broken)
    )


def _shares(
    columns: Sequence[Column], matched: cp.Variable, flowing: cp.Variable, barred: frozenset[int]
) -> list[cp.Constraint]:
    """What is matched flows, what flows was asked for, and both sides of the matching agree."""
    energy = np.array([column.energy_wh for column in columns]) / 1e3
    buys = np.array([column.side is Side.BUY for column in columns])
    firm_buys = buys & np.array([column.kind is Kind.FIRM for column in columns])
    unserved = np.array([not column.meets_retailer for column in columns])
    free = np.array([column.orders[0].id not in barred for column in columns])
    return [
        np.where(buys, 1.0, -1.0) @ matched == 0,
        matched >= 0,
        matched <= free * energy,
        matched <= flowing,
        flowing <= energy,
        cp.multiply(unserved.astype(float), flowing - matched) == 0,
        cp.multiply(firm_buys.astype(float), flowing - energy) == 0,
    ]
