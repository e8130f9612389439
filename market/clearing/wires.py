"""A book's orders on the street's network: from energies by order to flows, and back to rows of a programme."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from market.clearing.book import PHASE_CODES, Book
from market.grid import SHARES, Feeder, Flow, Limit, Network, linear_flow, network_of, usage
from market.grid.feeder import Floats, Ints

_SHARES = np.array([SHARES[code] for code in PHASE_CODES]).T


@dataclass(frozen=True, eq=False)
class Wires:
    """Where each order draws: its place, its share of each column, its tan φ (None: nobody's), and the base load.

    A book whose homes are all on three phases needs one column instead of three (`Network`).
    """

    book: Book
    network: Network
    places: Ints
    shares: Floats
    tangents: Floats | None
    base_w: Floats
    base_var: Floats | None

    @cached_property
    def firm_flow(self) -> Flow:
        """The street's state under what no clearing moves: firm purchases and the base load."""
        return linear_flow(self.network, *self.firm_drawn)

    @cached_property
    def firm_drawn(self) -> tuple[Floats, Floats | None]:
        """W and var of firm purchases and the base load, `[column, place]`."""
        return self.drawn(np.where(self.book.firm & self.book.buys, self.book.energy_wh, 0))

    @property
    def w_per_wh(self) -> float:
        """Mean power of one Wh in the slot."""
        return 60 / self.book.slot_minutes

    def drawn(self, flow_wh: Ints | Floats) -> tuple[Floats, Floats | None]:
        """W and var that each column draws at each place, `[column, place]`, from flowing Wh by order."""
        power = self.book.sign * flow_wh * self.w_per_wh
        count = len(self.network.end)
        drawn_w = self.base_w + [np.bincount(self.places, power * share, count) for share in self.shares]
        if self.tangents is None:
            return drawn_w, self.base_var
        turned = power * self.tangents
        drawn_var = np.array([np.bincount(self.places, turned * share, count) for share in self.shares])
        return drawn_w, drawn_var if self.base_var is None else drawn_var + self.base_var

    def flow(self, flow_wh: Ints | Floats) -> Flow:
        """The street's linear state under flowing Wh by order."""
        return linear_flow(self.network, *self.drawn(flow_wh))

    def priced(self, active: Floats, reactive: Floats) -> Floats:
        """What a Wh of each order's flow costs where a W and a var withdrawn have these prices, `[column,
        place]`.
        """
        cost = (self.shares * active[:, self.places]).sum(axis=0)
        if self.tangents is not None:
            cost += self.tangents * (self.shares * reactive[:, self.places]).sum(axis=0)
        return np.asarray(self.book.sign * cost)

    def rows(self, limits: Sequence[Limit], orders: Ints) -> Floats:
        """What a Wh of some orders' flow adds to each limit: `[limit, order]`, W per W."""
        answer = np.empty((len(limits), len(orders)))
        places, shares, sign = self.places[orders], self.shares[:, orders], self.book.sign[orders]
        tangents = None if self.tangents is None else self.tangents[orders]
        for row, limit in zip(answer, limits, strict=True):
            row[:] = sign * usage(self.network, limit, places, shares, tangents)
        return answer


def wires(book: Book, feeder: Feeder) -> Wires:
    """The orders of a book on a feeder. Raises KeyError for a node that the feeder does not have."""
    balanced = not book.phase.any()
    network = network_of(feeder, balanced=balanced)
    places = feeder.places[nodes_of(book, feeder)]
    shares = np.ones((1, len(book))) if balanced else _SHARES[:, book.phase]
    tangents = book.tan_phi if book.tan_phi.any() else None
    base_w = _base(network, book.base_w)
    base_var = _base(network, book.base_var) if book.base_var else None
    return Wires(book, network, places, shares, tangents, base_w, base_var)


def nodes_of(book: Book, feeder: Feeder) -> Ints:
    """Each order's node as the feeder counts them."""
    if book.nodes == feeder.nodes:
        return book.node
    at = np.array([feeder.index[node] for node in book.nodes], dtype=np.int64)
    return np.asarray(at[book.node])


def _base(network: Network, by_node: object) -> Floats:
    answer = np.zeros((network.columns, len(network.end)))
    feeder = network.feeder
    for node, power in dict(by_node).items():  # type: ignore[call-overload]
        answer[:, feeder.places[feeder.index[node]]] += power / network.columns
    return answer
