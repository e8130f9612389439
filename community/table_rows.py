"""Rows of a table of figures, written at once: a day has a hundred of them, and a template is ten times slower."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from typing import NamedTuple

from django.utils.safestring import SafeString, mark_safe


class Cell(NamedTuple):
    """A cell as it is read; an asterisk behind it says `note` to whoever points at it."""

    text: str
    look: str = "num"
    note: str = ""


class TableRow(NamedTuple):
    """A row: its heading with the page that it leads to, a badge and a remark, its cells, and how it looks.

    Pictures find by its `start` which slot a row tells of.
    """

    head: str
    cells: Sequence[Cell]
    address: str = ""
    badge: str = ""
    look: str = ""
    start: datetime | None = None
    remark: str = ""


def written(rows: Iterable[TableRow]) -> SafeString:
    """The rows as HTML.

    >>> written([TableRow("12:00", [Cell("0,31"), Cell("2 < 3", "")], address="/slots/1/")])
    '<tr><th scope="row"><a href="/slots/1/">12:00</a></th><td class="num">0,31</td><td>2 &lt; 3</td></tr>'
    """
    return mark_safe("".join(map(_row, rows)))  # noqa: S308 all texts are escaped below  # nosec B308


def _row(row: TableRow) -> str:
    start = f' data-start="{row.start.isoformat()}"' if row.start else ""
    head = escape(row.head)
    if row.address:
        head = f'<a href="{escape(row.address)}">{head}</a>'
    if row.badge:
        head += f' <span class="badge attention">{escape(row.badge)}</span>'
    if row.remark:
        head += f' <span class="sub">{escape(row.remark)}</span>'
    cells = "".join(map(_cell, row.cells))
    return f'<tr{_class(row.look)}{start}><th scope="row">{head}</th>{cells}</tr>'


def _cell(cell: Cell) -> str:
    note = f' <abbr title="{escape(cell.note)}">*</abbr>' if cell.note else ""
    return f"<td{_class(cell.look)}>{escape(cell.text)}{note}</td>"


def _class(look: str) -> str:
    return f' class="{escape(look)}"' if look else ""
