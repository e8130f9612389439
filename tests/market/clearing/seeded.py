"""Streets and books by number: as random as `streets.py`, but quick to make, for sweeps over very many."""

from random import Random

from market.clearing import Book, Kind, Order, Side
from market.clearing.book import Fees
from market.grid import Feeder, Line, Transformer
from tests.market.clearing.books import FEED_INS, IMPORTS


def street_of(chance: Random) -> Feeder:
    """A random tree of two to twelve nodes: cables with and without a limit, a transformer, a voltage band."""
    count = chance.randint(2, 12)
    nodes = tuple(f"n{i}" for i in range(count))
    lines = tuple(
        Line(
            f"l{i}",
            nodes[chance.randrange(i)],
            nodes[i],
            chance.uniform(0.005, 0.15),
            chance.uniform(0.001, 0.06),
            chance.choice([None, None, 25.0, 60.0, 120.0]),
        )
        for i in range(1, count)
    )
    transformer = Transformer(
        chance.choice([None, 25_000.0, 60_000.0]), chance.uniform(0.002, 0.02), chance.uniform(0.005, 0.05)
    )
    slack = chance.choice([0.99, 1.0, 1.02])
    fall, rise = chance.choice([(0.1, 0.1), (0.05, 0.03), (0.03, 0.02)])
    return Feeder(nodes, "n0", lines, transformer, 400.0, slack, slack - fall, slack + rise)


def order_at(chance: Random, feeder: Feeder, number: int) -> Order:
    """An order somewhere on the street, on all phases or on one."""
    side = chance.choice(list(Side))
    kind = chance.choice([Kind.FIRM, Kind.FLEXIBLE, Kind.FLEXIBLE])
    retailer = chance.choice(IMPORTS if side is Side.BUY else FEED_INS)
    most_wh = 1_500 if kind is Kind.FIRM and side is Side.BUY else 5_000
    return Order(
        id=number,
        household_id=number // 2,
        node=chance.choice(feeder.nodes),
        phase=chance.choice(["abc", "abc", "a", "b", "c"]),
        side=side,
        kind=kind,
        energy_wh=chance.randint(1, most_wh),
        limit_ueur_kwh=chance.choice([retailer, chance.randint(20, 260) * 1_000, chance.randint(20_000, 260_000)]),
        retailer_ueur_kwh=retailer,
        priority=chance.randint(0, 2),
    )


def slot_of(seed: int, fees: Fees | None = None) -> tuple[Book, Feeder]:
    """The street of that number with up to twenty-four orders; limits bind in about half of them."""
    chance = Random(seed)
    feeder = street_of(chance)
    book = Book.of(
        [order_at(chance, feeder, i) for i in range(chance.randint(1, 24))],
        fees=fees or Fees(chance.choice([0, 5_000])),
        import_limit_w=chance.choice([None, None, 20_000]),
        export_limit_w=chance.choice([None, None, 12_000]),
        base_w=chance.choice([{}, {feeder.nodes[-1]: 400}]),
    )
    return book, feeder
