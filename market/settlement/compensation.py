"""Simplified compensation of surplus: it pays for the energy taken in the same month, and never for more."""

from typing import NamedTuple

WITH_TOLLS, WITHOUT_TOLLS = "with_tolls", "without_tolls"
AS_PUBLISHED, FLOOR_ZERO = "as_published", "floor_zero"


class Compensated(NamedTuple):
    """What a month's surplus pays off, and what of its worth is left over, n€; neither is negative."""

    credited_neur: int
    left_neur: int


def compensate(energy_neur: int, surplus_neur: int, *, tolls_neur: int = 0, cap: str = WITH_TOLLS) -> Compensated:
    """Set a billing month's surplus against the energy taken in it (RD 244/2019 art. 14.3).

    `energy_neur` is the energy term, tolls and charges inside, of which `tolls_neur` are those; the contract says
    whether they count for the `cap`. A month whose surplus is worth less than nothing is credited nothing.
    Raises ValueError for a cap that does not exist.

    >>> compensate(19_320_000_000, 25_000_000_000)
    Compensated(credited_neur=19320000000, left_neur=5680000000)
    """
    if cap not in {WITH_TOLLS, WITHOUT_TOLLS}:
        raise ValueError(f"Unknown cap {cap}; there are {WITH_TOLLS}, {WITHOUT_TOLLS}.")
    most = energy_neur - (tolls_neur if cap == WITHOUT_TOLLS else 0)
    credited = max(min(most, surplus_neur), 0)
    return Compensated(credited, max(surplus_neur, 0) - credited)


def surplus_price(published_ueur_kwh: int, negative: str = AS_PUBLISHED) -> int:
    """What a kWh of surplus counts in an hour, µ€/kWh: prices below zero as the contract has them.

    Raises ValueError for a setting that does not exist.

    >>> surplus_price(-2_500), surplus_price(-2_500, "floor_zero")
    (-2500, 0)
    """
    if negative not in {AS_PUBLISHED, FLOOR_ZERO}:
        raise ValueError(f"Unknown setting {negative}; there are {AS_PUBLISHED}, {FLOOR_ZERO}.")
    return max(published_ueur_kwh, 0) if negative == FLOOR_ZERO else published_ueur_kwh
