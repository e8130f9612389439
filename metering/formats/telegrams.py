"""What a meter's own port says: DSMR P1 telegrams and IEC 62056-21 readouts, dials with their OBIS codes.

Sources: DSMR 5.0.2 P1 companion standard (telegram, CRC16, `X` for summer or winter time); IEC 62056-21
data sets (`code(value*unit)`); OBIS codes 1.8 (taken) and 2.8 (given) of IEC 62056-61.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

from metering.formats import cells
from metering.formats.facts import Refusal, RegisterFact, RegisterSheet, UnreadableFile

END = re.compile(r"!([0-9A-Fa-f]{4})?[ \t]*\r?")
READOUT = re.compile(r"^\s*(?:/[A-Za-z]{3}\d|(?:\d-\d:)?(?:[12]\.8\.[0-4]|0\.9\.[12]|[FC]\.\w)\b)", re.MULTILINE)
DATA = re.compile(r"^\s*(?:\d-\d:)?([0-9A-FC]+\.[0-9]+(?:\.[0-9]+)?)(?:\*\d+)?\(([^()*]*)(?:\*(\w+))?\)\s*$")
STAMP = re.compile(r"(\d{12})([SW])")
CHANNELS = {"1.8": "import", "2.8": "export"}
RATES = 4
OFFSETS = {"S": timezone(timedelta(hours=2)), "W": timezone(timedelta(hours=1))}
CLOCK = ("0.9.2", "0.9.1")  # day and time of a readout


def is_telegram(text: str) -> bool:
    """Whether a text comes from a meter's port."""
    return READOUT.match(text.lstrip("\x02")) is not None


def read_telegrams(text: str, zone: ZoneInfo, cups: str) -> RegisterSheet:
    """The dials of every telegram, or of one readout. A telegram with a wrong checksum is refused by itself.

    Raises `UnreadableFile`: `no-cups`, `no-instant`, `no-registers`.
    """
    if not cups:
        raise UnreadableFile("no-cups")
    sheet = RegisterSheet("dsmr-p1", [], [])
    for number, body, checksum in _telegrams(text):
        if checksum and crc16(body) != int(checksum, 16):
            sheet.refuse(Refusal(number, "CRC", "bad-checksum", checksum))
        else:
            _take(sheet, body, number, zone, cups)
    if not sheet.registers and not sheet.refusals:
        sheet.format = "iec-62056-21"
        _take(sheet, text, 1, zone, cups)
    if not sheet.registers and not sheet.refusals:
        raise UnreadableFile("no-registers")
    return sheet


def _telegrams(text: str) -> Iterator[tuple[int, str, str]]:
    """Number of the first line, the text from `/` to `!`, and the checksum after it, of each telegram.

    One pass, line by line: a pattern over all would look for the end of each that has none.
    """
    began, first, place = None, 0, 0
    for number, line in enumerate(text.split("\n"), 1):
        if began is None and line.startswith("/"):
            began, first = place, number
        elif began is not None and (end := END.fullmatch(line)):
            yield first, text[began : place + 1], end[1] or ""
            began = None
        place += len(line) + 1


def crc16(text: str) -> int:
    """CRC-16/ARC of a telegram from `/` to `!`, both included; lines end with CR LF on the wire.

    >>> hex(crc16("123456789"))
    '0xbb3d'
    """
    crc = 0
    for byte in re.sub(r"(?<!\r)\n", "\r\n", text).encode("latin-1", "replace"):
        crc ^= byte
        for _bit in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return crc


def _take(sheet: RegisterSheet, text: str, number: int, zone: ZoneInfo, cups: str) -> None:
    """Append what the dials of one telegram show, or why it cannot be used."""
    said = {code: (value, unit or "", line) for line, code, value, unit in _data(text, number)}
    code = ""
    try:
        at = _instant(said, zone)
        for prefix, channel in CHANNELS.items():
            parts = [f"{prefix}.0"] if f"{prefix}.0" in said else [f"{prefix}.{i}" for i in range(1, RATES + 1)]
            shown = [said[code] for code in parts if code in said]
            if shown:
                code = parts[0]
                register_wh = sum(_wh(value, unit) for value, unit, _line in shown)
                sheet.registers.append(RegisterFact(shown[0][2], cups, channel, at, register_wh))
    except cells.BadCell as bad:
        sheet.refuse(Refusal(number, code or "1.0.0", bad.code, ""))


def _data(text: str, number: int) -> Iterator[tuple[int, str, str, str | None]]:
    for line, row in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), number):
        match = DATA.match(row.strip("\x02\x03 \t\r"))
        if match:
            yield line, match[1].removesuffix(".255"), match[2], match[3]


def _wh(value: str, unit: str) -> int:
    unit_wh = cells.UNITS.get(unit.casefold())
    if unit_wh is None:
        raise cells.BadCell("no-such-unit")
    if not re.fullmatch(r"\d{1,9}(?:\.\d{1,6})?", value):
        raise cells.BadCell("not-a-number")
    return int(Decimal(value) * unit_wh)


def _instant(said: dict[str, tuple[str, str, int]], zone: ZoneInfo) -> datetime:
    """When the dials were read. The letter of a telegram tells October's two hours apart; a readout has none."""
    stamp = STAMP.fullmatch(said["1.0.0"][0]) if "1.0.0" in said else None
    if stamp:
        return _parsed(stamp[1]).replace(tzinfo=OFFSETS[stamp[2]])
    digits = ["".join(re.findall(r"\d", said[code][0]))[-6:] for code in CLOCK if code in said]
    if len(digits) < len(CLOCK):
        if "1.0.0" in said:
            raise cells.BadCell("not-an-instant")
        raise UnreadableFile("no-instant")
    local = _parsed("".join(digits)).replace(tzinfo=zone)
    if local.utcoffset() != local.replace(fold=1).utcoffset():  # the clock shows it twice, or never
        raise cells.BadCell("season")
    return local


def _parsed(digits: str) -> datetime:
    try:
        return datetime.strptime(digits, "%y%m%d%H%M%S")  # noqa: DTZ007 the caller knows the zone
    except ValueError as error:
        raise cells.BadCell("not-an-instant") from error
