"""Which column is what: known by name without case, accents or signs, or told by a saved mapping."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from metering.formats.cells import UNITS
from metering.formats.facts import CHANNELS, Remark, UnreadableFile

# GENERACION of i-DE is what register 2.8.0 counts: energy given to the grid.
NAMES = {
    "import": ("consumo", "ae", "ehcr", "consumoneto", "consumption", "import", "energiaconsumida"),
    "export": ("energiavertida", "as", "ehex", "generacion", "vertido", "excedente", "excedentes", "export"),
    "generation": ("energiagenerada", "generation", "produccion"),
    "self": ("energiaautoconsumida", "aeautocons", "autoconsumo", "selfconsumption"),
    "cups": ("cups",),
    "day": ("fecha", "date", "dia"),
    "hour": ("hora", "time"),
    "instant": ("fechahora",),
    "start": ("start", "starttime", "inicio"),
    "season": ("invver", "veranoinvierno"),
    "quality": ("metodoobtencion", "realestimado", "obtainmethod"),
}
ROLE_OF = {name: role for role, names in NAMES.items() for name in names}
SOLAR = re.compile(r"gener|autocons|verti|exced|solar|produc")
HOUR = re.compile(r"h(\d{1,3})")
UNIT = re.compile(r"(kwh|mwh|wh)\W*$")


@dataclass(frozen=True, slots=True)
class Mapping:
    """A community's own words for a CSV: header to role, a unit where headers have none, what hours label."""

    columns: dict[str, str] = field(default_factory=dict)
    unit: str = ""
    labels: str = ""  # end, start, instant, utc; empty: as the header suggests


@dataclass(frozen=True, slots=True)
class Columns:
    """Where everything stands: role to column, channel and place in the day to (column, Wh of its unit)."""

    roles: dict[str, int]
    channels: dict[str, tuple[int, int]]
    hours: dict[int, tuple[int, int]]

    @property
    def last_needed(self) -> int:
        """The last column without which a row says nothing."""
        return max(i for role, i in self.roles.items() if role not in {"quality", "season"})


def plain(name: str) -> str:
    """A header without case, accents, unit or signs.

    >>> plain("FECHA-HORA"), plain("EHCR (kWh)"), plain("Método obtención"), plain("AE_kWh")
    ('fechahora', 'ehcr', 'metodoobtencion', 'ae')
    """
    letters = unicodedata.normalize("NFKD", UNIT.sub("", name.casefold().strip()))
    return "".join(letter for letter in letters if letter.isascii() and letter.isalnum())


def role_of(cell: str, mapping: Mapping) -> str | None:
    """What a header stands for."""
    return mapping.columns.get(cell.strip()) or ROLE_OF.get(plain(cell))


def columns_of(header: Sequence[str], mapping: Mapping) -> tuple[Columns, list[Remark]]:
    """The columns of a header, with remarks on solar columns that nobody knows. Raises `UnreadableFile`."""
    columns, remarks = Columns({}, {}, {}), []
    for i, cell in enumerate(header):
        role, name = role_of(cell, mapping), plain(cell)
        if role in CHANNELS:
            columns.channels.setdefault(role, (i, _unit(cell, mapping)))
        elif role is not None:
            columns.roles.setdefault(role, i)
        elif hour := HOUR.fullmatch(name):
            columns.hours[int(hour[1])] = (i, _unit(cell, mapping))
        elif SOLAR.search(name):
            remarks.append(Remark("unknown-column", cell.strip()[:80]))
    if not columns.channels and not columns.hours:
        raise UnreadableFile("no-energy-column")
    if "day" in columns.roles and not columns.hours and "hour" not in columns.roles:
        raise UnreadableFile("no-time-column")
    return columns, remarks


def _unit(cell: str, mapping: Mapping) -> int:
    found = UNIT.search(cell.casefold().strip())
    unit = found[1] if found else mapping.unit.casefold()
    if unit not in UNITS:
        raise UnreadableFile("no-unit", column=cell.strip()[:80])
    return UNITS[unit]
