"""Whether a clearing could have been better: its prices bound the welfare of every clearing (weak duality).

At any energy price, any price of distance within its step, and any prices of full limits, no clearing is worth
more than: what every order could gain at those prices at best, plus what the limits' room is worth. If the
clearing is worth that, no better one exists. Nothing is solved for this; what an order adds to the limits is
summed down the tree.
"""

from collections.abc import Iterator

import numpy as np

from market.clearing.book import PHASE_CODES, Book
from market.clearing.outcome import Binding, Clearing
from market.clearing.verify_grid import ANGLE, ancestry, nodes_of
from market.grid import Feeder
from market.grid.feeder import Floats, Ints

# The rewards that settle ties are worth less than this, µ€/kWh; rounding moves each order by about a Wh.
TIE_UEUR_KWH, ROUNDING_WH = 0.1, 3.0
SHARE = 1e-5  # of the welfare, for a solver's last digits
PROTECTION = 4.0  # in highest prices (rule capped)


def welfare_problems(book: Book, feeder: Feeder, clearing: Clearing) -> Iterator[str]:
    """Complaints if the welfare is not what the energies are worth, or less than was possible."""
    limit = _limit(book)
    welfare = _welfare(book, feeder, clearing, limit)
    if welfare != clearing.welfare_neur:
        yield f"The welfare is {welfare} n€, not {clearing.welfare_neur} n€."
    if clearing.emergency or not len(book):
        return
    yield from _forged(book, feeder, clearing, limit)
    spared = _spared(book, limit)
    bound = _bound(book, feeder, clearing, limit, spared)
    worth = welfare + float((spared * clearing.flow_wh).sum())
    highest = float(np.max(np.abs(np.where(book.firm, limit, book.limit_ueur_kwh))))
    touched = 0 if clearing.energy_ueur_kwh is None else len(book)
    room = TIE_UEUR_KWH * float(book.energy_wh.sum()) + SHARE * abs(bound)
    room += touched * ROUNDING_WH * (highest + sum(row.exact_ueur_kwh for row in clearing.bindings))
    if worth < bound - (room if touched else 0.5):
        yield f"The clearing is worth {worth:.0f} n€ where {bound:.0f} n€ were possible."


def _limit(book: Book) -> Ints:
    better = (book.retailer_ueur_kwh < book.limit_ueur_kwh) == book.buys
    return np.where(better, book.retailer_ueur_kwh, book.limit_ueur_kwh)


def _welfare(book: Book, feeder: Feeder, clearing: Clearing, limit: Ints) -> int:
    """What the energies are worth, less what crossing between feeders and substations takes, n€."""
    local, flow, firm, buys = clearing.local_wh, clearing.flow_wh, book.firm, book.buys
    worth = np.where(firm, limit, book.limit_ueur_kwh) * local
    both = int(worth.sum())
    bought = int(worth @ buys)
    fees = book.grid_fee_ueur_kwh * int(local @ ~buys)
    gained = np.abs(book.limit_ueur_kwh - book.retailer_ueur_kwh) @ ((flow - local) * ~firm)
    lost = book.retailer_ueur_kwh @ ((book.energy_wh - flow) * (firm & ~buys))
    crossing = 0
    for zone, step in zip(_zones(book, feeder), book.fees.steps, strict=True):
        if step:
            left = np.bincount(zone, np.where(buys, local, -local), len(feeder.nodes))
            crossing += round(float(np.abs(left).sum())) * step // 2
    return 2 * bought - both - fees + int(gained) - int(lost) - crossing


def _zones(book: Book, feeder: Feeder) -> tuple[Ints, Ints]:
    """Feeder and substation of each order."""
    at = nodes_of(book, feeder)
    feeders, stations = feeder.zones
    return feeders[at], stations[at]


