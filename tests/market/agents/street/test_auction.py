"""The simulated auction against the market's own clearing, on the same orders."""

from dataclasses import dataclass

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from market.agents.street.auction import Steps
from market.agents.street.auction import clear as simulated
from market.clearing import Book, Kind, Order, Rules, Side, clear
from market.grid import single_node
from tests.examples import examples

RETAIL, FEED_IN = (98_000, 172_000, 229_000), (45_000, 55_000)
HOUR = 60
SLACK_WH = 30  # whole Wh, and the market's tolerance at a limit
BOTH = st.booleans()


@dataclass(frozen=True)
class Home:
    """Net load (Wh), steps (price, Wh, whether it gives) and the retailer's prices."""

    net_wh: int
    steps: tuple[tuple[int, int, bool], ...]
    retail: int
    feed_in: int


@st.composite
def homes(draw, retail=RETAIL, feed_in=FEED_IN, gives=BOTH, least_wh=-4_000):
    steps = st.tuples(st.integers(30_000, 260_000), st.integers(1, 3_000), gives)
    return Home(
        draw(st.integers(least_wh, 4_000)),
        tuple(draw(st.lists(steps, max_size=4))),
        draw(st.sampled_from(retail)),
        draw(st.sampled_from(feed_in)),
    )


def streets(**fields):
    return st.lists(homes(**fields), min_size=1, max_size=6)


def orders_of(home):
    """A home's demand curve as orders `(step or None, side, Wh, limit)`: own use comes before trade.

    Charging at or below the feed-in price never happens, nor sales at or above the retailer's; a home would buy
    from it rather than use its battery, but at most at what that is worth.
    """
    ladder = sorted(enumerate(home.steps), key=lambda one: one[1][0])
    ladder = [(i, step) for i, step in ladder if step[2] or step[0] > home.feed_in]
    level = home.net_wh + sum(wh for _, (_, wh, gives) in ladder if not gives)
    found = [(None, Side.SELL, -level, home.feed_in)] if level < 0 else []
    for i, (price, wh, _) in ladder:
        need = min(max(level, 0), wh)
        level -= wh
        if need and price > home.feed_in:
            found.append((i, Side.BUY, need, price))
        if need < wh and price < home.retail:
            found.append((i, Side.SELL, wh - need, price))
    return [*found, (None, Side.BUY, level, home.retail)] if level > 0 else found


def produced(street, **limits):
    """The market's price, each home's exchange (Wh), and what was passed of its steps by price."""
    rows, meaning = [], {}
    for number, home in enumerate(street):
        for i, side, wh, price in orders_of(home):
            kind = Kind.FIRM if i is None else Kind.FLEXIBLE
            retailer = home.retail if side is Side.BUY else home.feed_in
            meaning[len(rows)] = (number, i, side, wh)
            rows.append(Order(len(rows), number, "busbar", "abc", side, kind, wh, price, retailer))
    book = Book.of(rows, slot_minutes=HOUR, nodes=("busbar",), **limits)
    clearing = clear(book, single_node(), Rules())
    exchange, passed = np.zeros(len(street)), {}
    for fill in clearing.fills:
        number, i, side, wh = meaning[fill.order_id]
        exchange[number] += fill.flow_wh if side is Side.BUY else -fill.flow_wh
        if i is not None and street[number].feed_in < street[number].steps[i][0] < street[number].retail:
            key = (number, street[number].steps[i][0])
            gone = wh - fill.flow_wh if side is Side.BUY else fill.flow_wh
            passed[key] = passed.get(key, 0) + gone
    traded = sum(fill.local_wh for fill in clearing.fills)
    return (clearing.price_ueur_kwh if traded else None), exchange, passed


def lived(street, most=(np.inf, np.inf)):
    """The same from the simulated auction."""
    steps = [(number, *step) for number, home in enumerate(street) for step in home.steps]
    columns = Steps(
        np.array([[float(price) for _, price, _, _ in steps]]).reshape(1, -1),
        np.array([[float(wh) for _, _, wh, _ in steps]]).reshape(1, -1),
        np.array([number for number, *_ in steps], dtype=int),
        np.array([gives for *_, gives in steps], dtype=bool),
    )
    least = np.array([[home.net_wh - sum(wh for _, wh, gives in home.steps if gives) for home in street]], float)
    retail, feed_in = (
        np.array([[getattr(home, name) for home in street]], float) for name in ("retail", "feed_in")
    )
    cleared = simulated(columns, least, retail, feed_in, most)
    gone = cleared.passed[0] * columns.energy_wh[0]
    exchange = least[0].copy()
    np.add.at(exchange, columns.home, columns.energy_wh[0] - gone)
    passed = {}
    for (number, price, _, _), wh in zip(steps, gone, strict=True):
        passed[number, price] = passed.get((number, price), 0) + wh
    return float(cleared.price_ueur_kwh[0]), exchange, passed


@settings(max_examples=examples(400), deadline=None)
@given(streets())
def test_simulated_auction_is_the_markets_own_clearing(street):
    price, exchange, passed = produced(street)

    its_price, its_exchange, its_passed = lived(street)

    slack = 1 + sum(len(home.steps) + 1 for home in street)
    assert np.abs(its_exchange - exchange).max() <= slack
    assert all(abs(its_passed[key] - wh) <= slack for key, wh in passed.items())
    if price is not None:
        assert abs(its_price - price) <= 1


@settings(max_examples=examples(200), deadline=None)
@given(streets(retail=(172_000,), feed_in=(50_000,)), st.integers(500, 6_000), st.integers(500, 6_000))
def test_limits_hold_back_as_much(street, most_import, most_export):
    _, exchange, _ = produced(street, import_limit_w=most_import, export_limit_w=most_export)

    _, its_exchange, _ = lived(street, (most_import, most_export))

    assert abs(max(its_exchange.sum(), -most_export) - exchange.sum()) <= SLACK_WH


@settings(max_examples=examples(200), deadline=None)
@given(streets(retail=(172_000,), feed_in=(50_000,), gives=st.just(False), least_wh=0), st.integers(500, 6_000))
def test_a_full_limit_stops_the_same_charging(street, most_import):
    _, exchange, _ = produced(street, import_limit_w=most_import)

    _, its_exchange, _ = lived(street, (most_import, np.inf))

    assert np.abs(its_exchange - exchange).max() <= SLACK_WH
