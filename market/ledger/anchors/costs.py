"""What anchoring costs: one head an hour, against a transaction of its own for every trade.

A head is 32 bytes whether the log holds ten trades or ten million, so its fee is shared by all of the hour's
trades; a transaction a trade pays the fee each time. Figures as they were published.
"""

from dataclasses import dataclass
from decimal import Decimal

HEADS_A_DAY, DAYS_A_YEAR = 24, 365
# Trades a day of streets to compare with.
STREETS = (100, 1_000, 10_000)
MILLION = 1_000_000
# IOTA's published rules: the smallest call of 1,000 units at 1,000 nanos; 100 units a byte at 76 nanos for what is
# kept, given back when it is deleted.
IOTA_CALL_NANOS = 1_000 * 1_000
IOTA_BYTE_NANOS = 100 * 76
RECORD_BYTES = 500


@dataclass(frozen=True, slots=True)
class Fee:
    """What one entry costs at one kind of anchor: billionths of the unit; `deposit_nano` of it may come back.

    Whoever is paid and publishes no price is not `published`: that is not nothing.
    """

    kind: str
    unit: str = ""
    nano: int = 0
    deposit_nano: int = 0
    built_in: bool = True
    published: bool = True
    # When the figure was read, or from when on it holds: year and month.
    known: tuple[int, int] = (2026, 11)

    def of_one(self) -> Decimal:
        """For one entry, in the unit."""
        return Decimal(self.nano) / (1_000 * MILLION)

    def hourly_per_trade(self, trades_a_day: int) -> Decimal:
        """For one trade if one head an hour is anchored, in the unit. Raises ZeroDivisionError without trades."""
        return self.of_one() * HEADS_A_DAY / trades_a_day

    def year_hourly(self) -> Decimal:
        """For a year of one head an hour, in the unit."""
        return self.of_one() * HEADS_A_DAY * DAYS_A_YEAR

    def year_each(self, trades_a_day: int) -> Decimal:
        """For a year of a transaction a trade, in the unit."""
        return self.of_one() * trades_a_day * DAYS_A_YEAR


_KEPT = RECORD_BYTES * IOTA_BYTE_NANOS
FEES = (
    Fee("witness"),
    Fee("rfc3161"),
    Fee("rfc3161_qualified", published=False),
    Fee("opentimestamps"),
    Fee("iota", "IOTA", IOTA_CALL_NANOS),
    Fee("iota_record", "IOTA", IOTA_CALL_NANOS + _KEPT, _KEPT, built_in=False),
    # Eight times what it was before January 2026.
    Fee("hedera", "US$", 800_000, built_in=False, known=(2026, 1)),
)
