"""What was cleared, as far as the meters saw it, at each household's own prices.

Prices by place or by order leave the slot with money of its own: buyers pay more than sellers receive, which
is congestion rent and fees for distance. Where delivery differs from the clearing this can turn into a lack;
then every gain gives up the same share, so that the slot's money adds up to zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from market.settlement.apportion import apportion
from market.settlement.case import Metered, SlotFacts, Terms, Traded


@dataclass(frozen=True, slots=True)
class Home:
    """One household of the slot."""

    metered: Metered
    traded: Traded
    terms: Terms


@dataclass(frozen=True, slots=True)
class Part:
    """A household's delivered trades: Wh and n€, as in `Line`."""

    bought_wh: int = 0
    sold_wh: int = 0
    paid_neur: int = 0
    earned_neur: int = 0
    shortfall_neur: int = 0


@dataclass(frozen=True, slots=True)
class Delivery:
    """The delivered trades of all households in order, and the slot's own money, n€, neither part negative.

    `retailer_only` says that the gains together could not make up for what undelivered trades left short.
    """

    parts: tuple[Part, ...]
    distance_neur: int = 0
    rent_neur: int = 0
    retailer_only: bool = False


def deliver(homes: Sequence[Home], facts: SlotFacts) -> Delivery:
    """Delivered is the lesser of cleared and metered; the larger side is scaled down pro rata until both agree.

    Trades that would leave a household worse off than its retailer are not applied to it. Of a side that is
    delivered in part, the same part of its n€ is due, rounded down.
    """
    wishes = [_wish(home, facts) for home in homes]
    bought = [min(wish.bought_wh, home.metered.import_wh or 0) for wish, home in zip(wishes, homes, strict=True)]
    sold = [min(wish.sold_wh, home.metered.export_wh or 0) for wish, home in zip(wishes, homes, strict=True)]
    bought, sold = balance(bought, sold)
    parts = tuple(
        Part(
            bought_wh=bought[i],
            sold_wh=sold[i],
            paid_neur=_share(wish.paid_neur or 0, bought[i], wish.bought_wh),
            earned_neur=_share(wish.earned_neur or 0, sold[i], wish.sold_wh),
        )
        for i, wish in enumerate(wishes)
    )
    distance = sum(
        _share(wish.bought_distance_neur, bought[i], wish.bought_wh)
        + _share(wish.sold_distance_neur, sold[i], wish.sold_wh)
        for i, wish in enumerate(wishes)
        if wish.bought_distance_neur or wish.sold_distance_neur
    )
    return _level(parts, [home.terms for home in homes], facts, distance)


def balance(bought: list[int], sold: list[int]) -> tuple[list[int], list[int]]:
    """Scale the larger side down, pro rata to the Wh, until both sides agree."""
    energy_wh = min(sum(bought), sum(sold))
    if energy_wh == 0:
        return [0] * len(bought), [0] * len(sold)
    return apportion(energy_wh, bought), apportion(energy_wh, sold)


def _wish(home: Home, facts: SlotFacts) -> Traded:
    """What the household cleared, with money stated, less a side that would harm it against its retailer."""
    traded, terms, price = home.traded, home.terms, facts.price_ueur_kwh
    if price is None:
        return Traded(traded.household_id, 0, 0)
    paid, earned = traded.paid_neur, traded.earned_neur
    if paid is None:
        paid = traded.bought_wh * price
    if earned is None:
        earned = traded.sold_wh * (price - facts.grid_fee_ueur_kwh)
    buys = paid <= traded.bought_wh * terms.import_ueur_kwh
    sells = earned >= traded.sold_wh * terms.feed_in_ueur_kwh
    return Traded(
        traded.household_id,
        traded.sold_wh if sells else 0,
        traded.bought_wh if buys else 0,
        earned,
        paid,
        traded.sold_distance_neur,
        traded.bought_distance_neur,
    )


def _share(amount_neur: int, delivered_wh: int, cleared_wh: int) -> int:
    return amount_neur * delivered_wh // cleared_wh if cleared_wh else 0


def _level(parts: tuple[Part, ...], terms: Sequence[Terms], facts: SlotFacts, distance_neur: int) -> Delivery:
    """Name what is left between buyers, sellers and the grid fee; share it out where it is a lack."""
    fee_neur = facts.grid_fee_ueur_kwh * sum(part.sold_wh for part in parts)
    left_neur = sum(part.paid_neur - part.earned_neur for part in parts) - fee_neur
    if left_neur >= 0:
        distance_neur = min(max(distance_neur, 0), left_neur)
        return Delivery(parts, distance_neur, left_neur - distance_neur)
    gains = [gain_neur(part, home) for part, home in zip(parts, terms, strict=True)]
    if sum(gains) < -left_neur:
        return Delivery((Part(),) * len(parts), retailer_only=True)
    shares = apportion(-left_neur, gains)
    return Delivery(tuple(replace(part, shortfall_neur=n) for part, n in zip(parts, shares, strict=True)))


def gain_neur(part: Part, terms: Terms) -> int:
    """What the delivered trades spare the household against its retailer, less what it gave up, n€."""
    spared = part.bought_wh * terms.import_ueur_kwh - part.sold_wh * terms.feed_in_ueur_kwh
    return spared - part.paid_neur + part.earned_neur - part.shortfall_neur
