"""Cells as distributors write them: energies, days and hours. Each raises `BadCell` with a stable code."""

import re
from datetime import date
from decimal import Decimal, InvalidOperation, localcontext
from functools import lru_cache

NO_VALUE = {"", "-", "--", "sin dato", "sin datos", "null", "none", "nan", "n/d", "nd", "s/d"}
MOST_WH = 10_000_000
YEARS = range(1970, 2200)  # whose edges every clock can be asked about
MOST_LETTERS = 200  # what is longer is no cell of such a file, and not worth remembering
# Wh in one unit of each name.
UNITS = {"wh": 1, "kwh": 1_000, "mwh": 1_000_000}
_NUMBER = re.compile(r"[+-]?\d{1,12}(?:[.,]\d{1,12})?(?:[eE][+-]?\d{1,3})?")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+,\d+|[+-]?\d{1,3}(?:,\d{3})+\.\d+")
_DAY = re.compile(r"(\d{1,4})[/.-](\d{1,2})[/.-](\d{1,4})")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::00)?")
_RANGE = re.compile(r"(\d{1,2}:\d{2})\s*(?:-|a|–)\s*(\d{1,2}:\d{2})")
_COUNT = re.compile(r"[hH]?(\d{1,3})")
DAY_MINUTES = 24 * 60
LAST_LABEL = DAY_MINUTES + 60  # 25:00, the October day's last hour in files that count


class BadCell(ValueError):
    """One cell does not say what its column promises."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def short(value: object) -> str:
    """A value's text. Raises `BadCell`: `too-long`."""
    text = str(value)
    if len(text) > MOST_LETTERS:
        raise BadCell("too-long")
    return text


@lru_cache(maxsize=65_536)
def energy(text: str, unit_wh: int) -> int | None:
    """Whole Wh of a cell in units of `unit_wh` Wh; None where the cell says that there is no value.

    >>> energy("0,493", 1000), energy('"1.234,5"', 1), energy("Sin dato", 1000)
    (493, 1234, None)
    """
    text = text.strip().strip('"').strip()
    if text.casefold() in NO_VALUE:
        return None
    if _GROUPED.fullmatch(text):
        text = (
            text.replace(".", "").replace(",", ".") if text.rfind(",") > text.rfind(".") else text.replace(",", "")
        )
    if not _NUMBER.fullmatch(text):
        raise BadCell("not-a-number")
    with localcontext() as context:
        context.prec = 40
        try:
            exact = Decimal(text.replace(",", ".")) * unit_wh
        except InvalidOperation as error:
            raise BadCell("not-a-number") from error
        if exact < 0:
            raise BadCell("negative")
        if exact > MOST_WH:
            raise BadCell("too-large")
        return int(exact.to_integral_value())


@lru_cache(maxsize=8_192)
def day(text: str) -> int:
    """Ordinal of a day written year first or day first."""
    match = _DAY.fullmatch(text.strip().strip('"'))
    if match is None:
        raise BadCell("not-a-day")
    first, middle, last = match.groups()
    year, month, number = (first, middle, last) if len(first) == 4 else (last, middle, first)
    if len(year) == 2:
        year = f"20{year}"
    if int(year) not in YEARS:
        raise BadCell("not-a-day")
    try:
        return date(int(year), int(month), int(number)).toordinal()
    except ValueError as error:
        raise BadCell("not-a-day") from error


@lru_cache(maxsize=8_192)
def clock(text: str) -> int:
    """Minutes of the local day: `01:00`, `24:00`, `25:00`, and the end of `00:00-01:00`."""
    text = text.strip().strip('"').strip()
    both = _RANGE.fullmatch(text)
    if both is not None:
        start, end = clock(both[1]), clock(both[2])
        return end if end > start or start >= DAY_MINUTES else DAY_MINUTES
    match = _CLOCK.fullmatch(text)
    if match is None:
        raise BadCell("not-a-time")
    minutes = int(match[1]) * 60 + int(match[2])
    if int(match[2]) > 59 or minutes > LAST_LABEL:
        raise BadCell("time-out-of-range")
    return minutes


@lru_cache(maxsize=512)
def count(text: str) -> int:
    """A place in the day, from 1: `1`, `01`, `H25`."""
    match = _COUNT.fullmatch(text.strip().strip('"'))
    if match is None:
        raise BadCell("not-a-time")
    number = int(match[1])
    if not 1 <= number <= 100:
        raise BadCell("time-out-of-range")
    return number


QUALITIES = {
    "": "measured",
    "r": "measured",
    "real": "measured",
    "e": "estimated",
    "estimada": "estimated",
    "estimado": "estimated",
    "estimated": "estimated",
}


def quality(text: str) -> str:
    """Our word for a source's; an unknown word is not trusted."""
    return QUALITIES.get(text.strip().strip('"').casefold(), "estimated")
