"""The first sheet of an XLSX workbook as rows of texts: read part by part, never more than fits, nothing unfolded.

Source: ECMA-376, part 1: SpreadsheetML (workbook, shared strings, sheet data).
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError, fromstring  # see below  # nosec B405

from metering.roster.facts import MOST_COLUMNS, MOST_ROWS, RosterFault

MOST_PART_BYTES = 8 * 2**20  # of one part of the workbook, unfolded
WORKBOOK, RELATIONS, TEXTS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/sharedStrings.xml"
DAMAGED = (zipfile.BadZipFile, zlib.error, KeyError, NotImplementedError, RuntimeError, OSError, EOFError)
PLACE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


def rows_of_workbook(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """Row numbers and cells of the first sheet. Raises `RosterFault`."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
            sheet = _part(archive, _first_sheet(archive, names))
            texts = _shared(_part(archive, TEXTS)) if TEXTS in names else []
    except DAMAGED as error:
        raise RosterFault("not-workbook") from error
    yield from _rows(sheet, texts)


def _first_sheet(archive: zipfile.ZipFile, names: set[str]) -> str:
    """The part that holds the first sheet: its relation leads there, and nowhere outside the workbook."""
    sheets = [one for one in _part(archive, WORKBOOK).iter() if _name(one) == "sheet"]
    wanted = next((value for key, value in sheets[0].items() if key.endswith("}id")), "") if sheets else ""
    for relation in _part(archive, RELATIONS).iter():
        if relation.get("Id") == wanted:
            target = relation.get("Target", "")
            part = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
            if part in names:
                return part
    raise RosterFault("not-workbook")


def _part(archive: zipfile.ZipFile, name: str) -> Element:
    with archive.open(name) as part:
        content = part.read(MOST_PART_BYTES + 1)
    if len(content) > MOST_PART_BYTES:
        raise RosterFault("too-large")
    try:
        text = content.decode("utf-8-sig")
        if "<!DOCTYPE" in text or "<!ENTITY" in text:  # nothing in a workbook may unfold or point elsewhere
            raise RosterFault("not-workbook")
        return fromstring(text)  # noqa: S314 without a DTD there is nothing to expand  # nosec B314
    except (UnicodeDecodeError, ParseError, ValueError) as error:
        raise RosterFault("not-workbook") from error


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _shared(root: Element) -> list[str]:
    return [_text(one) for one in root if _name(one) == "si"]


def _text(element: Element) -> str:
    """The text of an item, whole or in runs; how it is read aloud (`rPh`) is left out."""
    parts = []
    for child in element:
        if _name(child) == "t":
            parts.append(child.text or "")
        elif _name(child) == "r":
            parts += [run.text or "" for run in child if _name(run) == "t"]
    return "".join(parts)


def _rows(root: Element, texts: list[str]) -> Iterator[tuple[int, list[str]]]:
    data = next((one for one in root if _name(one) == "sheetData"), None)
    rows = [] if data is None else [one for one in data if _name(one) == "row"]
    for position, row in enumerate(rows, start=1):
        number = row.get("r", "")
        cells: dict[int, str] = {}
        for order, cell in enumerate(one for one in row if _name(one) == "c"):
            column = _column(cell.get("r", ""), order)
            text = _cell(cell, texts)
            if text and column >= MOST_COLUMNS:
                raise RosterFault("many-columns", position)
            if text:
                cells[column] = text
        if position > MOST_ROWS * 4 and cells:
            raise RosterFault("too-many", position)
        yield (
            int(number) if number.isdecimal() and len(number) < 8 else position,
            [cells.get(i, "") for i in range(max(cells, default=-1) + 1)],
        )


def _column(reference: str, order: int) -> int:
    """The column's place from zero: as the reference says (`B3` is 1), or in order."""
    found = PLACE.fullmatch(reference)
    if found is None:
        return order
    place = 0
    for letter in found[1]:
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1


def _cell(cell: Element, texts: list[str]) -> str:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return "".join(_text(one) for one in cell if _name(one) == "is")
    value = next((one.text or "" for one in cell if _name(one) == "v"), "")
    if kind == "s":
        return texts[int(value)] if value.isdecimal() and len(value) < 8 and int(value) < len(texts) else ""
    if kind == "e":  # an error of the spreadsheet, such as #REF!
        return ""
    return value[:-2] if kind == "n" and value.endswith(".0") else value
