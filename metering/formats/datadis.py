"""The JSON of Datadis: a list of hours or quarters, each with the supply, a local label and kWh."""

import json
from typing import Any

from metering.formats import cells
from metering.formats.facts import Energies, Line, Refusal, Sheet, UnreadableFile, shown

FIELDS = ("consumptionKWh", "surplusEnergyKWh", "generationEnergyKWh", "selfConsumptionEnergyKWh")


def read_datadis(text: str) -> Sheet:
    """The lines of an answer; a line's number is its place in the list, from 1. An absent value is no zero.

    Raises `UnreadableFile`: `not-json`, `not-datadis`.
    """
    try:
        # Numbers stay text, so that 0.1 is 0.1 and an exponent of a thousand digits is nobody's problem.
        rows = json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise UnreadableFile("not-json", line=getattr(error, "lineno", 1)) from error
    if isinstance(rows, dict):
        rows = rows.get("timeCurve", rows.get("response"))
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UnreadableFile("not-datadis")
    sheet = Sheet("datadis-api", [])
    for number, row in enumerate(rows, 1):
        _take(sheet, row, number)
    return sheet


def _take(sheet: Sheet, row: dict[str, Any], number: int) -> None:
    field = ""
    try:
        field = "date"
        day = cells.day(cells.short(row.get(field, "")))
        field = "time"
        label = cells.clock(cells.short(row.get(field, "")))
        found: list[int | None] = []
        for field in FIELDS:
            value = row.get(field)
            found.append(None if value is None else cells.energy(cells.short(value), 1000))
    except cells.BadCell as bad:
        sheet.refuse(Refusal(number, field, bad.code, str(row.get(field, ""))[:80]))
        return
    energies: Energies = (found[0], found[1], found[2], found[3])
    code = shown(str(row.get("obtainMethod") or ""))
    supply = str(row.get("cups", ""))[: cells.MOST_LETTERS]
    sheet.lines.append(Line(number, supply, day, label, None, energies, cells.quality(code), code))
