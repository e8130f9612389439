"""The whole slot as one sparse linear programme: the reference that clearings are held to.

Deliberately another shape than the engine's: the branch-flow form, with the flow of every line and the squared
voltage of every node and phase as unknowns and all limits as bounds on them, two unknowns per order (x matched
with neighbours, y left to its own retailer), as many prices as there are places, scipy's HiGHS.

    maximise    Σ value_x·x + value_y·y − Σ_firm sale feed-in·E
    subject to  x + y ≤ E  (= E for firm purchases),  Σ_buy x = Σ_sell x
                flow into a node = what is drawn there + flows out of it
                squared voltage of a node = that of its parent − coupling·flow
                every flow, voltage, import and export within its limit
                Σ_zone matched = out of it − into it; half a step of the fee is paid on either

What a Wh is worth: matched, a purchase its limit (a firm one no more than its retailer asks) and a sale less its
limit and the grid fee; left to the retailer, what a flexible order gains there. A curtailed firm surplus costs
its feed-in price, because the constant takes it off and x and y bring it back.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array, csr_array

from market.clearing import Book, Clearing, Kind, Order, Side
from market.grid import Feeder, Moved

PHASES = "abc"
Element = tuple[str, str, str, str]  # name, kind, phase, side ("take" or "give"; "low" or "high")


class NothingFits(ArithmeticError):
    """Firm energy alone breaks a limit of the street."""


@dataclass(frozen=True, eq=False)
class Optimum:
    """Welfare (n€), fills (Wh by order id), and prices.

    `price_ueur_kwh` is what a kWh matched at the transformer costs the buyer, fee included;
    `network_ueur_kwh[node, phase]` what one kWh more drawn there costs in limits; `shadow_ueur_kwh` what one kWh
    more room at a limit is worth (of a voltage: a hundredth of its square), `rent_neur` that times all its room.
    """

    welfare_neur: float
    local_wh: dict[int, float]
    retailer_wh: dict[int, float]
    price_ueur_kwh: float
    network_ueur_kwh: np.ndarray
    shadow_ueur_kwh: dict[Element, float]
    rent_neur: dict[Element, float]

    def price_at(self, feeder: Feeder, order: Order) -> float:
        """What a matched kWh costs at an order's place and phases."""
        at = self.network_ueur_kwh[feeder.index[order.node]]
        return self.price_ueur_kwh + float(np.mean([at[PHASES.index(phase)] for phase in order.phase]))


def values(order: Order, fee_ueur_kwh: int) -> tuple[int, int, bool]:
    """Worth of a Wh matched and of one left to the retailer (n€), and whether the retailer takes any."""
    limit, retailer = order.limit_ueur_kwh, order.retailer_ueur_kwh
    if order.side is Side.BUY:
        if order.kind is Kind.FIRM:
            return min(limit, retailer), 0, True
        return limit, max(limit - retailer, 0), limit >= retailer
    if order.kind is Kind.FIRM:
        return retailer - max(limit, retailer) - fee_ueur_kwh, retailer, True
    return -limit - fee_ueur_kwh, max(retailer - limit, 0), limit <= retailer


def feed_in_neur(book: Book) -> int:
    """What all firm surplus would bring at its retailers: the constant of the welfare."""
    firm = [order for order in book.orders if order.side is Side.SELL and order.kind is Kind.FIRM]
    return sum(order.retailer_ueur_kwh * order.energy_wh for order in firm)


def welfare_neur(book: Book, feeder: Feeder, clearing: Clearing) -> int:
    """The same welfare of a clearing's fills, in whole n€."""
    orders = {order.id: order for order in book.orders}
    total = -feed_in_neur(book)
    signed = {f.order_id: f.local_wh * (1 if orders[f.order_id].side is Side.BUY else -1) for f in clearing.fills}
    for members, step in zones(book, feeder):
        total -= abs(sum(signed[order.id] for order in members)) * step // 2
    for fill in clearing.fills:
        matched, left, _ = values(orders[fill.order_id], book.grid_fee_ueur_kwh)
        total += matched * fill.local_wh + left * fill.retailer_wh
    return total


def zones(book: Book, feeder: Feeder) -> list[tuple[list[Order], int]]:
    """The orders of each feeder and each substation whose crossing costs something, and the step of its fee."""
    return [
        ([order for order in book.orders if at[feeder.index[order.node]] == zone], step)
        for at, step in zip(feeder.zones, book.fees.steps, strict=True)
        if step
        for zone in np.unique(at)
    ]


def solve(book: Book, feeder: Feeder, moved: Iterable[Moved] = ()) -> Optimum:
    """The optimum under the linear flow, with bounds that AC power flow `moved`. Raises `NothingFits`."""
    programme = _Programme(book, feeder, moved)
    answer = linprog(
        programme.cost(),
        A_ub=programme.below,
        b_ub=programme.room,
        A_eq=programme.equal,
        b_eq=programme.right,
        bounds=programme.bounds,
        method="highs",
    )
    if answer.status == 2:
        raise NothingFits("Firm energy alone breaks a limit.")
    assert answer.status == 0, answer.message
    return programme.optimum(answer)


