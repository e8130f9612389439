"""Clearing one slot: most welfare inside the street's limits, shared pro rata, at one price."""

from dataclasses import replace

from market.clearing import congested, price
from market.clearing.book import Book, Order, Rules, Side
from market.clearing.congested import Answer
from market.clearing.explain import explain
from market.clearing.merit import asked_ueur_kwh, uncongested
from market.clearing.outcome import Binding, Clearing
from market.grid import SHARES, Feeder, Limit, ac_broken_limits

# One is nearly always enough: the error hardly changes when the market gives way by a few W.
MOST_RECLEARS = 4


def clear(book: Book, feeder: Feeder, rules: Rules) -> Clearing:
    """Match a slot's orders. The same book in any order gives the same answer.

    First in merit order, whole numbers only; if that breaks no limit it is the optimum. Otherwise the linear
    programme decides, and AC power flow has the last word. Where the optimum inside the limits would need
    different prices in different places of the street, the best clearing that one price can support is taken.
    Raises ValueError for a rule that does not exist.
    """
    if rules.fairness != "pro_rata":
        raise ValueError(f"Unknown fairness rule {rules.fairness}; there is pro_rata.")
    local, flow = uncongested(book)
    first = congested.broken(book, feeder, flow)
    answer = Answer(local, flow, (), (), emergency=False)
    if first:
        answer = _one_price(book, feeder, congested.solve(book, feeder, first))
    answer, reclears = _kept_under_ac(book, feeder, answer)
    return _clearing(book, feeder, rules, answer, reclears)


def _kept_under_ac(book: Book, feeder: Feeder, answer: Answer) -> tuple[Answer, int]:
    """`answer`, or the clearing that keeps the street's limits under AC power flow too; how often it was redone.

    What the linear flow got wrong at a broken limit moves that limit, and the market is asked again. Where firm
    energy alone breaks it, or no clearing keeps it, that is an emergency.
    """
    moved: dict[object, Limit] = {}
    for reclears in range(MOST_RECLEARS):
        news = ac_broken_limits(feeder, congested.withdrawals_w(book, feeder, answer.flow_wh))
        if not news or answer.emergency:
            return answer, reclears
        moved |= {limit.identity: limit for limit in news}
        others = [limit for limit in answer.limits if limit.identity not in moved]
        answer = _one_price(book, feeder, congested.solve(book, feeder, [*moved.values(), *others]))
    return replace(answer, emergency=True), MOST_RECLEARS


def _one_price(book: Book, feeder: Feeder, best: Answer) -> Answer:
    """`best`, or if no single price suits all its trades, the best clearing that one price supports.

    More sellers and fewer buyers accept a higher price, so welfare rises up to the best price and falls beyond
    it; the search halves the limits between the two that contradict each other.
    """
    fee = book.grid_fee_ueur_kwh
    inside = price.acceptable(book.orders, best.local_wh, fee)
    if inside is None or inside[0] <= inside[1]:
        return best
    levels = sorted({asked_ueur_kwh(order, fee) for order in book.orders})
    candidates = [level for level in levels if inside[1] <= level <= inside[0]]
    tried: dict[int, tuple[int, Answer]] = {}

    def worth(i: int) -> int:
        if i not in tried:
            barred = frozenset(order.id for order in book.orders if _refuses(order, candidates[i], fee))
            answer = congested.solve(book, feeder, best.limits, barred)
            tried[i] = (welfare_neur(book, answer), answer)
        return tried[i][0]

    low, high = 0, len(candidates) - 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if worth(middle) >= worth(middle + 1) else (middle + 1, high)
    worth(low)
    return tried[low][1]


def _refuses(order: Order, price_ueur_kwh: int, fee_ueur_kwh: int) -> bool:
    """Whether an order would rather not trade with neighbours at this price."""
    asked = asked_ueur_kwh(order, fee_ueur_kwh)
    return asked < price_ueur_kwh if order.side is Side.BUY else asked > price_ueur_kwh


def welfare_neur(book: Book, answer: Answer) -> int:
    """What the trades are worth to buyers less what sellers need and the fee, less feed-in lost to curtailment."""
    total = 0
    for order in book.orders:
        local, flow = answer.local_wh[order.id], answer.flow_wh[order.id]
        worth = asked_ueur_kwh(order, book.grid_fee_ueur_kwh) * local
        total += worth if order.side is Side.BUY else -worth
        if order.kind == "firm" and order.side is Side.SELL:
            total -= order.retailer_ueur_kwh * (order.energy_wh - flow)
    return total


def _clearing(book: Book, feeder: Feeder, rules: Rules, answer: Answer, reclears: int) -> Clearing:
    fee = book.grid_fee_ueur_kwh
    drawn = congested.withdrawals_w(book, feeder, answer.flow_wh)
    bindings = tuple(
        Binding(limit.element, limit.kind, round(100 * limit.loading(drawn), 2), shadow)
        for limit, shadow in zip(answer.limits, answer.shadows_ueur_kwh, strict=True)
    )
    held_back = frozenset(
        order.id
        for order in book.orders
        if any(limit.coefficients[feeder.index[order.node]] @ SHARES[order.phase] for limit in answer.limits)
        and answer.flow_wh[order.id] < order.energy_wh
    )
    acceptable = price.acceptable(book.orders, answer.local_wh, fee)
    interval = price.equilibrium(book.orders, answer.local_wh, fee, held_back)
    chosen = None if interval is None or acceptable is None else price.choose(rules.price, interval, acceptable)
    bought = sum(answer.flow_wh[order.id] for order in book.orders if order.side is Side.BUY)
    sold = sum(answer.flow_wh[order.id] for order in book.orders if order.side is Side.SELL)
    return Clearing(
        fills=explain(book, answer.local_wh, answer.flow_wh, chosen, bindings),
        price_ueur_kwh=chosen,
        interval=interval,
        acceptable=acceptable,
        bindings=bindings,
        energy_wh=sum(answer.local_wh[order.id] for order in book.orders if order.side is Side.BUY),
        import_wh=max(bought - sold, 0),
        export_wh=max(sold - bought, 0),
        welfare_neur=welfare_neur(book, answer),
        emergency=answer.emergency,
        reclears=reclears,
    )
