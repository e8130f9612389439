"""Random order books for properties."""

from collections.abc import Iterable

from hypothesis import strategies as st

from market.clearing import Book, Kind, Order, Side
from market.grid import Feeder, Line, Transformer

IMPORTS, FEED_INS = (98_000, 172_000, 229_000), (45_000, 55_000)
NODES = ("b0", "b1", "b2", "b3", "b4")


def street(limit_a: float = 270.0, v_min_pu: float = 0.9, v_max_pu: float = 1.1) -> Feeder:
    """Two branches behind a 160 kVA transformer, with the resistances of a rural cable."""
    lines = (
        Line("l1", "b0", "b1", 0.05, 0.02, limit_a),
        Line("l2", "b1", "b2", 0.05, 0.02, limit_a),
        Line("l3", "b0", "b3", 0.08, 0.03, limit_a),
        Line("l4", "b3", "b4", 0.04, 0.02, limit_a),
    )
    return Feeder(NODES, "b0", lines, Transformer(160_000, 0.0147, 0.0372), 400.0, 1.0, v_min_pu, v_max_pu)


@st.composite
def orders(draw: st.DrawFn, number: int = 0, most_wh: int = 3_000) -> Order:
    side = draw(st.sampled_from(Side))
    retailer = draw(st.sampled_from(IMPORTS if side is Side.BUY else FEED_INS))
    limit = draw(st.one_of(st.just(retailer), st.integers(20_000, 260_000)))
    return Order(
        id=number,
        household_id=number // 2,
        node=draw(st.sampled_from(NODES)),
        phase=draw(st.sampled_from(["abc", "abc", "a", "b", "c"])),
        side=side,
        kind=draw(st.sampled_from(Kind)),
        energy_wh=draw(st.integers(1, most_wh)),
        limit_ueur_kwh=limit,
        retailer_ueur_kwh=retailer,
    )


@st.composite
def books(draw: st.DrawFn, most_wh: int = 3_000, limits: bool = False) -> Book:
    count = draw(st.integers(0, 14))
    return Book.of(
        orders=tuple(draw(orders(number=i, most_wh=most_wh)) for i in range(count)),
        grid_fee_ueur_kwh=draw(st.sampled_from([0, 5_000])),
        import_limit_w=draw(st.sampled_from([None, 6_000, 20_000])) if limits else None,
        export_limit_w=draw(st.sampled_from([None, 4_000, 15_000])) if limits else None,
    )


def with_orders(book: Book, orders: Iterable[Order]) -> Book:
    """The same slot with other orders."""
    return Book.of(
        orders,
        fees=book.fees,
        slot_minutes=book.slot_minutes,
        import_limit_w=book.import_limit_w,
        export_limit_w=book.export_limit_w,
        base_w=book.base_w,
    )