class _Programme:
    """Unknowns: x and y by order (kWh), flow (kWh) and voltage by node and phase, kWh out of and into each zone."""

    def __init__(self, book: Book, feeder: Feeder, moved: Iterable[Moved]) -> None:
        self.book, self.feeder, self.moved = book, feeder, moved
        self.zones = zones(book, feeder)
        self.n, self.k = len(book.orders), 3 * len(feeder.nodes)
        self.hours = book.slot_minutes / 60
        self.flow0, self.volt0 = 2 * self.n, 2 * self.n + self.k
        self.crossing0 = 2 * self.n + 2 * self.k
        self.size = self.crossing0 + 2 * len(self.zones)
        self.into = {line.child: line for line in feeder.lines}
        self.root = 3 * feeder.index[feeder.root]
        self._equalities()
        self._inequalities()
        self.bounds = self._bounds()

    def cost(self) -> np.ndarray:
        """What is minimised, in thousandths of a euro per kWh."""
        worth = [values(order, self.book.grid_fee_ueur_kwh) for order in self.book.orders]
        gain = [one[0] for one in worth] + [one[1] for one in worth]
        crossing = np.repeat([step / 2 for _, step in self.zones], 2)
        return np.concatenate((-np.array(gain, dtype=float) / 1e3, np.zeros(2 * self.k), crossing / 1e3))

    def _equalities(self) -> None:
        cells: list[tuple[int, int, float]] = []
        right = np.zeros(2 * self.k + 1)
        for node, place in self.feeder.index.items():
            base_kwh = self.book.base_w.get(node, 0) / 3 * self.hours / 1e3
            right[3 * place : 3 * place + 3] = base_kwh
            line = self.into.get(node)
            for phase in range(3):
                row = 3 * place + phase
                cells.append((row, self.flow0 + row, 1.0))
                if line is not None:  # the parent's row gives what this line takes
                    cells.append((3 * self.feeder.index[line.parent] + phase, self.flow0 + row, -1.0))
            cells += self._fall(node, place, right)
        for i, order in enumerate(self.book.orders):
            sign = 1.0 if order.side is Side.BUY else -1.0
            cells.append((2 * self.k, i, sign))
            for phase in order.phase:
                row = 3 * self.feeder.index[order.node] + PHASES.index(phase)
                cells += [(row, j, -sign / len(order.phase)) for j in (i, self.n + i)]
        firm = [i for i, order in enumerate(self.book.orders) if _must_flow(order)]
        for row, i in enumerate(firm, 2 * self.k + 1):
            cells += [(row, i, 1.0), (row, self.n + i, 1.0)]
        energy = [self.book.orders[i].energy_wh / 1e3 for i in firm]
        number = {order.id: i for i, order in enumerate(self.book.orders)}
        for zone, (members, _) in enumerate(self.zones):
            row, column = 2 * self.k + 1 + len(firm) + zone, self.crossing0 + 2 * zone
            cells += [(row, column, 1.0), (row, column + 1, -1.0)]
            cells += [(row, number[order.id], 1.0 if order.side is Side.BUY else -1.0) for order in members]
        self.right = np.concatenate((right, energy, np.zeros(len(self.zones))))
        self.equal = _matrix(cells, len(self.right), self.size)

    def _fall(self, node: str, place: int, right: np.ndarray) -> list[tuple[int, int, float]]:
        """Rows of the voltages (hundredths of a per unit squared) at the end of the line into a node."""
        line = self.into.get(node)
        one = line.positive_ohm if line else complex(self.feeder.transformer.r_ohm, self.feeder.transformer.x_ohm)
        zero = line.zero_ohm if line else one
        own, mutual = (zero + 2 * one) / 3, (zero - one) / 3
        turn = np.exp(-2j * np.pi / 3 * np.arange(3))
        cells = []
        for i in range(3):
            row = self.k + 3 * place + i
            cells.append((row, self.volt0 + 3 * place + i, 1.0))
            if line is not None:
                cells.append((row, self.volt0 + 3 * self.feeder.index[line.parent] + i, -1.0))
            else:
                right[row] = 100 * self.feeder.slack_pu**2
            for j in range(3):
                ohm = turn[i] / turn[j] * np.conj(own if i == j else mutual)
                per_kw = 2 * ohm.real * 1e3 / (self.feeder.nominal_v**2 / 3)
                cells.append((row, self.flow0 + 3 * place + j, 100 * per_kw / self.hours))
        return cells

    def _inequalities(self) -> None:
        """x + y ≤ E, then what the community as a whole may take and give."""
        free = [i for i, order in enumerate(self.book.orders) if not _must_flow(order)]
        cells = [(row, j, 1.0) for row, i in enumerate(free) for j in (i, self.n + i)]
        room = [self.book.orders[i].energy_wh / 1e3 for i in free]
        self.whole: list[Element] = []
        for kind, limit_w, sign in (
            ("import", self.book.import_limit_w, 1.0),
            ("export", self.book.export_limit_w, -1.0),
        ):
            if limit_w is not None:
                cells += [(len(room), self.flow0 + self.root + phase, sign) for phase in range(3)]
                room.append(limit_w * self.hours / 1e3)
                self.whole.append(("transformer", kind, "", "take" if sign > 0 else "give"))
        self.below, self.room = _matrix(cells, len(room), self.size), np.array(room)

    def _bounds(self) -> np.ndarray:
        bounds = np.zeros((self.size, 2))
        bounds[:, 1] = np.inf
        for i, order in enumerate(self.book.orders):
            if not values(order, 0)[2]:
                bounds[self.n + i, 1] = 0.0
        for node, place in self.feeder.index.items():
            most = self._most_kwh(node)
            bounds[self.flow0 + 3 * place : self.flow0 + 3 * place + 3] = -most, most
        bounds[self.volt0 : self.crossing0] = 100 * self.feeder.v_min_pu**2, 100 * self.feeder.v_max_pu**2
        for row in self.moved:
            self._move(bounds, row)
        return bounds

    def _move(self, bounds: np.ndarray, row: Moved) -> None:
        """A bound as AC power flow moved it, in the phase that it names, or in all three."""
        child = {line.code: line.child for line in self.feeder.lines} | {"transformer": self.feeder.root}
        for phase in row.phase or PHASES:
            if row.kind.startswith("voltage"):
                at = self.volt0 + 3 * self.feeder.index[row.element] + PHASES.index(phase)
                bounds[at, int(row.kind == "voltage_high")] = 100 * row.after**2
            else:
                at = self.flow0 + 3 * self.feeder.index[child[row.element]] + PHASES.index(phase)
                most_kwh = row.after * self.hours / 1e3 / (1 if row.phase else 3)
                bounds[at] = -most_kwh, most_kwh

    def _most_kwh(self, node: str) -> float:
        """What a phase of the line into a node may carry in the slot."""
        line = self.into.get(node)
        if line is None:
            rated_va = self.feeder.transformer.s_va
            return np.inf if rated_va is None else rated_va / 3 * self.hours / 1e3
        volts = self.feeder.nominal_v / np.sqrt(3)
        return np.inf if line.limit_a is None else line.limit_a * volts * self.hours / 1e3

    def optimum(self, answer: object) -> Optimum:
        """The solver's answer in Wh, n€ and µ€/kWh."""
        wh = 1e3 * answer.x[: 2 * self.n]  # type: ignore[attr-defined]
        ids = [order.id for order in self.book.orders]
        prices = -1e3 * answer.eqlin.marginals  # type: ignore[attr-defined]
        shadow, rent = self._limits(answer)
        return Optimum(
            welfare_neur=-1e6 * answer.fun - feed_in_neur(self.book),  # type: ignore[attr-defined]
            local_wh=dict(zip(ids, wh[: self.n], strict=True)),
            retailer_wh=dict(zip(ids, wh[self.n :], strict=True)),
            price_ueur_kwh=float(prices[2 * self.k]),
            network_ueur_kwh=-prices[: self.k].reshape(-1, 3),
            shadow_ueur_kwh=shadow,
            rent_neur=rent,
        )

    def _limits(self, answer: object) -> tuple[dict[Element, float], dict[Element, float]]:
        """Shadow price and rent of every limit that binds."""
        shadow: dict[Element, float] = {}
        rent: dict[Element, float] = {}
        marginals = (answer.lower.marginals, answer.upper.marginals)  # type: ignore[attr-defined]
        for node, place in self.feeder.index.items():
            line = self.into.get(node)
            name, kind = (line.code, "line") if line else ("transformer", "transformer")
            for i, phase in enumerate(PHASES):
                flow, volt = self.flow0 + 3 * place + i, self.volt0 + 3 * place + i
                for end, (side, voltage) in enumerate((("give", "low"), ("take", "high"))):
                    for key, column, origin in (
                        ((name, kind, phase, side), flow, 0.0),
                        ((node, f"voltage_{voltage}", phase, voltage), volt, 100 * self.feeder.slack_pu**2),
                    ):
                        dual = 1e3 * abs(marginals[end][column])
                        if dual > 1e-3:
                            shadow[key] = dual
                            rent[key] = 1e3 * dual * abs(self.bounds[column, end] - origin)
        for key, dual, room in zip(
            reversed(self.whole),
            -1e3 * answer.ineqlin.marginals[::-1],
            self.room[::-1],
            strict=False,  # type: ignore[attr-defined]
        ):
            if dual > 1e-3:
                shadow[key], rent[key] = float(dual), 1e3 * float(dual * room)
        return shadow, rent


def _must_flow(order: Order) -> bool:
    return order.kind is Kind.FIRM and order.side is Side.BUY


def _matrix(cells: list[tuple[int, int, float]], rows: int, columns: int) -> csr_array:
    row, column, value = zip(*cells, strict=True) if cells else ((), (), ())
    return csr_array(coo_array((value, (row, column)), shape=(rows, columns)))
