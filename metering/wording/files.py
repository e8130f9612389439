"""What a meter file's codes mean to a person: the cause and the cure, in words."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy

from metering.formats import UnreadableFile

FILE = {
    "empty": gettext_lazy("The file is empty."),
    "spreadsheet": gettext_lazy("This is a spreadsheet: save it as CSV and hand that in."),
    "not-text": gettext_lazy("This is not a text file: was the right one chosen?"),
    "too-large": gettext_lazy("Unpacked, the file has more than %(most_mib)s MiB: split it."),
    "too-tight": gettext_lazy(
        "The file unfolds to more than %(ratio)s times its size: hand it in as it was before it was packed."
    ),
    "many-members": gettext_lazy("More than %(most)s packed files stand in this one: hand in one at a time."),
    "nested": gettext_lazy("A packed file is packed once more: unpack it once and hand that in."),
    "archive": gettext_lazy("This is an archive: unpack it and hand in the CSV or JSON inside, one at a time."),
    "many-lines": gettext_lazy("The file has more than %(most)s entries: split it by supply or by year."),
    "many-columns": gettext_lazy("Line %(line)s has more than %(most)s columns: hand in one supply a line."),
    "many-faults": gettext_lazy(
        "More than %(most)s lines cannot be meant, the last of them line %(line)s: was the right file chosen?"
    ),
    "damaged": gettext_lazy("The packed file is damaged: download it again."),
    "no-header": gettext_lazy("No line names its columns (CUPS, Fecha, Hora…): was the header cut off?"),
    "broken-line": gettext_lazy("Line %(line)s cannot be split into cells: is a quotation mark left open?"),
    "no-unit": gettext_lazy("The column “%(column)s” does not say its unit: write kWh or Wh in the header."),
    "no-energy-column": gettext_lazy("No column holds energy: is there one such as “Consumo_kWh”?"),
    "no-time-column": gettext_lazy("There is a date but no hour: a column “Hora” is missing."),
    "no-cups": gettext_lazy("The file does not say whose it is: choose the metering point."),
    "no-lines": gettext_lazy("The file holds no readings."),
    "not-json": gettext_lazy("Not JSON from line %(line)s on: was the download cut off?"),
    "not-datadis": gettext_lazy("This JSON is not a list of hours as Datadis gives it."),
    "not-xml": gettext_lazy("This XML cannot be read safely: it is damaged or defines entities."),
    "no-instant": gettext_lazy(
        "The readout does not say when it was taken (0.9.1 and 0.9.2, or a telegram's 1.0.0)."
    ),
    "no-registers": gettext_lazy("No dial of energy (1.8 or 2.8) stands in this readout."),
    "no-intervals": gettext_lazy("This Green Button file holds no interval readings."),
    "not-energy": gettext_lazy("Its readings are not energy that one channel counts (%(unit)s)."),
    "running-total": gettext_lazy("Its readings are a dial's running total, not the energy of intervals."),
    "curve-without-name": gettext_lazy(
        "Whether this is A5D or B5D stands in the file's name only: keep the distributor's name."
    ),
    "mixed-hours": gettext_lazy(
        "Line %(start_line)s says 00:00 and line %(end_line)s says 24:00: two ways of counting in one file. "
        "Hand in each part by itself."
    ),
    "start-or-end": gettext_lazy(
        "Its days run from 00:00 to 23:00, although such files name the end of each hour. "
        "Choose what its hours mean."
    ),
    "unknown-dialect": gettext_lazy("This way of counting hours does not fit the file: let it be found out."),
}
LINE = {
    "negative": gettext_lazy("energy is never negative"),
    "not-a-number": gettext_lazy("not a number"),
    "too-large": gettext_lazy("more than any home uses: is the unit right?"),
    "not-a-day": gettext_lazy("not a date such as 25/10/2026"),
    "not-a-time": gettext_lazy("not an hour such as 13:00 or 13"),
    "time-out-of-range": gettext_lazy("no day has this hour"),
    "no-such-hour": gettext_lazy("this day does not have this hour"),
    "season": gettext_lazy("summer or winter time contradicts the date"),
    "off-grid": gettext_lazy("between two intervals"),
    "too-long": gettext_lazy("longer than any such cell: was a separator lost?"),
    "short-line": gettext_lazy("the line is cut off"),
    "bad-checksum": gettext_lazy("the telegram's checksum is wrong: it was damaged on its way"),
    "no-such-unit": gettext_lazy("not a unit of energy"),
    "bad-cups": gettext_lazy("the check letters of the CUPS are wrong: was a digit mistyped?"),
    "not-an-instant": gettext_lazy("not an instant such as 2026-11-23T12:00:00Z"),
    "naive-timestamp": gettext_lazy("the time lacks its offset, such as +01:00 or Z"),
}
DIALECTS = {
    "end": gettext_lazy("each time is the end of its hour"),
    "end_next": gettext_lazy("each time is the end of its hour, and 00:00 ends the day before"),
    "counted": gettext_lazy("hours are counted from 1, 23 to 25 a day"),
    "start": gettext_lazy("each time is the start of its hour"),
    "start_plus_one": gettext_lazy("each hour bears its start plus one"),
    "start_plus_one_25": gettext_lazy("each hour bears its start plus one; October's second hour is 25"),
    "instant": gettext_lazy("each time is the end of its hour, with summer or winter time"),
    "utc": gettext_lazy("each time is an instant by itself"),
}
FORMATS = {
    "datadis-api": "Datadis (JSON)",
    "datadis-web": "Datadis (CSV)",
    "datadis-web-old": "Datadis (CSV)",
    "edistribucion": "e-distribución",
    "ide": "i-DE",
    "ide-start": "i-DE",
    "ufd": "UFD",
    "green-button": "Green Button",
    "dsmr-p1": "DSMR P1",
    "iec-62056-21": "IEC 62056-21",
    "table": "CSV",
    "mapped": "CSV",
}


def unreadable(error: UnreadableFile) -> str:
    """Why a file cannot be read, and the cure."""
    return str(FILE[error.code]) % error.facts


def refusal(code: str) -> str:
    """Why one line was left out."""
    return str(LINE[code])


REMARKS = {
    "unknown-column": gettext_lazy(
        "The column “%(value)s” looks like solar energy but is not known; it was left out."
    ),
    "doubtful-clock-change": gettext_lazy(
        "On %(value)s the clocks change and lines are missing: which hour is which is not certain."
    ),
    "stuck": gettext_lazy("The same value for a day and more, from %(value)s on: does the meter hang?"),
    "night-solar": gettext_lazy("Solar energy at night, at %(value)s: is the file's clock right?"),
    "above-fuse": gettext_lazy("More than the contracted power lets through, at %(value)s: is the unit right?"),
    "unexpected-export": gettext_lazy(
        "Energy given, at %(value)s, by a home that neither generates nor stores any: are the channels swapped?"
    ),
}
FAILURES = {
    "older-version": gettext_lazy("Nothing was stored: a newer version of this file is in already."),
    "nothing-to-store": gettext_lazy("Nothing was stored: none of its supplies belongs to this community."),
    "rows-refused": gettext_lazy("Nothing was stored: %(message)s"),
}


def failure(facts: Mapping[str, Any]) -> str:
    """Why a file could not be stored."""
    sentence = FAILURES.get(facts["code"]) or FILE[facts["code"]]
    return str(sentence) % facts


def remark(code: str, value: str) -> str:
    """What a person should look at although the file was read."""
    return str(REMARKS[code]) % {"value": value}


def format_name(code: str) -> str:
    """The format as people call it."""
    return FORMATS.get(code, code.upper())
