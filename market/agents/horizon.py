"""The hours ahead as an agent sees them: its expected net load, and the prices it expects to meet."""

from collections.abc import Sequence
from typing import NamedTuple

from market.agents.observation import Observation

REST_OF_HOUR = 60


class Block(NamedTuple):
    """Slots of one clock hour and of the same terms taken together; expected prices in µ€/kWh, energy in Wh.

    `buy` is what a kWh of need will cost, `surplus` what a kWh of surplus would bring if not stored,
    `sale` what a kWh out of a battery would bring (None: such sales are not allowed or not wanted),
    `refill` what a kWh bought for a battery would cost (None: not allowed).
    """

    first: int
    slots: int
    minutes: int
    net_wh: int
    buy: int
    surplus: int
    sale: int | None
    refill: int | None


def horizon(seen: Observation, first: int) -> list[Block]:
    """The hours from slot `first` on, as few blocks as the clock allows.

    Quarter hours of one clock hour are taken together: 2.0TD prices do not change within it, and a value
    curve out of 25 blocks costs a quarter of one out of 97. Where the owner's terms change, a new block begins.
    """
    blocks = []
    slots = len(seen.net_load_wh)
    minute = (seen.start.minute + first * seen.slot_minutes) % REST_OF_HOUR
    while first < slots:
        count = min(max((REST_OF_HOUR - minute) // seen.slot_minutes, 1), slots - first)
        terms = seen.terms[first]
        count = next((i for i in range(1, count) if seen.terms[first + i] != terms), count)
        blocks.append(_block(seen, first, count))
        first += count
        minute = (minute + count * seen.slot_minutes) % REST_OF_HOUR
    return blocks


def _block(seen: Observation, first: int, count: int) -> Block:
    end = first + count
    net_wh = sum(seen.net_load_wh[first:end])
    imported = sum(seen.import_ueur_kwh[first:end]) // count
    feed_in = sum(seen.feed_in_ueur_kwh[first:end]) // count
    local = _mean(seen.price_ueur_kwh[first:end])
    terms = seen.terms[first]
    eager = seen.mandate.objective == "revenue"
    from_grid = seen.mandate.grid_charge and terms.max_buy_ueur_kwh >= imported
    buy, surplus, refill = imported, feed_in, imported if from_grid else None
    sale = feed_in if eager and terms.may_sell and feed_in >= terms.min_sell_ueur_kwh else None
    if local is not None and terms.may_buy and local < imported:
        # Half-way to the retailer: agents that all trusted yesterday's price would chase each other
        # (store nothing after a cheap evening, everything after a dear one).
        buy = (imported + max(min(local, terms.max_buy_ueur_kwh), feed_in)) // 2
        refill = buy
    if local is not None and terms.may_sell:
        nets = min(local, buy) - seen.grid_fee_ueur_kwh
        if nets >= max(terms.min_sell_ueur_kwh, feed_in):
            surplus = sale = nets if eager else (feed_in + nets) // 2
    return Block(first, count, count * seen.slot_minutes, net_wh, buy, surplus, sale, refill)


def _mean(prices: Sequence[int | None]) -> int | None:
    known = [price for price in prices if price is not None]
    return sum(known) // len(known) if known else None
