"""A retailer's virtual battery: a wallet in euros that surplus beyond compensation fills and later bills empty.

What it pays lowers neither the electricity tax nor VAT (DGT V1146-24). No kWh is stored.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from market.settlement.apportion import apportion


@dataclass(frozen=True, slots=True)
class WalletTerms:
    """What the contract says: the part of uncompensated surplus that counts (ppm), and after how many months it is
    lost (None: never). A monthly fee is a line of the bill.
    """

    conversion_ppm: int = 1_000_000
    expiry_months: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.conversion_ppm <= 1_000_000:
            raise ValueError("A wallet takes between nothing and all of the surplus left over.")
        if self.expiry_months is not None and self.expiry_months < 1:
            raise ValueError("What a wallet holds lasts for a month at least.")


@dataclass(frozen=True, slots=True)
class Lot:
    """Cents that a month brought; `month` counts from any first one."""

    month: int
    cents: int


@dataclass(frozen=True, slots=True)
class Wallet:
    """What a wallet holds, oldest lots first, and the last month that was lived (None: none yet)."""

    lots: tuple[Lot, ...] = ()
    month: int | None = None

    @property
    def balance_cents(self) -> int:
        """What it holds; never negative."""
        return sum(lot.cents for lot in self.lots)


@dataclass(frozen=True, slots=True)
class WalletMonth:
    """What a month did to the wallet, cents, and the wallet at its end."""

    expired_cents: int
    used_cents: int
    added_cents: int
    wallet: Wallet

    @property
    def balance_cents(self) -> int:
        """What the wallet holds at the month's end."""
        return self.wallet.balance_cents


def live_month(
    wallet: Wallet, month: int, bill_cents: int, surplus_left_cents: int, terms: WalletTerms
) -> WalletMonth:
    """One month: what is too old is lost, the rest pays the bill, oldest first; new surplus counts from the next.

    `bill_cents` is what is to be paid after taxes, `surplus_left_cents` what the compensation left over. On
    leaving the retailer the balance is lost. Raises ValueError for negative amounts and for a month lived already.

    >>> live_month(Wallet(), 1, 1_471, 3_500, WalletTerms()).balance_cents
    3500
    """
    if wallet.month is not None and month <= wallet.month:
        raise ValueError(f"Month {month} was lived already: the wallet stands at month {wallet.month}.")
    if min(bill_cents, surplus_left_cents, *(lot.cents for lot in wallet.lots), 0) < 0:
        raise ValueError("Neither a bill nor surplus nor a lot of the wallet can be negative.")
    lots = wallet.lots
    fresh = [lot for lot in lots if terms.expiry_months is None or month - lot.month <= terms.expiry_months]
    expired = sum(lot.cents for lot in lots) - sum(lot.cents for lot in fresh)
    left, due = [], bill_cents
    for lot in sorted(fresh, key=lambda lot: lot.month):
        used = min(lot.cents, due)
        due -= used
        if lot.cents > used:
            left.append(Lot(lot.month, lot.cents - used))
    added = _half_up(Fraction(surplus_left_cents * terms.conversion_ppm, 1_000_000))
    if added:
        left.append(Lot(month, added))
    return WalletMonth(expired, bill_cents - due, added, Wallet(tuple(left), month))


def shared_out(balance_cents: int, bills_cents: Sequence[int], weights: Sequence[int]) -> list[int]:
    """What a wallet pays of several supplies' bills: by their weights, and what one does not need by the others'.

    Raises ValueError for weights that do not fit.

    >>> shared_out(1_000, [100, 2_000, 2_000], [1, 1, 1])
    [100, 450, 450]
    """
    if len(weights) != len(bills_cents) or any(weight < 0 for weight in weights):
        raise ValueError("Every supply needs a weight, none below zero.")
    paid = [0] * len(bills_cents)
    while True:
        left = min(balance_cents, sum(bills_cents)) - sum(paid)
        open_ = [
            weight if bill > done else 0 for weight, bill, done in zip(weights, bills_cents, paid, strict=True)
        ]
        if left <= 0 or not any(open_):
            return paid
        for i, part in enumerate(apportion(left, open_)):
            paid[i] += min(part, bills_cents[i] - paid[i])


def _half_up(amount: Fraction) -> int:
    return int((2 * amount + 1) // 2)
