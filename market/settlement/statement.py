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


def balance_cents(amounts_neur: Sequence[int], total_cents: int | None = None) -> list[int]:
    """Round a pool of amounts (n€, either sign) so that the cents add up to the rounded total, or to a given one.

    Each amount is rounded down and the cents left over go to the largest remainders, the earlier first;
    a pool that adds up to zero n€ therefore adds up to zero cents. Raises ValueError for an empty pool with a
    total.

    >>> balance_cents([333_333_333, 333_333_333, -666_666_666])
    [33, 33, -66]
    >>> balance_cents([333_333_333, 333_333_333], 67)
    [34, 33]
    """
    cents = [amount // NEUR_PER_CENT for amount in amounts_neur]
    total = to_cents(sum(amounts_neur)) if total_cents is None else total_cents
    if not cents:
        if total:
            raise ValueError(f"No amount can take {total} cents.")
        return cents
    each, left_over = divmod(total - sum(cents), len(cents))
    by_remainder = sorted(range(len(cents)), key=lambda i: -(amounts_neur[i] % NEUR_PER_CENT))
    for place, i in enumerate(by_remainder):
        cents[i] += each + (place < left_over)
    return cents
