"""CCH curves that distributors exchange: F5D, P5D, A5D, B5D (Wh) and P1D (kWh), without header.

Time is the END of the hour in local time; the season flag tells the two hours of October apart.
Source: field lists as published by the Spanish system's file descriptions for measurement exchange.
"""

import re
from collections.abc import Callable, Sequence

from metering.formats import cells
from metering.formats.facts import Energies, Line, Refusal, Sheet, UnreadableFile

MOST_LINE = 1_000  # letters
FIRST_LINE = re.compile(r"[A-Z]{2}\d{16}[A-Z]{2}(?:\d[A-Z])?;(?:\d{1,2};)?\d{4}/\d{2}/\d{2} \d{1,2}:\d{2}")
NAME = re.compile(r"(?P<kind>[FPAB][15]D)_(?P<rest>\d{4}_\d{4}_\d{8})\.(?P<version>\d+)", re.IGNORECASE)
# Where F5D says how a value came about: read, adjusted, profiled to a reading, or estimated.
SOURCES = {"1": "measured", "3": "measured", "2": "profiled", "4": "profiled", "5": "estimated", "6": "estimated"}


def kind_of(name: str, text: str) -> str:
    """F5D, P5D, A5D, B5D or P1D, by the name or else by the fields of the first line."""
    match = NAME.search(name)
    if match is not None:
        return match["kind"].upper()
    fields = text.lstrip("\ufeff").partition("\n")[0][:MOST_LINE].strip().split(";")
    if fields[1].isdigit():
        return "P1D"
    if len(fields) <= 6:
        return "P5D"
    if len(fields) > 9 and fields[9] in SOURCES:
        return "F5D"
    # A5D and B5D look alike: whose energy it is stands in the name only.
    raise UnreadableFile("curve-without-name")


def read_cch(text: str, kind: str) -> Sheet:
    """The lines of a curve file of one `kind`."""
    build = BUILDERS[kind]
    sheet = Sheet(kind.lower(), [], declares="instant")
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        if not line.strip():
            continue
        try:
            if len(line) > MOST_LINE:
                raise cells.BadCell("too-long")
            fields = [field.strip() for field in line.split(";")]
            sheet.lines.append(_line(number, fields, build, at=2 if kind == "P1D" else 1))
        except cells.BadCell as bad:
            sheet.refuse(Refusal(number, "line", bad.code, line[:80]))
    return sheet


Builder = Callable[[Sequence[str]], tuple[Energies, str, str]]


def _line(number: int, fields: Sequence[str], build: Builder, at: int) -> Line:
    if len(fields) < at + 3:
        raise cells.BadCell("short-line")
    day, _, clock = fields[at].partition(" ")
    if fields[at + 1] not in {"0", "1"}:
        raise cells.BadCell("season")
    energies, quality, code = build(fields)
    return Line(
        number, fields[0], cells.day(day), cells.clock(clock), int(fields[at + 1]), energies, quality, code
    )


def _at(fields: Sequence[str], i: int, unit_wh: int = 1) -> int | None:
    return cells.energy(fields[i], unit_wh) if i < len(fields) else None


def _f5d(fields: Sequence[str]) -> tuple[Energies, str, str]:
    source = fields[9] if len(fields) > 9 else ""
    return (_at(fields, 3), _at(fields, 4), None, None), SOURCES.get(source, "estimated"), source


def _p5d(fields: Sequence[str]) -> tuple[Energies, str, str]:
    return (_at(fields, 3), _at(fields, 4), None, None), "measured", ""


def _a5d(fields: Sequence[str]) -> tuple[Energies, str, str]:
    return (None, None, None, _at(fields, 3)), "measured", ""


def _b5d(fields: Sequence[str]) -> tuple[Energies, str, str]:
    return (None, None, _at(fields, 4), None), "measured", ""


def _p1d(fields: Sequence[str]) -> tuple[Energies, str, str]:
    """Value and quality in turns, kWh; a quality other than 0 is not a clean reading."""
    energies: Energies = (_at(fields, 4, 1000), _at(fields, 6, 1000), None, None)
    code = fields[5] if len(fields) > 5 else ""
    return energies, "measured" if code in {"", "0"} else "estimated", code


BUILDERS: dict[str, Builder] = {"F5D": _f5d, "P5D": _p5d, "A5D": _a5d, "B5D": _b5d, "P1D": _p1d}
