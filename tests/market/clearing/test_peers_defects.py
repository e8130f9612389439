"""One test for each defect found by running other open markets: this one must be immune to all of them."""

import random
import sys
import tracemalloc
from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import permutations, product

import pytest

from benchmarks.naive import double_loop
from market.clearing import Book, Fees, Kind, Order, Reason, Rules, Side, clear, verify
from market.grid import Feeder
from market.models import Mandate, Outcome, Posting, Trade
from market.models import Order as StoredOrder
from market.services.clear import clear_slot
from market.services.settle import settle_slots
from tests import factories as make
from tests.market.clearing.books import FEED_INS, IMPORTS, NODES, street, with_orders

WIDE, NARROW = street(), street(limit_a=30.0, v_min_pu=0.97, v_max_pu=1.03)
BOTH = pytest.mark.parametrize("feeder", [WIDE, NARROW], ids=["free", "congested"])


def order(number: int, side: Side, energy_wh: int, limit: int, **fields: object) -> Order:
    """A flexible order at a retailer so far off that the limit is what counts."""
    far = 10**9 if side is Side.BUY else -(10**9)
    given = {"node": "b1", "phase": "abc", "kind": Kind.FLEXIBLE, "retailer_ueur_kwh": far, **fields}
    return Order(id=number, household_id=number, side=side, energy_wh=energy_wh, limit_ueur_kwh=limit, **given)


def buy(number: int, energy_wh: int, limit: int, **fields: object) -> Order:
    return order(number, Side.BUY, energy_wh, limit, **fields)


def sell(number: int, energy_wh: int, limit: int, **fields: object) -> Order:
    return order(number, Side.SELL, energy_wh, limit, **fields)


def random_book(seed: int, most: int = 14, most_wh: int = 4_000) -> Book:
    """A book like a street's: firm and flexible, with retailers, ties and a grid fee."""
    chance = random.Random(seed)
    orders = []
    for number in range(chance.randint(2, most)):
        side = chance.choice(list(Side))
        retailer = chance.choice(IMPORTS if side is Side.BUY else FEED_INS)
        limit = chance.choice([retailer, 100_000, chance.randint(20_000, 260_000)])
        kind = chance.choice(list(Kind))
        where = {"node": chance.choice(NODES), "phase": chance.choice(["abc", "a", "b", "c"])}
        energy_wh = chance.randint(1, most_wh)
        orders.append(order(number, side, energy_wh, limit, kind=kind, retailer_ueur_kwh=retailer, **where))
    return Book.of(orders, grid_fee_ueur_kwh=chance.choice([0, 5_000]))


def by_id(book: Book, feeder: Feeder = WIDE):
    clearing = clear(book, feeder, Rules())
    return clearing, {fill.order_id: fill for fill in clearing.fills}


@cache
def hundred(feeder: Feeder):
    """A hundred random books, each with its clearing and the fills by order id."""
    return [(book, *by_id(book, feeder)) for book in map(random_book, range(100))]


@BOTH
def test_no_order_is_filled_beyond_what_it_asked_in_a_hundred_random_books(feeder):
    for book, _, fills in hundred(feeder):
        over = [
            one.id for one in book.orders if fills[one.id].local_wh + fills[one.id].retailer_wh > one.energy_wh
        ]
        assert over == []
        assert all(fill.local_wh >= 0 and fill.retailer_wh >= 0 for fill in fills.values())


def test_a_second_order_of_one_home_at_the_same_price_is_not_lost():
    first = buy(1, 100, 300_000)
    second = replace(first, id=2)

    _, fills = by_id(Book.of([first, second, sell(3, 200, 100_000)]))

    assert [fills[i].local_wh for i in (1, 2, 3)] == [100, 100, 200]


@BOTH
def test_two_prices_that_only_floats_tell_apart_still_meet(feeder):
    """0.1 + 0.2 is 0.30000000000000004 in floats, and the buyer pays 0.3."""
    book = Book.of([buy(1, 500, 300_000), sell(2, 500, 100_000)], grid_fee_ueur_kwh=200_000)
    crowd = [sell(3 + i, 6_000, 0, node="b2", retailer_ueur_kwh=40_000, kind=Kind.FIRM) for i in range(2)]
    assert 0.1 + 0.2 > 0.3

    clearing, fills = by_id(book, feeder)
    _, crowded = by_id(with_orders(book, (*book.orders[:1], *crowd)), feeder)

    assert fills[1].local_wh == fills[2].local_wh == 500
    assert clearing.price_ueur_kwh == 300_000
    assert crowded[1].local_wh == 500


@BOTH
@pytest.mark.parametrize("parts", [(100, 200), (1, 2), (70, 230)])
def test_no_residue_of_energy_sets_the_price(parts, feeder):
    """0.1 + 0.2 − 0.3 kWh leaves 5e-17 in floats, which the dearest seller must not be called in for."""
    buys = [buy(i, energy_wh, 300_000) for i, energy_wh in enumerate(parts)]
    book = Book.of([*buys, sell(8, sum(parts), 290_360), sell(9, 5_000, 1_000_000_000, node="b4")])

    clearing, fills = by_id(book, feeder)

    assert fills[9].local_wh == 0
    assert 290_360 <= clearing.price_ueur_kwh <= 300_000