def _spared(book: Book, limit: Ints) -> Floats:
    """Extra worth of a kWh of protected surplus: so many times the highest price that counts."""
    protected = book.protected & book.firm & ~book.buys
    if not protected.any():
        return np.zeros(len(book))
    meets = ~book.firm & (limit == book.retailer_ueur_kwh)
    used = np.where(book.firm, limit, book.limit_ueur_kwh)
    served = book.retailer_ueur_kwh[meets | (book.firm & ~book.buys)]
    highest = float(np.max(np.abs(np.concatenate(([1_000], used, served)))))
    return np.where(protected, PROTECTION * highest, 0.0)


def _bound(book: Book, feeder: Feeder, clearing: Clearing, limit: Ints, spared: Floats) -> float:
    """The most that any clearing could be worth, n€, by the clearing's own prices."""
    energy = clearing.energy_ueur_kwh
    if energy is None:
        energy = float(clearing.interval[0]) if clearing.interval else float(np.max(limit[book.buys], initial=0))
    burden, base = _burdens(book, feeder, clearing.bindings)
    own, retailer, fee = book.limit_ueur_kwh, book.retailer_ueur_kwh, book.grid_fee_ueur_kwh
    price = energy + (0.0 if clearing.zone_ueur_kwh is None else clearing.zone_ueur_kwh) - fee * ~book.buys
    out = _barred(book, clearing)
    sign = np.where(book.buys, 1, -1)
    # What a kWh gains with a neighbour and with the retailer; firm surplus would otherwise be held back.
    fed_in, alone = retailer * (book.firm & ~book.buys), sign * (own - retailer)
    by_neighbour = sign * (np.where(book.firm, limit, own) - price) + fed_in
    by_neighbour[out] = -np.inf
    by_retailer = np.where(book.firm, fed_in, np.where(alone < 0, -np.inf, alone))
    best = np.maximum(by_neighbour, by_retailer) + spared - burden
    best[(best < 0) & ~(book.firm & book.buys)] = 0.0  # a firm purchase flows whatever it costs the limits
    lost = fed_in @ book.energy_wh
    hours = book.slot_minutes / 60
    limits = sum(row.exact_ueur_kwh * row.most * hours for row in clearing.bindings)
    return float(best @ book.energy_wh - lost + limits - base * hours)


def _barred(book: Book, clearing: Clearing) -> np.ndarray:
    """Orders that stayed with their retailer because the one price does not suit them."""
    if clearing.forced_ueur_kwh is None or clearing.compensated or clearing.barred is None:
        return np.zeros(len(book), dtype=bool)
    return clearing.barred


def _burdens(book: Book, feeder: Feeder, bindings: tuple[Binding, ...]) -> tuple[Floats, float]:
    """µ€ that each order's kWh owes to the limits, and what the base load owes an hour."""
    if not bindings:
        return np.zeros(len(book)), 0.0
    tree = ancestry(feeder)
    number = tree.number
    line_to = {line.code: number[line.child] for line in feeder.lines}
    root = number[feeder.root]
    active, reactive = np.zeros((2, 3, len(feeder.nodes)))
    for row in bindings:
        phases = ["abc".index(row.phase)] if row.phase else [0, 1, 2]
        if row.kind.startswith("voltage"):
            _at_voltage(feeder, row, number[row.element], (active, reactive))
        elif row.kind in {"import", "export"}:
            active[:, root] += row.side * row.exact_ueur_kwh
        else:
            into = root if row.kind == "transformer" else line_to[row.element]
            active[phases, into] += row.direction[0] * row.exact_ueur_kwh
            reactive[phases, into] += row.direction[1] * row.exact_ueur_kwh
    active, reactive = tree.accumulated(active), tree.accumulated(reactive)
    owed = np.zeros(len(book))
    at = nodes_of(book, feeder)
    for code, name in enumerate(PHASE_CODES):
        these = book.phase == code
        columns = ["abc".index(phase) for phase in name]
        mean_p, mean_q = (price[columns][:, at[these]].mean(axis=0) for price in (active, reactive))
        owed[these] = mean_p + book.tan_phi[these] * mean_q
    base = sum(power * active[:, number[node]].mean() for node, power in book.base_w.items())
    base += sum(power * reactive[:, number[node]].mean() for node, power in book.base_var.items())
    return np.where(book.buys, owed, -owed), float(base)


