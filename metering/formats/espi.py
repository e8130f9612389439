"""Green Button: ESPI interval blocks in Atom, read without resolving anything outside the file.

Source: NAESB REQ.21 (ESPI), IntervalReading, ReadingType and QualityOfReading.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from xml.etree.ElementTree import Element, ParseError, fromstring  # see below  # nosec B405

from metering.formats import cells
from metering.formats.facts import Energies, Line, Refusal, Sheet, UnreadableFile

WATT_HOURS = "72"
MOST_PARTS = 100  # of a reading or its type
DELTA = {"", "4"}  # accumulationBehaviour: energy of the interval; dials and running totals are not intervals
FORWARD, REVERSE = {"", "1"}, {"19"}
QUALITIES = {
    "0": "measured", "17": "measured", "18": "measured", "19": "measured", "14": "measured",
    "7": "manual", "11": "calculated", "13": "estimated", "9": "substituted",
    "8": "estimated", "10": "estimated", "12": "estimated", "15": "calculated", "16": "estimated",
}  # fmt: skip


def read_espi(text: str, cups: str) -> Sheet:
    """The interval readings of a Green Button file for the supply `cups`.

    Raises `UnreadableFile`: `not-xml`, `no-cups`, `no-intervals`, `not-energy`, `running-total`.
    """
    if not cups:
        raise UnreadableFile("no-cups")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:  # nothing in such a file may unfold or point elsewhere
        raise UnreadableFile("not-xml")
    try:
        root = fromstring(text.strip())  # noqa: S314 without a DTD there is nothing to expand  # nosec B314
    except (ParseError, ValueError) as error:
        raise UnreadableFile("not-xml") from error
    sheet = Sheet("green-button", [], declares="utc")
    number = 0
    channel, unit_wh = 0, Decimal(1)
    for element in root.iter():
        name = _name(element)
        if name == "ReadingType":
            channel, unit_wh = _kind(element)
        elif name == "IntervalReading":
            number += 1
            _take(sheet, element, number, cups, channel, unit_wh)
    if not number:
        raise UnreadableFile("no-intervals")
    return sheet


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _texts(element: Element) -> Iterator[tuple[str, str]]:
    for child in islice(element.iter(), MOST_PARTS):  # elements nested in themselves would cost their square
        yield _name(child), (child.text or "").strip()


def _kind(element: Element) -> tuple[int, Decimal]:
    """Channel (0 import, 1 export) and Wh of one unit."""
    said = dict(_texts(element))
    if said.get("uom", WATT_HOURS) != WATT_HOURS:
        raise UnreadableFile("not-energy", unit=said["uom"][:80])
    if said.get("accumulationBehaviour", "") not in DELTA:
        raise UnreadableFile("running-total")
    direction = said.get("flowDirection", "")
    if direction not in FORWARD | REVERSE:
        raise UnreadableFile("not-energy", unit=f"flowDirection {direction[:80]}")
    try:
        return int(direction in REVERSE), Decimal(10) ** int(said.get("powerOfTenMultiplier") or 0)
    except (ValueError, ArithmeticError) as error:
        raise UnreadableFile("not-energy", unit=said.get("powerOfTenMultiplier", "")[:80]) from error


def _take(sheet: Sheet, element: Element, number: int, cups: str, channel: int, unit_wh: Decimal) -> None:
    said = dict(_texts(element))
    try:
        start = datetime.fromtimestamp(int(said.get("start", "")), UTC)
        if start.year not in cells.YEARS:
            raise cells.BadCell("not-an-instant")
        energy_wh = cells.energy(str(Decimal(said.get("value", "")) * unit_wh), 1)
    except (ValueError, ArithmeticError, OSError) as error:
        code = error.code if isinstance(error, cells.BadCell) else "not-a-number"
        sheet.refuse(Refusal(number, "IntervalReading", code, said.get("start", "")[:80]))
        return
    if start.second:
        sheet.refuse(Refusal(number, "start", "off-grid", start.isoformat()))
        return
    energies: Energies = (None, energy_wh, None, None) if channel else (energy_wh, None, None, None)
    code = said.get("quality", "")[:80]
    quality = QUALITIES.get(code or "0", "estimated")
    label = start.hour * 60 + start.minute
    sheet.lines.append(Line(number, cups, start.toordinal(), label, None, energies, quality, code))
