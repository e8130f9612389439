"""Splitting whole amounts so that the parts add up."""

from collections.abc import Sequence


def apportion(total: int, shares: Sequence[int]) -> list[int]:
    """Split `total` (Wh, n€ or cents; not negative) in proportion to `shares`, which are not all zero.

    Leftover units go to the largest remainders, the earlier share first, so the parts add up exactly.

    >>> apportion(1_000, [1, 1, 1])
    [334, 333, 333]
    """
    if total == 0:
        return [0] * len(shares)
    whole = sum(shares)
    if whole <= 0:
        raise ValueError("The shares must add up to more than zero.")
    parts = [total * share // whole for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda i: -(total * shares[i] % whole))
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return parts
