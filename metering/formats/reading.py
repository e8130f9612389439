"""A meter file from its bytes to its intervals; the format is found in the content, not in the name."""

from datetime import datetime
from zoneinfo import ZoneInfo

from stdnum.es import cups as supply_codes

from metering.formats.cch import FIRST_LINE, kind_of, read_cch
from metering.formats.columns import Mapping
from metering.formats.datadis import read_datadis
from metering.formats.decoding import text_of
from metering.formats.dialects import place
from metering.formats.espi import read_espi
from metering.formats.facts import (
    CHANNELS,
    FileReading,
    Line,
    Refusal,
    RegisterSheet,
    Sheet,
    UnreadableFile,
    note,
)
from metering.formats.local_days import starts
from metering.formats.merging import merge
from metering.formats.tables import read_table
from metering.formats.telegrams import is_telegram, read_telegrams

# Kept with every file: raise it when a reader's answer changes, so that old files can be read again.
PARSER_VERSION = 1
MOST_LINES = 2_500_000
# Marks by which JSON and XML grow; a line of Datadis has one brace and eight commas, a reading twelve tags.
MOST_JSON = {"{": MOST_LINES // 2, "[": MOST_LINES // 2, ",": 4 * MOST_LINES}
MOST_MARKS = {"{": MOST_JSON, "[": MOST_JSON, "<": {"<": 2 * MOST_LINES}}


def read_file(
    content: bytes,
    zone: ZoneInfo,
    *,
    name: str = "",
    cups: str = "",
    dialect: str | None = None,
    mapping: Mapping | None = None,
) -> FileReading:
    """Everything that a file says. `cups` is the supply of files that name none; `dialect` the user's choice.

    Lines that cannot be meant are refused one by one with their number; a file that contradicts itself or
    that nobody can know how to read raises `UnreadableFile`.
    """
    text = text_of(content)
    if mapping is None and is_telegram(text):
        return _dials(read_telegrams(text, zone, cups))
    sheet = _sheet(text, name, cups, mapping)
    sheet.lines, refused = _known_supplies(sheet.lines)
    if not sheet.lines and not sheet.refusals and not refused:
        raise UnreadableFile("no-lines")
    dialect, minutes, intervals, misplaced, remarks = place(sheet, zone, dialect)
    sheet.lines = []  # a large file's lines need not be kept beside what they mean
    merged, duplicates, conflicts = merge(intervals)
    return FileReading(
        format=sheet.format,
        dialect=dialect,
        minutes=minutes,
        intervals=merged,
        refusals=sorted(sheet.refusals + refused + misplaced, key=lambda refusal: refusal.number),
        remarks=sheet.remarks + remarks,
        duplicates=duplicates,
        conflicts=conflicts,
    )


def _dials(sheet: RegisterSheet) -> FileReading:
    unique = list(dict.fromkeys(one._replace(number=0) for one in sheet.registers))
    numbers = {one._replace(number=0): one.number for one in reversed(sheet.registers)}
    return FileReading(
        format=sheet.format,
        dialect="utc",
        minutes=0,
        intervals=[],
        refusals=sheet.refusals,
        remarks=[],
        duplicates=len(sheet.registers) - len(unique),
        registers=[one._replace(number=numbers[one]) for one in unique],
    )


def _sheet(text: str, name: str, cups: str, mapping: Mapping | None) -> Sheet:
    beginning = text.lstrip()[:1]
    _check_size(text, beginning)
    if mapping is not None:
        return read_table(text, cups, mapping)
    if beginning in {"[", "{"}:
        return read_datadis(text)
    if beginning == "<":
        return read_espi(text, cups)
    if FIRST_LINE.match(text.lstrip()):
        return read_cch(text.lstrip(), kind_of(name, text.lstrip()))
    return read_table(text, cups)


def _check_size(text: str, beginning: str) -> None:
    """Refuse what would take more memory than its size: an entry of two letters becomes a hundred bytes."""
    for mark, most in MOST_MARKS.get(beginning, {"\n": MOST_LINES, "\r": MOST_LINES}).items():
        if text.count(mark) > most:
            raise UnreadableFile("many-lines", most=MOST_LINES)


def _known_supplies(lines: list[Line]) -> tuple[list[Line], list[Refusal]]:
    """Lines with a supply's code that can exist, by the 20 characters that identify it; the others refused."""
    codes = {line.cups: supply_codes.compact(line.cups) for line in lines}
    valid = {cups for cups, code in codes.items() if supply_codes.is_valid(code)}
    refused: list[Refusal] = []
    for line in lines:
        if line.cups not in valid:
            note(refused, Refusal(line.number, "cups", "bad-cups", line.cups))
    return [line._replace(cups=codes[line.cups][:20]) for line in lines if line.cups in valid], refused


def gaps(reading: FileReading, zone: ZoneInfo, channel: str = "import") -> list[tuple[str, datetime]]:
    """(supply, start) of what a file leaves out of the local days that it covers, in one channel."""
    i = CHANNELS.index(channel)
    filled = {(one.cups, one.start) for one in reading.intervals if one.energies[i] is not None}
    days = {(one.cups, one.start.astimezone(zone).toordinal()) for one in reading.intervals}
    return [
        (cups, start)
        for cups, day in sorted(days)
        for start in starts(zone, day, reading.minutes)
        if (cups, start) not in filled
    ]
