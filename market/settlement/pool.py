"""The common pool: a stated share of every gain of the slot, paid out again in the same slot."""

from collections.abc import Sequence

from market.settlement.apportion import apportion
from market.settlement.case import SlotFacts, Terms


def pooled(gains_neur: Sequence[int], terms: Sequence[Terms], facts: SlotFacts) -> list[int]:
    """What each household receives from the pool less what it gives, n€; adds up to zero.

    Each gives `pool_pct` of its gain, rounded down, so nobody ends up below its retailer alone. The pool is paid
    out in equal parts, or by need in proportion to 1 + priority. Raises ValueError for a rule that does not exist.

    >>> homes = [Terms(1, 0, 0, 0, 0), Terms(2, 0, 0, 0, 0, priority=2)]
    >>> pooled([1_000, 0], homes, SlotFacts(None, pool_pct=40, pool_rule="need"))
    [-300, 300]
    """
    if facts.pool_rule not in {"equal", "need"}:
        raise ValueError(f"Unknown pool rule {facts.pool_rule}; there are equal, need.")
    if not facts.pool_pct:
        return [0] * len(terms)
    by_need = facts.pool_rule == "need"
    weights = [(1 + home.priority if by_need else 1) if home.takes_part else 0 for home in terms]
    given = [
        gain * facts.pool_pct // 100 if weight else 0 for gain, weight in zip(gains_neur, weights, strict=True)
    ]
    received = apportion(sum(given), weights)
    return [got - gave for got, gave in zip(received, given, strict=True)]