def _at_voltage(feeder: Feeder, row: Binding, node: int, sums: tuple[Floats, Floats]) -> None:
    """A squared voltage's price lies on every line of its path, in each phase by what that induces."""
    tree = ancestry(feeder)
    path = [node]
    while tree.above[path[-1]] < len(tree.above):
        path.append(int(tree.above[path[-1]]))
    own, mutual = tree.own_ohm[path].conj(), tree.mutual_ohm[path].conj()
    price = row.side * row.exact_ueur_kwh / row.scale * 2 / (feeder.nominal_v**2 / 3)
    seen = np.array([own, mutual * ANGLE, mutual * ANGLE.conjugate()])
    if not row.phase:
        seen = np.repeat(seen.sum(axis=0, keepdims=True) / 3, 3, axis=0)
    seen = np.roll(seen, "abc".index(row.phase or "a"), axis=0)
    sums[0][:, path] += price * seen.real
    sums[1][:, path] -= price * seen.imag


def _forged(book: Book, feeder: Feeder, clearing: Clearing, limit: Ints) -> Iterator[str]:
    """Prices that prove nothing: negative ones, wider limits than the street's, steps of distance beyond the
    fee.
    """
    for row in clearing.bindings:
        if row.exact_ueur_kwh < -1e-6:
            yield f"The price of {row.element} is negative."
        if row.most > _most(book, feeder, row) * (1 + 1e-6) + 1e-3:
            yield f"{row.element} is said to carry {row.most:.0f}, which is more than it can."
    near, far = book.fees.steps
    barred = _barred(book, clearing)
    if barred.any() and clearing.forced_ueur_kwh is not None:
        # Barring moves the prices of distance, so an order may have refused any price within their steps.
        asked = limit + np.where(book.buys, 0, book.grid_fee_ueur_kwh)
        willing = np.where(book.buys, asked - clearing.forced_ueur_kwh, clearing.forced_ueur_kwh - asked)
        if (willing[barred] >= (near + far) / 2 + 1).any():
            yield "An order was kept from trading although the price suits it."
    if clearing.zone_ueur_kwh is not None and clearing.zone_ueur_kwh.any():
        feeders, stations = _zones(book, feeder)
        for station in np.unique(stations):
            here = clearing.zone_ueur_kwh[stations == station]
            if np.ptp(here) > near + 1e-3 or np.min(np.abs(here)) > (near + far) / 2 + 1e-3:
                yield "The prices of distance are beyond the fee."
        for zone in np.unique(feeders):
            if np.ptp(clearing.zone_ueur_kwh[feeders == zone]) > 1e-6:
                yield "One feeder has two prices of distance."


def _most(book: Book, feeder: Feeder, row: Binding) -> float:
    """What the feeder and the book say that a limit is."""
    if row.kind in {"import", "export"}:
        most = book.import_limit_w if row.kind == "import" else book.export_limit_w
        return float("-inf") if most is None else float(most)
    phases = 1 if row.phase else 3
    if row.kind == "transformer":
        return (feeder.transformer.s_va or float("-inf")) / 3 * phases
    if row.kind == "line":
        ampere = next((line.limit_a for line in feeder.lines if line.code == row.element), None)
        return float("-inf") if ampere is None else ampere * feeder.nominal_v / 3**0.5 * phases
    bound = feeder.v_min_pu if row.kind == "voltage_low" else feeder.v_max_pu
    # AC errs to either side, so a voltage's bound may have moved both ways, by little.
    return (row.side * (feeder.slack_pu**2 - bound**2) + 0.02) / row.scale