@BOTH
def test_no_money_belongs_to_nobody(feeder):
    """What buyers pay is what sellers and the grid's fee receive, to the n€."""
    for book, clearing, fills in hundred(feeder):
        price, fee = clearing.price_ueur_kwh or 0, book.grid_fee_ueur_kwh

        paid = sum(price * fills[one.id].local_wh for one in book.orders if one.side is Side.BUY)
        received = sum((price - fee) * fills[one.id].local_wh for one in book.orders if one.side is Side.SELL)
        assert paid == received + fee * clearing.energy_wh


def test_the_marginal_order_is_filled_in_part():
    book = Book.of([buy(1, 1_000, 300_000), buy(2, 1_000, 200_000), sell(3, 1_400, 100_000)])

    clearing, fills = by_id(book)

    assert [fills[i].local_wh for i in (1, 2, 3)] == [1_000, 400, 1_400]
    assert clearing.price_ueur_kwh == 200_000
    assert fills[2].reason is Reason.RATIONED


def best_by_trying_everything(book: Book) -> int:
    """The most welfare of all whole fills of a small book: every combination is tried."""
    best = 0
    for fills in product(*(range(one.energy_wh + 1) for one in book.orders)):
        rows = list(zip(book.orders, fills, strict=True))
        if sum(wh if one.side is Side.BUY else -wh for one, wh in rows) == 0:
            worth = [wh * one.bound_ueur_kwh for one, wh in rows if one.side is Side.BUY]
            cost = [
                wh * (one.bound_ueur_kwh + book.grid_fee_ueur_kwh) for one, wh in rows if one.side is Side.SELL
            ]
            best = max(best, sum(worth) - sum(cost))
    return best


def test_no_welfare_is_lost_against_trying_every_combination():
    for seed in range(150):
        book = random_book(seed, most=6, most_wh=3)
        book = with_orders(book, (replace(one, kind=Kind.FLEXIBLE) for one in book.orders))

        clearing, fills = by_id(book)

        sides = [(1 if one.side is Side.BUY else -1, one) for one in book.orders]
        fee = book.grid_fee_ueur_kwh
        reached = (
            sum(s * fills[one.id].local_wh * one.bound_ueur_kwh for s, one in sides) - fee * clearing.energy_wh
        )
        assert reached == best_by_trying_everything(book)


def test_the_dearest_offers_are_not_paired_with_the_dearest_bids():
    bids, asks = (300_000, 250_000, 120_000), (50_000, 100_000, 240_000)
    buys = [buy(i, 1_000, price) for i, price in enumerate(bids)]
    sells = [sell(3 + i, 1_000, price) for i, price in enumerate(asks)]
    paired_badly = sum(
        1_000 * (bid - ask) for bid, ask in zip(bids, sorted(asks, reverse=True), strict=True) if bid >= ask
    )

    clearing, fills = by_id(Book.of([*buys, *sells]))

    assert [fills[i].local_wh for i in range(6)] == [1_000, 1_000, 0, 1_000, 1_000, 0]
    assert clearing.welfare_neur == 1_000 * (300_000 + 250_000 - 50_000 - 100_000)
    assert paired_badly < 0.75 * clearing.welfare_neur


@pytest.mark.parametrize("limit_w", [None, 8_000], ids=["free", "congested"])
def test_neither_place_in_the_list_nor_chance_breaks_a_tie(limit_w):
    alike = [sell(i, 1_000, 50_000, kind=Kind.FIRM, retailer_ueur_kwh=50_000) for i in (1, 2, 3, 4)]
    orders = [*alike, buy(5, 1_602, 150_000)]  # two Wh more than four equal shares

    found = [by_id(Book.of(mixed, export_limit_w=limit_w))[1] for mixed in list(permutations(orders))[::7]]

    assert all(fills == found[0] for fills in found)
    assert sorted(found[0][i].local_wh for i in (1, 2, 3, 4)) == [400, 400, 401, 401]
    flows = [found[0][i].flow_wh for i in (1, 2, 3, 4)]
    assert max(flows) - min(flows) <= 1


@BOTH
def test_wherever_energy_is_traded_there_is_a_price_and_every_order_is_answered(feeder):
    for book, clearing, fills in hundred(feeder):
        assert sorted(fills) == sorted(one.id for one in book.orders)
        assert len(clearing.fills) == len(book.orders)
        assert all(fill.reason in set(Reason) for fill in clearing.fills)
        assert (clearing.price_ueur_kwh is not None) == any(fill.local_wh for fill in clearing.fills)
        assert verify(book, feeder, clearing) == []


