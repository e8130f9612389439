"""Tables that people open in a spreadsheet: the one place that writes CSV, so that no cell becomes a formula."""

import csv
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Protocol

# What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection); some know the wide letters too.
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class Writable(Protocol):
    """A text file, or a response that is written to like one."""

    def write(self, text: str, /) -> object: ...


def harmless(text: str) -> str:
    """A text that no spreadsheet runs: a formula's first character is led by an apostrophe.

    >>> harmless("=1+1"), harmless("Ana")
    ("'=1+1", 'Ana')
    """
    return f"'{text}" if text.startswith(DANGEROUS) else text


def write_csv(target: Writable, header: Sequence[str], rows: Iterable[Iterable[object]]) -> None:
    """A header (none: rows that go on) and its rows as CSV, in which all that is not a number is made harmless."""
    writer = csv.writer(target)
    if header:
        writer.writerow([harmless(name) for name in header])
    writer.writerows([_cell(value) for value in row] for row in rows)


def _cell(value: object) -> object:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value if value is None or isinstance(value, int | float) else harmless(str(value))
