"""How evenly something falls to the homes of a street, as single figures between 0 and 1.

Sources: R. Jain, D. Chiu, W. Hawe, "A quantitative measure of fairness and discrimination", DEC TR-301, 1984;
C. Gini, "Variabilità e mutabilità", 1912; F. Moret and P. Pinson, "Energy collectives: a community and fairness
based approach to future electricity markets", IEEE Trans. Power Systems 34(5), 2019, for the quality of service
and of experience and the least price over the greatest; T. Hossfeld et al., "Definition of QoE fairness in shared
systems", IEEE Comm. Letters 21(1), 2017, for the form that the quality of experience has.
"""

from collections.abc import Sequence
from math import fsum
from statistics import pstdev


def jain(values: Sequence[float]) -> float:
    """Jain's index (Σx)² / (n·Σx²): 1 where all are equal, 1/n where one has everything.

    `values` are ≥ 0 in any one unit. Of no values, or zeros only, nobody is treated worse than another: 1.
    Raises `ValueError` for a negative value.

    >>> jain([3, 3, 3]), jain([1, 0, 0, 0])
    (1.0, 0.25)
    """
    parts = _of_largest(values)
    if not parts:
        return 1.0
    return min(fsum(parts) ** 2 / (len(parts) * fsum(x * x for x in parts)), 1.0)


def gini(values: Sequence[float]) -> float:
    """Gini's coefficient Σ(2i − n − 1)·x₍ᵢ₎ / (n·Σx): 0 where all are equal, 1 − 1/n where one has everything.

    `values` are ≥ 0 in any one unit. Of no values, or zeros only: 0. Raises `ValueError` for a negative value.

    >>> gini([3, 3, 3]), gini([1, 0, 0, 0])
    (0.0, 0.75)
    """
    parts = sorted(_of_largest(values))
    if not parts:
        return 0.0
    n = len(parts)
    spread = fsum((2 * i - n - 1) * x for i, x in enumerate(parts, start=1))
    return max(spread, 0.0) / (n * fsum(parts))


def quality_of_service(exchanged_wh: Sequence[int]) -> float:
    """QoS: Jain's index of the energy (Wh, either way) that each home exchanged with its community."""
    return jain(exchanged_wh)


def quality_of_experience(
    prices_ueur_kwh: Sequence[float], lowest_ueur_kwh: float, highest_ueur_kwh: float
) -> float:
    """QoE: 1 − σ / σ_max of the homes' mean prices, where σ_max is half of the range that prices may have.

    1 where all have the same mean price, and where there is none; 0 where half of them have the lowest and half
    the highest price of the range. Prices outside of the range never bring it below 0. Raises `ValueError`
    where the range ends before it begins.

    >>> quality_of_experience([50_000, 150_000], 50_000, 150_000)
    0.0
    """
    if highest_ueur_kwh < lowest_ueur_kwh:
        raise ValueError(f"The highest price {highest_ueur_kwh} is below the lowest {lowest_ueur_kwh}.")
    spread = pstdev(prices_ueur_kwh) if prices_ueur_kwh else 0.0
    most = (highest_ueur_kwh - lowest_ueur_kwh) / 2
    if spread == 0:
        return 1.0
    return max(1 - spread / most, 0.0) if most else 0.0


def min_over_max(prices_ueur_kwh: Sequence[float]) -> float:
    """MiM: the least mean price of a home over the greatest; 1 where all are equal, and where there is none.

    A price of zero or less beside one above counts as 0: no ratio says how much more the other pays.

    >>> min_over_max([90_000, 120_000])
    0.75
    """
    least, greatest = min(prices_ueur_kwh, default=0.0), max(prices_ueur_kwh, default=0.0)
    if least == greatest:
        return 1.0
    return max(least, 0.0) / greatest if greatest > 0 else 0.0


def _of_largest(values: Sequence[float]) -> list[float]:
    """The values as parts of the largest, which no figure here depends on; empty if all are zero."""
    if any(value < 0 for value in values):
        raise ValueError("Fairness is measured of values from zero upwards; one is negative.")
    largest = max(values, default=0)
    return [value / largest for value in values] if largest else []