def test_a_grid_fee_counts_once():
    """The buyer pays 105, the seller nets 100: a fee taken on both sides would stop the trade."""
    book = Book.of([buy(1, 1_000, 105_000), sell(2, 1_000, 100_000)], grid_fee_ueur_kwh=5_000)

    clearing, fills = by_id(book)
    _, one_dearer = by_id(replace(book, fees=Fees(5_001)))

    assert fills[1].local_wh == fills[2].local_wh == 1_000
    assert clearing.price_ueur_kwh == 105_000
    assert clearing.welfare_neur == 0
    assert one_dearer[1].local_wh == 0


# Quadratic time is looked for without a clock: executed bytecodes are counted, which no busy machine changes. What C
# code does inside one call is not seen, so memory is watched as well: comparing all pairs there needs their room.


def all_different(count: int) -> Book:
    """Half purchases, half sales, no two prices alike, each order meeting several of the other side."""
    sides = (Side.BUY, Side.SELL)
    return Book.of(
        order(i, sides[i % 2], 50 + 37 * i % 101, 150_000 + (1 if i % 2 == 0 else -1) * (20 * count - 17 * i))
        for i in range(count)
    )


def bytecodes(work, book: Book) -> int:
    """How many instructions of Python `work` executes for a book."""
    executed = 0

    def watch(frame, event, _):
        nonlocal executed
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        executed += event == "opcode"
        return watch

    before = sys.gettrace()
    sys.settrace(watch)
    try:
        work(book)
    finally:
        sys.settrace(before)
    return executed


def peak_bytes(work, book: Book) -> int:
    """The most memory that `work` has at once, numpy's arrays with it."""
    tracemalloc.start()
    try:
        work(book)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def cleared(book: Book) -> object:
    return clear(book, WIDE, Rules())


def test_the_steps_of_a_clearing_grow_with_its_orders_and_not_with_their_pairs():
    small, large = all_different(100), all_different(400)
    cleared(small)  # what is made once for a feeder is not counted

    ours, naive = (bytecodes(work, large) / bytecodes(work, small) for work in (cleared, double_loop))

    assert clear(large, WIDE, Rules()).energy_wh > 0
    # Four times the orders: 4 if linear, 16 if quadratic, as the naive loop shows.
    assert ours < 5.5
    assert naive > 10


def test_the_memory_of_a_clearing_grows_with_its_orders_and_not_with_their_pairs():
    small, large = all_different(500), all_different(2_000)
    cleared(small)

    assert peak_bytes(cleared, large) / peak_bytes(cleared, small) < 6


@pytest.fixture
def recorded(db):
    """A slot of four homes, two of them with two orders each, cleared and settled through the services."""
    place = make.community(grid_fee_ueur_kwh=5_000)
    offer = make.tariff()
    homes = [make.home(place, name, offer) for name in ("Ana", "Bruno", "Carmen", "Diego")]
    slot = make.slot(place)
    rows = [
        (homes[0], "sell", 900, 60_000), (homes[0], "sell", 400, 60_000), (homes[1], "sell", 500, 80_000),
        (homes[2], "buy", 800, 150_000), (homes[2], "buy", 800, 150_000), (homes[3], "buy", 600, 190_000),
    ]  # fmt: skip
    for home, side, energy_wh, limit in rows:
        StoredOrder.objects.create(
            slot=slot, household=home, mandate=Mandate.objects.get(household=home), side=side, kind="firm",
            energy_wh=energy_wh, limit_ueur_kwh=limit, retailer_ueur_kwh={"buy": 200_000, "sell": 50_000}[side],
            placed_at=slot.gate_closure,
        )  # fmt: skip
    clear_slot(slot_id=slot.pk, at=slot.gate_closure)
    for home, taken, given in zip(homes, (0, 0, 1_600, 600), (1_300, 500, 0, 0), strict=True):
        make.read(home, slot.start, taken, given)
    settle_slots(community=place, slot_ids=[slot.pk], at=slot.start + 4 * make.QUARTER)
    slot.refresh_from_db()
    return slot


def test_a_uniform_slot_is_recorded_with_one_price(recorded):
    trades = Trade.objects.filter(slot=recorded)

    assert trades.count() == 6
    assert {trade.price_ueur_kwh for trade in trades} == {recorded.price_ueur_kwh}


def test_every_recorded_order_has_its_outcome_and_every_kilowatt_hour_its_owner(recorded):
    orders = StoredOrder.objects.filter(slot=recorded)

    outcomes = Outcome.objects.filter(slot=recorded)
    sums = Counter()
    for trade in Trade.objects.filter(slot=recorded):
        sums[trade.side] += trade.energy_wh
    assert sorted(outcomes.values_list("order_id", flat=True)) == sorted(orders.values_list("pk", flat=True))
    assert sums == {"buy": 1_800, "sell": 1_800}


def test_recorded_money_has_an_owner_and_the_fee_is_booked_once(recorded):
    amounts = Posting.objects.filter(entry__settlement__slot=recorded).values_list("account__kind", "amount_neur")

    assert sum(amount for _, amount in amounts) == 0
    assert sum(amount for kind, amount in amounts if kind == "grid_fee") == 1_800 * 5_000
