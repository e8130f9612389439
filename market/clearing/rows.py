"""The equations and full limits of a solved programme as rows over its columns, without writing the matrix out.

What all limits together cost each column at given prices is one sum down the tree; entries are written out only
for the few columns that are between their bounds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from market.clearing.programme import Ways
from market.clearing.wires import Wires
from market.grid import Limit, burden
from market.grid.feeder import Floats, Ints


@dataclass(frozen=True, eq=False, slots=True)
class Rows:
    """`equal` balance rows, then one row a limit; `room_kwh` is what firm energy leaves of each (broken part
    included).

    A kWh of an order's flow counts as what it adds to the limit, W per W.
    """

    wires: Wires
    ways: Ways
    limits: tuple[Limit, ...]
    room_kwh: Floats

    @property
    def equal(self) -> int:
        """How many rows balance what neighbours buy and sell."""
        return len(self.ways.meets)

    def against(self, duals: Floats) -> Floats:
        """What the rows cost a kWh of each column at these prices (m€/kWh)."""
        book, ways = self.wires.book, self.ways
        cost = ways.balance.T @ duals[: self.equal]
        if len(self.limits):
            moving = self.flow_cost(duals) * ~(book.firm & book.buys)
            cost = cost + np.where(ways.order >= 0, moving[np.maximum(ways.order, 0)], 0.0)
        return np.asarray(cost)

    def flow_cost(self, duals: Floats) -> Floats:
        """What a kWh of each order's flow owes to the limits at these prices (m€/kWh); negative where it
        relieves.
        """
        return self.wires.priced(*burden(self.wires.network, self.limits, duals[self.equal :]))

    def gains(self, duals: Floats) -> Floats:
        """What a kWh of each column is worth beyond what it costs (m€/kWh)."""
        return np.asarray(self.ways.value - self.against(duals))

    def entries(self, columns: Ints) -> Floats:
        """The rows written out for some columns: `[row, column]`."""
        book, ways = self.wires.book, self.ways
        order = np.maximum(ways.order[columns], 0)
        moves = (ways.order[columns] >= 0) & ~(book.firm & book.buys)[order]
        network = self.wires.rows(self.limits, order) * moves
        return np.concatenate((ways.balance[:, columns], network))


def rows_of(wires: Wires, ways: Ways, limits: Sequence[Limit], over_kwh: Floats) -> Rows:
    """The rows of a programme whose full limits these are; `over_kwh` is by how much each stays broken."""
    base = wires.firm_flow
    room = [(limit.most - limit.used(wires.network, base)) / wires.w_per_wh / 1e3 for limit in limits]
    return Rows(wires, ways, tuple(limits), np.array(room) + over_kwh)
