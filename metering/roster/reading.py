"""From a file's bytes to its homes, whether a spreadsheet or a text."""

import csv
import io
from collections.abc import Iterator, Sequence

from metering.roster.facts import COLUMNS, MOST_COLUMNS, MOST_LETTERS, MOST_MIB, MOST_ROWS, RosterFault, RosterLine
from metering.roster.workbook import rows_of_workbook

# What the list's own template puts before a text that a spreadsheet would take for a formula.
SHIELDED = ("'=", "'+", "'-", "'@")
Row = tuple[int, Sequence[str]]


def read_roster(content: bytes) -> list[RosterLine]:
    """The homes of a list, in its order; empty rows are passed over. Raises `RosterFault`."""
    if len(content) > MOST_MIB * 2**20:
        raise RosterFault("too-large")
    rows = rows_of_workbook(content) if content.startswith(b"PK") else _rows_of_text(content)
    filled = ((number, cells) for number, cells in rows if any(cell.strip() for cell in cells))
    number, header = next(filled, (0, ()))
    places = _places(number, header)
    lines: list[RosterLine] = []
    for row, cells in filled:
        if len(lines) == MOST_ROWS:
            raise RosterFault("too-many", row)
        lines.append(_line(row, cells, places))
    if not lines:
        raise RosterFault("no-homes")
    return lines


def _rows_of_text(content: bytes) -> Iterator[Row]:
    """UTF-8, or what older spreadsheets write; separated by semicolons, commas or tabs."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    if "\x00" in text or content.startswith(b"\xd0\xcf\x11\xe0"):
        raise RosterFault("not-text")
    first = text.lstrip().partition("\n")[0]
    separator = max(";,\t", key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        for cells in rows:
            if len(cells) > MOST_COLUMNS:
                raise RosterFault("many-columns", rows.line_num)
            yield rows.line_num, cells
    except csv.Error as error:
        raise RosterFault("broken", rows.line_num) from error


def _places(number: int, header: Sequence[str]) -> dict[str, int]:
    """Where each column stands. Raises `RosterFault`: `no-header`, `twice`."""
    places: dict[str, int] = {}
    for place, title in enumerate(header):
        for column, names in COLUMNS.items():
            if title.strip().strip("*:").strip().lower() in names:
                if column in places:
                    raise RosterFault("twice", number, title)
                places[column] = place
    if not {"home", "cups"} & set(places):
        raise RosterFault("no-header", number, ", ".join(header))
    return places


def _line(row: int, cells: Sequence[str], places: dict[str, int]) -> RosterLine:
    told = {column: _plain(cells[place]) for column, place in places.items() if place < len(cells)}
    for text in told.values():
        if len(text) > MOST_LETTERS:
            raise RosterFault("long-cell", row, text)
        if not text.isprintable():
            raise RosterFault("not-text", row, text)
    return RosterLine(row, **told)


def _plain(cell: str) -> str:
    text = " ".join(cell.split())
    return text[1:] if text.startswith(SHIELDED) else text
