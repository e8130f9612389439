"""Reading a file of coefficients: all of it or none, every fault named by its line.

Nothing is rounded or mended: what the distributor would refuse is refused here, with the cure.
"""

import re
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

from market.settlement.coefficients.codes import is_cau, is_cups
from market.settlement.coefficients.writing import MILLION, YEAR_HOURS

NAME = re.compile(r"([A-Z0-9]+)_([0-9]{4})\.txt")
NUMBER = re.compile(r"[01],[0-9]{6}")
HOUR = re.compile(r"[0-9]{4}")
MOST_FAULTS = 50
MOST_LINES = 600_000  # 68 supplies with every hour of a year
# Of the file: name_shape, no_cau, other_cau. Of a line: decimal_sign, decimals, cups_length, duplicate,
# unknown_cups, malformed_line, cups (letters that do not fit the digits). Of an hour or the file: sum, hours.


class FileError(NamedTuple):
    """One fault: the line (0: the whole file), a stable code, the field and what stands there."""

    line: int
    code: str
    field: str
    found: str


class FileFaults(ValueError):
    """A file that is refused, with its faults in order; `count` is how many there are in all."""

    def __init__(self, faults: list[FileError]) -> None:
        super().__init__(f"{len(faults)} faults, the first: {faults[0]}")
        self.faults, self.count = faults[:MOST_FAULTS], len(faults)


@dataclass(frozen=True, slots=True)
class SharingFile:
    """A file that may go to the distributor: β in millionths by supply, one for the year or one an hour."""

    cau: str
    year: int
    constant_ppm: dict[str, int]
    hourly_ppm: dict[str, tuple[int, ...]]


def read(content: bytes, name: str, *, plant_cau: str = "", supplies: Collection[str] = ()) -> SharingFile:
    """Read a file of the plant `plant_cau`, whose members have `supplies` (the first 20 characters count).

    Raises `FileFaults` naming every fault.
    """
    faults: list[FileError] = []
    cau, year = _name(name, plant_cau, faults)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise FileFaults([*faults, FileError(0, "malformed_line", "encoding", "not UTF-8")]) from None
    found: dict[str, dict[int, int]] = defaultdict(dict)
    known = {supply[:20] for supply in supplies}
    if text.count("\n") > MOST_LINES:
        raise FileFaults([*faults, FileError(0, "malformed_line", "lines", f"> {MOST_LINES}")])
    lines = text.removesuffix("\n").removesuffix("\r").split("\n")
    for number, line in enumerate(lines, start=1):
        _line(number, line.removesuffix("\r"), known, found, faults)
    if not faults:
        _sums(found, faults)
    if faults:
        raise FileFaults(faults)
    if set(next(iter(found.values()))) == {0}:
        return SharingFile(cau, year, {cups: own[0] for cups, own in found.items()}, {})
    by_hour = {cups: tuple(own[hour] for hour in sorted(own)) for cups, own in found.items()}
    return SharingFile(cau, year, {}, by_hour)


def _name(name: str, plant_cau: str, faults: list[FileError]) -> tuple[str, int]:
    shape = NAME.fullmatch(name)
    if shape is None or not is_cau(shape.group(1)):
        faults.append(FileError(0, "name_shape", "name", name))
        return "", 0
    if not plant_cau:
        faults.append(FileError(0, "no_cau", "name", name))
    elif shape.group(1) != plant_cau:
        faults.append(FileError(0, "other_cau", "name", shape.group(1)))
    return shape.group(1), int(shape.group(2))


def _line(
    number: int, line: str, known: set[str], found: dict[str, dict[int, int]], faults: list[FileError]
) -> None:
    parts = line.split(";")
    if len(parts) not in {2, 3} or (len(parts) == 3 and not HOUR.fullmatch(parts[1])):
        faults.append(FileError(number, "malformed_line", "", line[:80]))
        return
    cups, written = parts[0], parts[-1]
    hour = int(parts[1]) if len(parts) == 3 else 0
    fault = _supply(cups, known) or _number(written)
    if fault is None and any(hour in own for code, own in found.items() if code[:20] == cups[:20]):
        fault = ("duplicate", "cups")
    if fault is not None:
        faults.append(FileError(number, *fault, written if fault[1] == "coefficient" else cups))
        return
    whole, decimals = written.split(",")
    found[cups][hour] = int(whole) * MILLION + int(decimals)


def _supply(cups: str, known: set[str]) -> tuple[str, str] | None:
    if len(cups) not in {20, 22}:
        return ("cups_length", "cups")
    if not is_cups(cups):
        return ("cups", "cups")
    if known and cups[:20] not in known:
        return ("unknown_cups", "cups")
    return None


def _number(written: str) -> tuple[str, str] | None:
    if NUMBER.fullmatch(written):
        return None
    if "." in written:
        return ("decimal_sign", "coefficient")
    if re.fullmatch(r"[0-9]+(,[0-9]*)?", written):
        return ("decimals", "coefficient")
    return ("malformed_line", "coefficient")


def _sums(found: dict[str, dict[int, int]], faults: list[FileError]) -> None:
    """Every hour of the file adds up to one, and every supply has the same hours of a whole year."""
    hours = {frozenset(own) for own in found.values()}
    if len(hours) != 1:
        faults.append(FileError(0, "hours", "hour", "supplies have different hours"))
        return
    (shared,) = hours
    if shared != {0} and (len(shared) not in YEAR_HOURS or shared != frozenset(range(1, len(shared) + 1))):
        faults.append(FileError(0, "hours", "hour", f"{len(shared)} hours"))
    for hour in sorted(shared):
        total = sum(own[hour] for own in found.values())
        if total != MILLION:
            faults.append(FileError(0, "sum", f"hour {hour}" if hour else "sum", f"{total / MILLION:.6f}"))
