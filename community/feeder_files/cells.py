"""Figures and names out of a file's objects; what is missing or no figure is named with its element."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

from community.feeder_files.description import FeederFault

Row = Mapping[str, Any]


def figure(row: Row, field: str, kind: str, code: str = "") -> float:
    """A finite number. Raises `FeederFault`: `missing-field`, `bad-figure`; `kind` and `code` name the element."""
    value = row.get(field)
    if value is None:
        raise FeederFault("missing-field", kind=kind, code=code, field=field)
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise FeederFault("bad-figure", kind=kind, code=code, field=field, value=str(value)[:40])
    return float(value)


def figure_or_none(row: Row, field: str, kind: str, code: str = "") -> float | None:
    """A finite number, or None where the element does not say it."""
    return None if row.get(field) is None else figure(row, field, kind, code)


def ohms(row: Row, field: str, line: str) -> float:
    """A line's resistance or reactance; without one, no current can be worked out (`no-impedance`)."""
    if row.get(field) is None:
        raise FeederFault("no-impedance", line=line, field=field)
    return figure(row, field, "line", line)


def word(row: Row, field: str, kind: str, code: str = "") -> str:
    """A code or name as text; numbers serve as codes, too. Raises `FeederFault`: `missing-field`."""
    value = row.get(field)
    if value is None or value == "" or isinstance(value, dict | list):
        raise FeederFault("missing-field", kind=kind, code=code, field=field)
    return str(value).strip()


def rows(described: Row, field: str, kind: str = "file") -> list[Row]:
    """A list of objects. Raises `FeederFault`: `missing-field`, `bad-figure`."""
    value = described.get(field)
    if value is None:
        raise FeederFault("missing-field", kind=kind, code="", field=field)
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise FeederFault("bad-figure", kind=kind, code="", field=field, value=str(value)[:40])
    return value


def part(described: Row, field: str) -> Row:
    """An object inside the file. Raises `FeederFault`: `missing-field`, `bad-figure`."""
    value = described.get(field)
    if value is None:
        raise FeederFault("missing-field", kind="file", code="", field=field)
    if not isinstance(value, dict):
        raise FeederFault("bad-figure", kind="file", code="", field=field, value=str(value)[:40])
    return value
