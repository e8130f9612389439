"""Tables with a header: the exports of Datadis, e-distribución, i-DE and UFD, and any CSV with a mapping.

Columns are known by name without case, accents or signs; the unit comes from the header or the mapping.
"""

import csv
from collections.abc import Iterator, Sequence
from datetime import datetime

from metering.formats import cells
from metering.formats.columns import Columns, Mapping, columns_of, plain, role_of
from metering.formats.facts import CHANNELS, Energies, Line, Refusal, Sheet, UnreadableFile

HEADER_WITHIN = 40
MOST_COLUMNS = 1_000
MOST_LINE = 100_000  # letters of a row
KNOWN = (
    ("realestimado", "edistribucion"),
    ("energiavertida", "datadis-web"),
    ("ehcr", "ufd"),
    ("invver", "ide"),
    ("metodoobtencion", "datadis-web-old"),
)


def read_table(text: str, cups: str = "", mapping: Mapping | None = None) -> Sheet:
    """The lines of a table; `cups` stands in where there is no such column.

    Raises `UnreadableFile`: `no-header`, `no-unit`, `no-energy-column`, `no-time-column`, `no-cups`,
    `broken-line`.
    """
    mapping = mapping or Mapping()
    rows = rows_of(text)
    header, number = _header(rows, mapping)
    columns, remarks = columns_of(header, mapping)
    if "cups" not in columns.roles and not cups:
        raise UnreadableFile("no-cups")
    name, declares = _format_of(header, columns, mapping)
    sheet = Sheet(name, [], remarks=remarks, declares=declares)
    for row in rows:
        number += 1
        if any(cell.strip() for cell in row) and not _is_total(row):
            _take(sheet, _Row(row, number, columns), cups)
    return sheet


def rows_of(text: str) -> Iterator[list[str]]:
    """The cells of every line, however lines end. Raises `UnreadableFile`: `broken-line`, `many-columns`."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = _Lines(text)
    rows = csv.reader(lines, delimiter=_delimiter(text), skipinitialspace=True)
    try:
        for row in rows:
            if len(row) > MOST_COLUMNS:
                raise UnreadableFile("many-columns", line=rows.line_num, most=MOST_COLUMNS)
            lines.of_row = 0
            yield row
    except csv.Error as error:  # a cell without end: a quotation mark was never closed
        raise UnreadableFile("broken-line", line=rows.line_num) from error


class _Lines:
    """A text line by line; no line, and no row of several, becomes longer than a row can be."""

    def __init__(self, text: str) -> None:
        self.text, self.place, self.number, self.of_row = text, 0, 0, 0

    def __iter__(self) -> Iterator[str]:
        while self.place < len(self.text):
            end = self.text.find("\n", self.place) + 1 or len(self.text)
            self.number, self.of_row = self.number + 1, self.of_row + end - self.place
            if self.of_row > MOST_LINE:
                raise UnreadableFile("broken-line", line=self.number)
            yield self.text[self.place : end]
            self.place = end


def _delimiter(text: str) -> str:
    sample = text[:4_000]
    return max(";\t|,", key=sample.count)


def _header(rows: Iterator[list[str]], mapping: Mapping) -> tuple[list[str], int]:
    """The header row and its line number; lines before it are the portal's own words."""
    for number, row in enumerate(rows, 1):
        roles = {role_of(cell, mapping) for cell in row}
        if roles & {"day", "instant", "start"} and len(row) > 1:
            return row, number
        if number >= HEADER_WITHIN:
            break
    raise UnreadableFile("no-header")


def _format_of(header: Sequence[str], columns: Columns, mapping: Mapping) -> tuple[str, str]:
    """Name of the format, and what its labels are."""
    names = {plain(cell) for cell in header}
    name = next((name for known, name in KNOWN if known in names), "table")
    if mapping.labels:
        return "mapped", mapping.labels
    if "start" in columns.roles:
        return name, "utc"
    if "season" in columns.roles:
        return name, "instant"
    if names >= {"fechahora", "consumo", "generacion"}:
        return "ide-start", "start"
    return name, "end"


