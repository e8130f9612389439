"""From JSON rows to readings and device reports, with every fault named."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from community.services.devices import StateReport
from metering.api.instants import Naive, parse_instant
from metering.api.problems import RowsRefused, TooLarge
from metering.models import Reading
from metering.services.equipment import DeviceReport
from metering.services.readings import MOST_ERRORS, ReadingRow, RowError
from metering.services.registers import MOST_WH as MOST_REGISTER_WH
from metering.services.registers import RegisterRow

MOST_ROWS = 10_000
MOST_WHOLE = 2**31 - 1
CHANNELS = tuple(Reading.Channel.values)
QUALITIES = tuple(Reading.Quality.values)
MEASURED = Reading.Quality.MEASURED.value
READING = frozenset({"channel", "start", "energy_wh"})
READING_AND_QUALITY = READING | {"quality"}
POWER = frozenset({"channel", "start", "power_w"})
REGISTER = frozenset({"channel", "at", "register_wh"})
STATE = frozenset({"device", "at"})
STATE_AND_MORE = STATE | {"energy_wh", "soc_wh", "plugged_in", "need_wh", "ready_by", "model", "firmware"}
MOST_LETTERS = 80
Row = TypeVar("Row")


class Fault(ValueError):
    """One field of a row is not what it should be."""

    def __init__(self, field: str, code: str, message: str) -> None:
        super().__init__(message)
        self.field, self.code, self.message = field, code, message


def rows_of(body: Any, collection: str, build: Callable[[Any, int], Row]) -> list[Row]:
    """Every row of `{collection: [...]}` through `build`. Raises `RowsRefused` or `TooLarge`."""
    answer, errors = sifted(body, collection, build)
    if errors:
        raise RowsRefused(errors[:MOST_ERRORS], len(errors), collection)
    return answer


def sifted(
    body: Any, collection: str, build: Callable[[Any, int], Row], *, extra: Sequence[str] = ()
) -> tuple[list[Row], list[RowError]]:
    """Every row that can be meant, and the faults of the others; `extra` fields may be beside the list."""
    rows = body.get(collection) if isinstance(body, dict) and set(body) - set(extra) == {collection} else None
    if not isinstance(rows, list):
        message = _("Send one object with the list “%(name)s” and nothing else.") % {"name": collection}
        raise RowsRefused([RowError(0, "", "no-list", message)], 1, collection)
    if len(rows) > MOST_ROWS:
        raise TooLarge(_("At most %(most)d rows fit in one call: split the upload.") % {"most": MOST_ROWS})
    answer: list[Row] = []
    errors: list[RowError] = []
    for i, row in enumerate(rows):
        try:
            answer.append(build(row, i))
        except Fault as fault:
            errors.append(RowError(i, fault.field, fault.code, fault.message))
    return answer, errors


def reading(row: Any, i: int) -> ReadingRow:
    """`{"channel", "start", "energy_wh", "quality"?}`, the row at place `i`."""
    return _plain_reading(row, i) or _any_reading(row, i)


def _plain_reading(row: Any, i: int) -> ReadingRow | None:
    """The row if nothing is wrong with it and nothing special about it, as with nearly all of ten thousand."""
    if not isinstance(row, dict) or row.keys() != READING:
        return None
    channel, start, energy_wh = row["channel"], row["start"], row["energy_wh"]
    plain = type(energy_wh) is int and type(channel) is str and channel in CHANNELS and type(start) is str
    if not plain or abs(energy_wh) > MOST_WHOLE:
        return None
    try:
        return ReadingRow(channel, parse_instant(start), energy_wh, MEASURED, i)
    except ValueError:
        return None


def _any_reading(row: Any, i: int) -> ReadingRow:
    fields = fields_of(row, READING, READING_AND_QUALITY)
    return ReadingRow(
        choice(fields, "channel", CHANNELS),
        instant(fields, "start"),
        whole(fields, "energy_wh"),
        choice(fields, "quality", QUALITIES, MEASURED),
        i,
    )


def average_power(minutes: int) -> Callable[[Any, int], ReadingRow]:
    """Builds readings from `{"channel", "start", "power_w"}`: power times length, to the nearest Wh."""

    def build(row: Any, i: int) -> ReadingRow:
        fields = fields_of(row, POWER, POWER)
        energy_wh = round(whole(fields, "power_w") * minutes / 60)
        channel = choice(fields, "channel", CHANNELS)
        return ReadingRow(channel, instant(fields, "start"), energy_wh, Reading.Quality.CALCULATED, i)

    return build


def register(row: Any, i: int) -> RegisterRow:
    """`{"channel", "at", "register_wh"}`, the row at place `i`."""
    fields = fields_of(row, REGISTER, REGISTER)
    return RegisterRow(
        choice(fields, "channel", CHANNELS),
        instant(fields, "at"),
        whole(fields, "register_wh", most=MOST_REGISTER_WH),
        i,
    )


def device_report(row: Any, _i: int) -> DeviceReport:
    """`{"device", "at"}`, and if known `energy_wh soc_wh plugged_in need_wh ready_by model firmware`."""
    fields = fields_of(row, STATE, STATE_AND_MORE)
    plugged_in = fields.get("plugged_in", False)
    if not isinstance(plugged_in, bool):
        raise Fault("plugged_in", "not-a-boolean", _("Send true or false."))
    state = StateReport(
        device_id=whole(fields, "device", least=1),
        at=instant(fields, "at"),
        energy_wh=whole(fields, "energy_wh", least=None) if fields.get("energy_wh") is not None else None,
        soc_wh=whole(fields, "soc_wh", least=0) if fields.get("soc_wh") is not None else None,
        plugged_in=plugged_in,
        need_wh=whole(fields, "need_wh", least=0) if fields.get("need_wh") is not None else 0,
        ready_by=instant(fields, "ready_by") if fields.get("ready_by") is not None else None,
    )
    return DeviceReport(state, line(fields, "model"), line(fields, "firmware"))


def fields_of(row: Any, needed: frozenset[str], known: frozenset[str]) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise Fault("", "not-an-object", _("Each row is an object."))
    if not needed <= row.keys():
        name = min(needed - row.keys())
        raise Fault(name, "missing", _("The field “%(name)s” is missing.") % {"name": name})
    if not row.keys() <= known:
        unknown = min(map(str, row.keys() - known))[:MOST_LETTERS]
        raise Fault(unknown, "unknown-field", _("Unknown field “%(name)s”: leave it out.") % {"name": unknown})
    return row


def choice(fields: dict[str, Any], name: str, choices: Collection[str], default: str | None = None) -> str:
    value = fields.get(name, default)
    if not isinstance(value, str) or value not in choices:
        raise Fault(name, "unknown-value", _("Use one of: %(choices)s.") % {"choices": ", ".join(choices)})
    return value


def whole(fields: dict[str, Any], name: str, least: int | None = None, most: int = MOST_WHOLE) -> int:
    value = fields[name]
    if isinstance(value, bool) or not isinstance(value, int):
        raise Fault(name, "not-an-integer", _("Send a whole number of the unit in the field's name."))
    if abs(value) > most:
        raise Fault(name, "too-large", _("The number is too large: is the unit right?"))
    if least is not None and value < least:
        raise Fault(name, "too-small", _("The number must be at least %(least)d.") % {"least": least})
    return value


def line(fields: dict[str, Any], name: str) -> str:
    """One line of visible letters; empty where the field is left out."""
    value = fields.get(name, "")
    if not isinstance(value, str) or not value.isprintable() or len(value) > MOST_LETTERS:
        message = _("Send one line of at most %(most)d visible letters.") % {"most": MOST_LETTERS}
        raise Fault(name, "not-a-line", message)
    return value.strip()


def instant(fields: dict[str, Any], name: str) -> datetime:
    try:
        return parse_instant(fields[name])
    except Naive as error:
        message = _("The instant needs an offset, such as 2026-11-23T12:00:00+01:00 or …Z.")
        raise Fault(name, "naive-timestamp", message) from error
    except (TypeError, ValueError) as error:
        message = _("Send an instant such as 2026-11-23T12:00:00+01:00.")
        raise Fault(name, "not-an-instant", message) from error
