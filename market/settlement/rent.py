"""Congestion rent, given back when a month closes."""

from collections.abc import Sequence
from dataclasses import dataclass

from market.settlement.apportion import apportion

# Where a rule finds nothing to go by, the next one decides.
NEXT = {"cut_homes": "per_kwh", "per_kwh": "equal"}


@dataclass(frozen=True, slots=True)
class Stake:
    """A household's month for the rent's sake: Wh traded with neighbours, n€ of gain lost to the cables."""

    traded_wh: int
    lost_neur: int


def given_back(amount_neur: int, stakes: Sequence[Stake], rule: str) -> tuple[str, list[int]]:
    """The rule that decided in the end, and what each household receives of `amount_neur` (n€, not negative).

    `per_kwh` goes by what each traded, `cut_homes` by what the cables cost each, `equal` gives the same to each;
    where nobody lost anything the first holds instead of the second, and where nobody traded the last.
    Raises ValueError for a rule that does not exist.

    >>> given_back(1_000, [Stake(300, 0), Stake(100, 0)], "cut_homes")
    ('per_kwh', [750, 250])
    """
    shares = {
        "per_kwh": [stake.traded_wh for stake in stakes],
        "cut_homes": [max(stake.lost_neur, 0) for stake in stakes],
        "equal": [1] * len(stakes),
    }
    if rule not in shares:
        raise ValueError(f"Unknown rent rule {rule}; there are {', '.join(shares)}.")
    while not any(shares[rule]) and rule in NEXT:
        rule = NEXT[rule]
    return rule, apportion(amount_neur, shares[rule])
