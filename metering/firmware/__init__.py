"""Which equipment is safe to go on with: minimum versions and known weaknesses, as dated facts with their source.

`floors.csv` holds a line for each maker and kind of model. `remedy` says what helps: `update` to `minimum` (with
`>`: to anything above it), `isolate` where no version is safe, or `note` where the version does not tell and a
habit helps. New facts are new lines; a line without a source is not taken.
"""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path

SILENT_AFTER = timedelta(days=7)  # of what reports by itself
STALE_AFTER = timedelta(days=180)  # of what a person looked up
REMEDIES = ("update", "isolate", "note")
GREEN, AMBER, RED = "green", "amber", "red"
LEVELS = (RED, AMBER, GREEN)
OPEN_PORT, OFFLINE = "open_port", "offline"
_DOTTED = re.compile(r"(?<![\d.])\d{1,9}(?:\.\d{1,9}){1,5}(?![\d.])")


@dataclass(frozen=True, slots=True)
class Floor:
    """What is known of some models of a maker. `minimum` is empty unless the remedy is an update.

    `makers` and `models` are plain words; no models means all. `cause` and `cure` are codes with words on pages.
    """

    makers: tuple[str, ...]
    models: tuple[str, ...]
    minimum: str
    remedy: str
    cause: str
    cure: str
    cves: tuple[str, ...]
    date: str
    source: str

    def knows(self, maker: str, model: str) -> bool:
        """Whether it speaks of this model, however its name is written."""
        words = [plain(word) for word in re.split(r"[\W_]+", maker) if word]
        said = {*words, *(first + second for first, second in pairwise(words))}
        wanted = plain(model)
        return not said.isdisjoint(self.makers) and (not self.models or any(one in wanted for one in self.models))


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of a piece of equipment. `reports`: something of it is heard by itself at `seen_at`.

    `checked_at` is when a person or a report last told model and version.
    """

    maker: str
    model: str
    firmware: str
    reached: str
    reports: bool
    seen_at: datetime | None
    checked_at: datetime


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to say of a piece of equipment: a stable code, and the fact behind it where there is one."""

    code: str
    floor: Floor | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """How safe it looks: the level of the worst finding, all findings (worst first), notes that apply anyway."""

    level: str
    findings: tuple[Finding, ...]
    notes: tuple[Floor, ...]


# Codes of findings and how bad each is.
RATED = {
    "unfixable": RED,
    "below-floor": RED,
    "open-port": RED,
    "unknown-model": AMBER,
    "unknown-version": AMBER,
    "unreadable-version": AMBER,
    "never-heard": AMBER,
    "silent": AMBER,
    "stale": AMBER,
    "known-and-recent": GREEN,
}


def plain(name: str) -> str:
    """A name without case, blanks or signs.

    >>> plain("IQ Gateway-M"), plain("Sol-Ark")
    ('iqgatewaym', 'solark')
    """
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def version(text: str) -> tuple[int, ...] | None:
    """The one dotted number in a version; None where there is none, or several that differ.

    >>> version("D8.2.4225 (a1b2)"), version("V4.40"), version("build 17"), version("7.1 / 8.2")
    ((8, 2, 4225), (4, 40), None, None)
    """
    found = {_shortened(tuple(map(int, one.split(".")))) for one in _DOTTED.findall(text)}
    return found.pop() if len(found) == 1 else None


def _shortened(numbers: tuple[int, ...]) -> tuple[int, ...]:
    """Without zeros at the end: 8.10.0 is 8.10."""
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers = numbers[:-1]
    return numbers


def is_below(found: tuple[int, ...], minimum: str) -> bool:
    """Whether a version is older than a floor demands; `>8.2` demands more than 8.2.

    >>> is_below((8, 9), "8.10"), is_below((8, 10), "8.10"), is_below((8, 10), ">8.10")
    (True, False, True)
    """
    least = version(minimum.removeprefix(">"))
    if least is None:
        raise ValueError(f"{minimum} is no version")
    return found <= least if minimum.startswith(">") else found < least


@cache
def floors() -> tuple[Floor, ...]:
    """All that is known. Raises `ValueError` for a line that lacks its source or its remedy."""
    with Path(__file__).with_name("floors.csv").open(encoding="utf-8", newline="") as lines:
        return tuple(_floor(row) for row in csv.DictReader(lines))


def _floor(row: dict[str, str]) -> Floor:
    if row["remedy"] not in REMEDIES or not (row["source"] and row["date"] and row["maker"]):
        raise ValueError(f"{row['maker']}: remedy, date and source are needed")
    if (row["remedy"] == "update") != bool(row["minimum"]):
        raise ValueError(f"{row['maker']}: an update needs a minimum, and nothing else has one")
    return Floor(
        tuple(row["maker"].split("|")),
        tuple(filter(None, row["models"].split("|"))),
        row["minimum"],
        row["remedy"],
        row["cause"],
        row["cure"],
        tuple(row["cves"].split()),
        row["date"],
        row["source"],
    )


def judge(told: Told, at: datetime, known: Sequence[Floor] | None = None) -> Verdict:
    """What to think of a piece of equipment at `at`, by what is `known` (else by the table)."""
    about = [one for one in (floors() if known is None else known) if one.knows(told.maker, told.model)]
    findings = [*_by_version(told, about), *_by_silence(told, at)]
    if told.reached == OPEN_PORT:
        findings.append(Finding("open-port"))
    findings = findings or [Finding("known-and-recent")]
    findings.sort(key=lambda one: LEVELS.index(RATED[one.code]))
    notes = tuple(one for one in about if one.remedy == "note")
    return Verdict(RATED[findings[0].code], tuple(findings), notes)


def _by_version(told: Told, about: Sequence[Floor]) -> list[Finding]:
    unsafe = [Finding("unfixable", one) for one in about if one.remedy == "isolate"]
    if unsafe:  # which version it runs does not matter
        return unsafe
    if not (told.maker.strip() and told.model.strip()):
        return [Finding("unknown-model")]
    demands = [one for one in about if one.remedy == "update"]
    if not told.firmware.strip():
        return [Finding("unknown-version", demands[0] if demands else None)]
    found = version(told.firmware)
    if found is None:
        return [Finding("unreadable-version", one) for one in demands]
    return [Finding("below-floor", one) for one in demands if is_below(found, one.minimum)]


def _by_silence(told: Told, at: datetime) -> list[Finding]:
    """What reports by itself must have done so lately; of the rest a person must have looked lately."""
    if told.reports and told.reached != OFFLINE:
        if told.seen_at is None:
            return [Finding("never-heard")]
        return [Finding("silent")] if at - told.seen_at > SILENT_AFTER else []
    return [Finding("stale")] if at - told.checked_at > STALE_AFTER else []
