"""Random streets and the books of their homes, for properties: limits that bind about half of the time."""

from hypothesis import strategies as st

from market.clearing import Book, Kind, Order, Side
from market.grid import Feeder, Line, Transformer
from tests.market.clearing.books import FEED_INS, IMPORTS


@st.composite
def streets(draw: st.DrawFn) -> Feeder:
    """A random tree of one to twelve nodes: cables with and without a limit, a transformer, a voltage band."""
    count = draw(st.integers(1, 12))
    nodes = tuple(f"n{i}" for i in range(count))
    lines = tuple(
        Line(
            f"l{i}",
            nodes[draw(st.integers(0, i - 1))],
            nodes[i],
            draw(st.floats(0.005, 0.15)),
            draw(st.floats(0.001, 0.06)),
            draw(st.sampled_from([None, None, 25.0, 60.0, 120.0])),
        )
        for i in range(1, count)
    )
    transformer = Transformer(
        draw(st.sampled_from([None, 25_000.0, 60_000.0])),
        draw(st.floats(0.002, 0.02)),
        draw(st.floats(0.005, 0.05)),
    )
    slack = draw(st.sampled_from([0.99, 1.0, 1.02]))
    fall, rise = draw(st.sampled_from([(0.1, 0.1), (0.05, 0.03), (0.03, 0.02)]))
    return Feeder(nodes, "n0", lines, transformer, 400.0, slack, slack - fall, slack + rise)


@st.composite
def orders_at(draw: st.DrawFn, feeder: Feeder, number: int) -> Order:
    """An order somewhere on the street, on all phases or on one."""
    side = draw(st.sampled_from(Side))
    kind = draw(st.sampled_from([Kind.FIRM, Kind.FLEXIBLE, Kind.FLEXIBLE]))
    retailer = draw(st.sampled_from(IMPORTS if side is Side.BUY else FEED_INS))
    most_wh = 1_500 if kind is Kind.FIRM and side is Side.BUY else 5_000
    return Order(
        id=number,
        household_id=number // 2,
        node=draw(st.sampled_from(feeder.nodes)),
        phase=draw(st.sampled_from(["abc", "abc", "a", "b", "c"])),
        side=side,
        kind=kind,
        energy_wh=draw(st.integers(1, most_wh)),
        limit_ueur_kwh=draw(st.one_of(st.just(retailer), st.integers(20_000, 260_000))),
        retailer_ueur_kwh=retailer,
    )


@st.composite
def books_on(draw: st.DrawFn, feeder: Feeder) -> Book:
    """Up to sixteen orders on the street, with and without limits of the community and load of others."""
    count = draw(st.integers(0, 16))
    return Book.of(
        [draw(orders_at(feeder, i)) for i in range(count)],
        grid_fee_ueur_kwh=draw(st.sampled_from([0, 5_000])),
        import_limit_w=draw(st.sampled_from([None, None, 20_000])),
        export_limit_w=draw(st.sampled_from([None, None, 12_000])),
        base_w=draw(st.sampled_from([{}, {feeder.nodes[-1]: 400}])),
    )
