"""What a meter file says, line by line and interval by interval."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

# The order of every `energies` tuple.
CHANNELS = ("import", "export", "generation", "self")
MOST_REFUSALS = 50_000
MOST_SHOWN = 80
Energies = tuple[int | None, int | None, int | None, int | None]


class UnreadableFile(ValueError):
    """The file as a whole cannot be read; `code` is stable, `facts` fill the sentence that a person reads."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(f"{code} {facts or ''}".strip())
        self.code, self.facts = code, facts


class Line(NamedTuple):
    """One line as written: local day (proleptic ordinal), label of its hour, energies in Wh.

    `label` is minutes of the local day, or a place in the day counted from 1 where the sheet is `counted`.
    """

    number: int
    cups: str
    day: int
    label: int
    season: int | None  # 1 summer time, 0 winter time, None not said
    energies: Energies
    quality: str
    code: str  # the source's own word for the quality


class Interval(NamedTuple):
    """Energy of one supply from `start` (UTC) on, for the file's resolution."""

    number: int
    cups: str
    start: datetime
    energies: Energies
    quality: str
    code: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """One line that was not taken: `field` as the file calls it, `value` as written."""

    number: int
    field: str
    code: str
    value: str = ""


def note(refusals: list[Refusal], refusal: Refusal) -> None:
    """Add one more; a file of nothing but faults is the wrong file. Raises `UnreadableFile`: `many-faults`."""
    if len(refusals) >= MOST_REFUSALS:
        raise UnreadableFile("many-faults", most=MOST_REFUSALS, line=refusal.number)
    refusals.append(replace(refusal, value=shown(refusal.value)))


def shown(text: str) -> str:
    """So much of what stands in a file as a page can show: no letters that nobody sees, and not too many.

    >>> shown("a" + chr(9) + "b" + chr(0))
    'a b�'
    """
    return "".join(one if one.isprintable() else " " if one.isspace() else "\ufffd" for one in text[:MOST_SHOWN])


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that a person should know although the file was read."""

    code: str
    value: str = ""
    number: int = 0


@dataclass(slots=True)
class Sheet:
    """A file's lines before its hours are understood.

    `declares` is what the format says of its labels: `end`, `start`, or `instant` where the label and its
    season name an instant by themselves.
    """

    format: str
    lines: list[Line]
    refusals: list[Refusal] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    counted: bool = False
    declares: str = "end"

    def refuse(self, refusal: Refusal) -> None:
        """Note a line that was not taken. Raises `UnreadableFile`: `many-faults`."""
        note(self.refusals, refusal)


class RegisterFact(NamedTuple):
    """What a supply's dial showed at `at`, in Wh."""

    number: int
    cups: str
    channel: str
    at: datetime
    register_wh: int


@dataclass(slots=True)
class RegisterSheet:
    """A file of dials: each names its instant by itself."""

    format: str
    registers: list[RegisterFact]
    refusals: list[Refusal]

    def refuse(self, refusal: Refusal) -> None:
        """Note a telegram that was not taken. Raises `UnreadableFile`: `many-faults`."""
        note(self.refusals, refusal)


@dataclass(slots=True)
class FileReading:
    """All that a file says: its intervals by supply and time, what was refused, and what to look at.

    A file of dials has `registers` in the place of intervals.
    """

    format: str
    dialect: str
    minutes: int
    intervals: list[Interval]
    refusals: list[Refusal]
    remarks: list[Remark]
    duplicates: int = 0
    conflicts: int = 0
    registers: list[RegisterFact] = field(default_factory=list)

    def channels(self) -> list[str]:
        """The channels that at least one interval has."""
        return [
            name
            for i, name in enumerate(CHANNELS)
            if any(interval.energies[i] is not None for interval in self.intervals)
        ]

    def total_wh(self, channel: str) -> int:
        """Wh of one channel over the whole file."""
        i = CHANNELS.index(channel)
        return sum(interval.energies[i] or 0 for interval in self.intervals)