def _is_total(row: Sequence[str]) -> bool:
    return any(cell.strip().casefold().startswith("total") for cell in row[:3])


class _Row:
    """One row of cells that remembers which was read last, so that a refusal can name it."""

    def __init__(self, cells_: Sequence[str], number: int, columns: Columns) -> None:
        self.cells, self.number, self.columns = cells_, number, columns
        self.field, self.value = "line", ";".join(cells_)[:80]

    def cell(self, field: str, column: int | None) -> str:
        """A cell's text; empty where there is no such column or the row is shorter."""
        if column is None or column >= len(self.cells):
            return ""
        self.field, self.value = field, self.cells[column].strip().strip('"')
        if len(self.value) > cells.MOST_LETTERS:
            raise cells.BadCell("too-long")
        return self.value

    def role(self, role: str) -> str:
        return self.cell(role, self.columns.roles.get(role))


def _take(sheet: Sheet, row: _Row, cups: str) -> None:
    """Append the row's line or lines, or its refusal."""
    try:
        if len(row.cells) <= row.columns.last_needed:
            raise cells.BadCell("short-line")
        supply = row.role("cups") or cups
        day, label, counted = _when(row)
        if not sheet.lines:
            sheet.counted = counted
        elif counted != sheet.counted:
            raise cells.BadCell("not-a-time")
        season = _season(row)
        code = row.role("quality")
        quality = cells.quality(code)
        for place, energies in _energies(row):
            sheet.lines.append(Line(row.number, supply, day, place or label, season, energies, quality, code))
    except cells.BadCell as bad:
        sheet.refuse(Refusal(row.number, row.field, bad.code, row.value))


def _when(row: _Row) -> tuple[int, int, bool]:
    """Day, label, and whether the label is a place in the day."""
    roles = row.columns.roles
    if "start" in roles:
        return *utc_label(row.role("start")), False
    if "instant" in roles:
        text, _, hour = row.role("instant").replace("T", " ").strip().partition(" ")
        return cells.day(text), cells.clock(hour), False
    day = cells.day(row.role("day"))
    if row.columns.hours:
        return day, 0, True
    hour = row.role("hour")
    return (day, cells.clock(hour), False) if ":" in hour else (day, cells.count(hour), True)


def utc_label(text: str) -> tuple[int, int]:
    """Day and minute (UTC) of an instant with an offset. Raises `BadCell`."""
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise cells.BadCell("not-an-instant") from error
    offset = instant.utcoffset()
    if offset is None:
        raise cells.BadCell("naive-timestamp")
    if instant.year not in cells.YEARS:
        raise cells.BadCell("not-an-instant")
    instant = instant.replace(tzinfo=None) - offset
    if instant.second or instant.microsecond:
        raise cells.BadCell("off-grid")
    return instant.toordinal(), instant.hour * 60 + instant.minute


def _season(row: _Row) -> int | None:
    if "season" not in row.columns.roles:
        return None
    text = row.role("season")
    if text not in {"0", "1"}:
        raise cells.BadCell("season")
    return int(text)


def _energies(row: _Row) -> Iterator[tuple[int, Energies]]:
    """(place in the day or 0, energies): one of a row, or one for each filled hour of a day's row."""
    if row.columns.hours:
        for place, (column, unit_wh) in row.columns.hours.items():
            energy_wh = cells.energy(row.cell(f"H{place:02d}", column), unit_wh)
            if energy_wh is not None:
                yield place, (energy_wh, None, None, None)
        return
    found: list[int | None] = []
    for channel in CHANNELS:
        known = row.columns.channels.get(channel)
        found.append(None if known is None else cells.energy(row.cell(channel, known[0]), known[1]))
    yield 0, (found[0], found[1], found[2], found[3])
