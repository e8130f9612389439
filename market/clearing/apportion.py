"""Sharing whole Wh pro rata, so that totals are conserved."""

from collections.abc import Sequence


def apportion(total_wh: int, asked_wh: Sequence[int]) -> list[int]:
    """Split `total_wh` in proportion to what was asked; leftovers go to the largest remainders, first come.

    `total_wh` is not above the sum of what was asked, so nobody gets more than asked.

    >>> apportion(10, [5, 5, 10])
    [3, 2, 5]
    """
    whole = sum(asked_wh)
    if total_wh == whole:
        return list(asked_wh)
    if total_wh == 0:
        return [0] * len(asked_wh)
    parts = [total_wh * asked // whole for asked in asked_wh]
    by_remainder = sorted(range(len(asked_wh)), key=lambda i: -(total_wh * asked_wh[i] % whole))
    for i in by_remainder[: total_wh - sum(parts)]:
        parts[i] += 1
    return parts


def apportion_within(total_wh: int, asked_wh: Sequence[int], most_wh: Sequence[int]) -> list[int]:
    """`apportion`, but nobody gets more than `most_wh`; what is cut off goes to the others in order.

    >>> apportion_within(10, [5, 5, 10], [2, 5, 10])
    [2, 2, 6]
    """
    parts = [min(pair) for pair in zip(apportion(total_wh, asked_wh), most_wh, strict=True)]
    left_wh = total_wh - sum(parts)
    for i in sorted(range(len(parts)), key=lambda i: parts[i] - most_wh[i]):
        more_wh = min(left_wh, most_wh[i] - parts[i])
        parts[i] += more_wh
        left_wh -= more_wh
    return parts
