"""From the rows of a message to what is stored, and what is wrong with the others: the same for every door."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.utils.translation import gettext as _

from metering.api.problems import RowsRefused
from metering.api.rows import average_power, reading, register, sifted
from metering.models import ApiToken, MeteringPoint, Upload
from metering.plausibility import Doubt, doubts
from metering.queries import connection_of
from metering.services.readings import MOST_ERRORS, ReadingRow, RowError, faults, sound, store_readings
from metering.services.registers import RegisterRow, register_faults, store_registers

COLLECTION = "readings"
KINDS = ("interval_energy", "average_power", "register")
Row = TypeVar("Row", ReadingRow, RegisterRow)


@dataclass(frozen=True, slots=True)
class Intake(Generic[Row]):
    """Rows that can be stored, each with its place in the upload, and up to 100 faults of the others."""

    kept: list[Row]
    errors: list[RowError]
    received: int

    @property
    def rejected(self) -> int:
        """How many rows are not kept."""
        return self.received - len(self.kept)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a message."""

    upload: Upload
    received: int
    rejected: int
    errors: list[RowError]
    doubts: list[Doubt]


def take(
    point: MeteringPoint,
    body: Any,
    *,
    at: datetime,
    content_sha256: str,
    token: ApiToken,
    partial: bool = False,
    force: bool = False,
    source: str = Upload.Source.API,
) -> Taken:
    """Store the readings of a message, of whatever kind they are.

    Raises `RowsRefused` where rows are bad, unless the others are wanted (`partial`) and there are any, or where
    the body as a whole is no list of rows; and `TooLarge`.
    """
    kind = body.get("kind", KINDS[0]) if isinstance(body, dict) else KINDS[0]
    facts: dict[str, Any] = {"source": source, "content_sha256": content_sha256, "at": at, "token": token}
    if kind == "register":
        dials = _registers(body, at)
        _insist(dials, partial)
        upload = store_registers(metering_point=point, rows=dials.kept, checked=True, **facts)
        return Taken(upload, dials.received, dials.rejected, dials.errors, [])
    minutes = point.resolution_minutes
    intake = _readings(body, kind, minutes, at)
    _insist(intake, partial)
    upload = store_readings(metering_point=point, rows=intake.kept, checked=True, force=force, **facts)
    found = doubts(intake.kept, minutes, point.household.community.zone, connection_of(point))
    placed = [replace(doubt, first=intake.kept[doubt.first].number or 0) for doubt in found]
    return Taken(upload, intake.received, intake.rejected, intake.errors, placed)


def _insist(intake: Intake[Any], partial: bool) -> None:
    """Raise `RowsRefused` unless something can be stored and that is enough."""
    if intake.rejected and not (partial and intake.kept):
        raise RowsRefused(intake.errors, intake.rejected, COLLECTION)


def _readings(body: Any, kind: Any, minutes: int, at: datetime) -> Intake[ReadingRow]:
    rows, errors = sifted(body, COLLECTION, _builder(kind, minutes), extra=["kind"])
    wrong = faults(rows, minutes, at)
    errors += [replace(error, row=rows[error.row].number or 0) for error in wrong]
    return Intake(sound(rows, wrong), _first(errors), len(body[COLLECTION]))


def _registers(body: Any, at: datetime) -> Intake[RegisterRow]:
    rows, errors = sifted(body, COLLECTION, register, extra=["kind"])
    wrong = register_faults(rows, at)
    bad = {error.row for error in wrong}
    # Of two figures for one instant, neither is believed.
    doubtful = {(rows[i].channel, rows[i].at) for i in bad}
    kept = [row for row in rows if (row.channel, row.at) not in doubtful]
    errors += [replace(error, row=rows[error.row].number or 0) for error in wrong]
    return Intake(kept, _first(errors), len(body[COLLECTION]))


def _first(errors: list[RowError]) -> list[RowError]:
    return sorted(errors, key=lambda error: error.row)[:MOST_ERRORS]


def _builder(kind: Any, minutes: int) -> Callable[[Any, int], ReadingRow]:
    if kind == "interval_energy":
        return reading
    if kind == "average_power":
        return average_power(minutes)
    message = _("Use one of: %(choices)s.") % {"choices": ", ".join(KINDS)}
    raise RowsRefused([RowError(0, "", "unknown-kind", message)], 1, COLLECTION)
