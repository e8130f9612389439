"""A community's month, rounded once: exact n€ become cents that still balance."""

from collections.abc import Sequence

NEUR_PER_CENT = 10_000_000


def to_cents(amount_neur: int) -> int:
    """n€ to cents, half away from zero.

    >>> [to_cents(amount) for amount in (4_999_999, 5_000_000, -5_000_000)]
    [0, 1, -1]
    """
    cents = (abs(amount_neur) + NEUR_PER_CENT // 2) // NEUR_PER_CENT
    return cents if amount_neur >= 0 else -cents


def balance_cents(amounts_neur: Sequence[int]) -> list[int]:
    """Round a pool of amounts (n€, either sign) so that the cents add up to the rounded total.

    Each amount is rounded down and the cents left over go to the largest remainders, the earlier first;
    a pool that adds up to zero n€ therefore adds up to zero cents.

    >>> balance_cents([333_333_333, 333_333_333, -666_666_666])
    [33, 33, -66]
    """
    cents = [amount // NEUR_PER_CENT for amount in amounts_neur]
    left_over = to_cents(sum(amounts_neur)) - sum(cents)
    by_remainder = sorted(range(len(cents)), key=lambda i: -(amounts_neur[i] % NEUR_PER_CENT))
    for i in by_remainder[:left_over]:
        cents[i] += 1
    return cents
