"""Who pays and who receives after a closed month, for communities that settle money among themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO

from community.spreadsheets import write_csv

COLUMNS = ("home", "member", "version", "statement", "pays_eur", "receives_eur")


@dataclass(frozen=True, slots=True)
class Payment:
    """A home's balance of a month, cents, + if it receives; `statement` is the document that says so."""

    home: str
    member: str
    version: int
    statement: str
    cents: int


def as_payment_list(payments: Sequence[Payment]) -> bytes:
    """The list as CSV; what homes pay and receive differs by what stays with the community."""
    text = StringIO()
    write_csv(text, COLUMNS, (_row(one) for one in payments))
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _row(one: Payment) -> tuple[object, ...]:
    pays, receives = max(-one.cents, 0), max(one.cents, 0)
    return one.home, one.member, one.version, one.statement, _euros(pays), _euros(receives)


def _euros(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}" if cents else ""
