"""Tables that people open in a spreadsheet: the one place that writes CSV, so that no cell becomes a formula."""

import csv
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Protocol

# What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection); some know the wide letters too.
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# Where a comma is a decimal sign, as in Spanish, spreadsheets begin another cell at a semicolon, in quotes or not.
WITHIN = re.compile(r'(?<=[;\t\r\n])"*(?=[-=+@＝＋－＠])')


class Writable(Protocol):
    """A text file, or a response that is written to like one."""

    def write(self, text: str, /) -> object: ...


def harmless(text: str) -> str:
    """A text that no spreadsheet runs: an apostrophe leads what would begin a formula.

    >>> harmless("=1+1"), harmless("Ana"), harmless("Ana;=1+1")
    ("'=1+1", 'Ana', "Ana;'=1+1")
    """
    led = text.startswith(DANGEROUS)
    return "'" * led + text[:led] + WITHIN.sub(r"\g<0>'", text[led:])


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
