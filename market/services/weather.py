"""Taking in an operator's weather forecast: hours of a CSV file."""

import csv
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from community.models import Community
from market.models import WeatherHour

TIME = "time"
COLUMNS = {"temperature": "temperature_c", "irradiance": "irradiance_w_m2"}


class WeatherFault(ValueError):
    """A file is no weather forecast; the message names the line, the column and the cure."""


@transaction.atomic
def load_weather(*, community: Community, lines: Iterable[str]) -> int:
    """Keep the hours of a CSV file, of each the newest that was told; returns how many.

    Its first line names the columns: `time` (the hour's start with its zone, as 2026-11-23T12:00+01:00) and
    one or both of `temperature` (°C) and `irradiance` (W/m², of the whole sky on level ground); others are
    passed over, and an empty field is unknown. Raises `WeatherFault`.
    """
    rows = csv.DictReader(lines)
    names = rows.fieldnames or []
    if TIME not in names or not set(COLUMNS) & set(names):
        raise WeatherFault("Line 1 must name the columns: time, and temperature or irradiance or both.")
    hours: dict[datetime, WeatherHour] = {}
    for row in rows:
        start = _hour(row[TIME], rows.line_num)
        told = {field: _number(row.get(name), name, rows.line_num) for name, field in COLUMNS.items()}
        hours[start] = WeatherHour(community=community, start=start, **told)
    WeatherHour.objects.bulk_create(
        hours.values(),
        update_conflicts=True,
        unique_fields=["community", "start"],
        update_fields=list(COLUMNS.values()),
    )
    return len(hours)


def _hour(text: str | None, line: int) -> datetime:
    try:
        start = datetime.fromisoformat(text or "")
    except ValueError as error:
        raise WeatherFault(f"Line {line}, time: {text} is no time. Write 2026-11-23T12:00+01:00.") from error
    if start.tzinfo is None:
        raise WeatherFault(f"Line {line}, time: {text} has no zone. Write 2026-11-23T12:00+01:00, or Z for UTC.")
    if start.minute or start.second or start.microsecond:
        raise WeatherFault(f"Line {line}, time: {text} is not the start of an hour.")
    return start


def _number(text: str | None, column: str, line: int) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError as error:
        raise WeatherFault(f"Line {line}, {column}: {text} is no number. Write 12.5, with a point.") from error
    if not abs(value) < 10_000:
        raise WeatherFault(f"Line {line}, {column}: {text} is no weather. Use °C and W/m².")
    return value
