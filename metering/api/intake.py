"""From a request's rows to readings that can be stored, and what is wrong with the others."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from metering.api.problems import RowsRefused
from metering.api.rows import average_power, reading, sifted
from metering.services.readings import MOST_ERRORS, ReadingRow, RowError, faults, sound

COLLECTION = "readings"


@dataclass(frozen=True, slots=True)
class Intake:
    """Rows that can be stored, each with its place in the upload, and up to 100 faults of the others."""

    kept: list[ReadingRow]
    errors: list[RowError]
    received: int

    @property
    def rejected(self) -> int:
        """How many rows are not kept."""
        return self.received - len(self.kept)


def readings_in(body: Any, minutes: int, at: datetime) -> Intake:
    """The readings of a body of the given `kind`, for a meter with intervals of `minutes`, seen at `at`.

    Raises `RowsRefused` where the body as a whole is no list of rows, and `TooLarge`.
    """
    rows, errors = sifted(body, COLLECTION, _builder(body, minutes), extra=["kind"])
    wrong = faults(rows, minutes, at)
    errors += [replace(error, row=rows[error.row].number or 0) for error in wrong]
    received = len(body[COLLECTION])
    return Intake(sound(rows, wrong), sorted(errors, key=lambda error: error.row)[:MOST_ERRORS], received)


def _builder(body: Any, minutes: int) -> Callable[[Any, int], ReadingRow]:
    kind = body.get("kind", "interval_energy") if isinstance(body, dict) else "interval_energy"
    if kind == "interval_energy":
        return reading
    if kind == "average_power":
        return average_power(minutes)
    message = _("Use one of: %(choices)s.") % {"choices": "interval_energy, average_power"}
    raise RowsRefused([RowError(0, "", "unknown-kind", message)], 1, COLLECTION)
