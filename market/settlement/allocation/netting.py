"""What an allocation makes of each member's hour (RD 244/2019 Annex I)."""

from collections.abc import Sequence
from typing import NamedTuple


class Netted(NamedTuple):
    """One member's interval, Wh: consumed of what it was given, taken from its retailer, and its own surplus.

    A member never has both of the last two.
    """

    own_wh: int
    import_wh: int
    surplus_wh: int


def netted(given_wh: Sequence[int], consumption_wh: Sequence[int]) -> list[Netted]:
    """Each member's part set against its consumption.

    >>> netted([1_500, 900], [800, 1_200])
    [Netted(own_wh=800, import_wh=0, surplus_wh=700), Netted(own_wh=900, import_wh=300, surplus_wh=0)]
    """
    return [
        Netted(min(given, used), max(used - given, 0), max(given - used, 0))
        for given, used in zip(given_wh, consumption_wh, strict=True)
    ]
