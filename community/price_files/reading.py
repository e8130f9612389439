"""One price file, whichever of the known shapes it has."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, NamedTuple

from community.tariffs import local_day

# Indicators of ESIOS and the regions that they speak of.
SERIES = {1001: "pvpc", 1739: "surplus"}
REGIONS = {8741: "peninsula", 8742: "canary", 8743: "balearic", 8744: "ceuta", 8745: "melilla"}
# Columns of the day file. That of the islands is left to the API, which says which hour of their clock it means.
DAY_FILE = {"PCB": ("peninsula", "balearic"), "CYM": ("ceuta", "melilla")}
TABLE = ("id", "geoid", "value", "datetime")
HOUR = timedelta(hours=1)
MOST_EUR_MWH = 10_000
MOST_HEADER = 10_000  # letters of a table's first line
MOST_TOLD = 80  # letters of what stands in a file that are told back
YEARS = range(2000, 2101)
# Surplus has one price in all of Spain, filed under the system or under the peninsula.
SPAIN = 3


# Why a file cannot be read, and the cure.
FAULTS = {
    "no-text": "This is not text in UTF-8. Export the file again as JSON or CSV.",
    "no-prices": "No price of PVPC or of surplus is in it. Choose indicator 1001 or 1739.",
    "damaged-table": "The table is damaged. Export it again.",
    "damaged": "The JSON breaks off or is damaged. Download it again.",
    "unknown": "It has neither PVPC nor indicator in it. Use a day file or an indicator of ESIOS.",
    "day": "{told} is no day. Write 26/11/2026.",
    "hours": "{told} hours are not those of this day. Download the day's file again.",
    "columns": "The columns {told} are missing. Export the table from ESIOS as CSV.",
    "whole": "{told} is no whole number. Write one such as 1001.",
    "time": "{told} is no time with its zone. Write 2026-11-26T12:00:00+01:00.",
    "price": "{told} is no price in €/MWh. Write a number such as 123.45.",
}


class PublishedHour(NamedTuple):
    """The price of an hour (UTC start), µ€/kWh before taxes; `series` is pvpc or surplus."""

    region: str
    series: str
    start: datetime
    price_ueur_kwh: int


class PriceFileFault(ValueError):
    """A file cannot be read as prices: `code` says why, `where` names line and field, `told` what stands there."""

    def __init__(self, code: str, where: str, told: str = "") -> None:
        # Letters that nobody sees, such as half a pair, cannot be shown.
        told = "".join(letter if letter.isprintable() else "\ufffd" for letter in told[:MOST_TOLD])
        super().__init__(f"{where}: {FAULTS[code].format(told=told)}")
        self.code, self.where, self.told = code, where, told


def read_prices(content: bytes) -> list[PublishedHour]:
    """The hours of a file, in its order; quarters of an hour make their hour's mean. Raises `PriceFileFault`."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PriceFileFault("no-text", f"byte {error.start + 1}") from error
    hours = list(_hours(text))
    if not hours:
        raise PriceFileFault("no-prices", "1")
    return _means(hours)


def _hours(text: str) -> Iterator[PublishedHour]:
    if not text.lstrip().startswith(("{", "[")):
        return _table(text)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PriceFileFault("damaged", str(getattr(error, "lineno", 1))) from error
    if isinstance(found, dict) and isinstance(found.get("PVPC"), list):
        return _day_file(found["PVPC"])
    if isinstance(found, dict) and isinstance(found.get("indicator"), dict):
        return _indicator(found["indicator"])
    raise PriceFileFault("unknown", "1")


def _day_file(rows: list[Any]) -> Iterator[PublishedHour]:
    """Rows of `archives/70`: Dia (DD/MM/YYYY), Hora (in the day's order), PCB and CYM."""
    counted: dict[date, int] = {}
    for number, row in enumerate(rows, start=1):
        where = f"PVPC {number}"
        day = _day(row, where)
        start = local_day(day)[0] + HOUR * counted.get(day, 0)
        counted[day] = counted.get(day, 0) + 1
        if start >= local_day(day)[1]:
            raise PriceFileFault("hours", where, str(counted[day]))
        for column, regions in DAY_FILE.items():
            if column in row:
                price = _price(str(row[column]).replace(".", "").replace(",", "."), f"{where}, {column}")
                yield from (PublishedHour(region, "pvpc", start, price) for region in regions)
    for day, hours in counted.items():
        if local_day(day)[0] + HOUR * hours != local_day(day)[1]:
            raise PriceFileFault("hours", f"PVPC {day}", str(hours))


def _day(row: Any, where: str) -> date:
    try:
        day = datetime.strptime(row["Dia"], "%d/%m/%Y").date()  # noqa: DTZ007  (a civil day)
    except (KeyError, TypeError, ValueError):
        day = None
    if day is None or day.year not in YEARS:
        raise PriceFileFault("day", f"{where}, Dia", str(row.get("Dia") if isinstance(row, dict) else row))
    return day


def _indicator(found: Mapping[str, Any]) -> Iterator[PublishedHour]:
    """An indicator as the API gives it: id, and values with value, datetime and geo_id."""
    rows = found.get("values") or []
    if not isinstance(rows, list):
        raise PriceFileFault("damaged", "values")
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise PriceFileFault("damaged", f"values {number}")
        told = {"id": found.get("id"), "geoid": row.get("geo_id"), "value": row.get("value")}
        told["datetime"] = row.get("datetime_utc") or row.get("datetime")
        yield from _row(told, f"values {number}")


def _table(text: str) -> Iterator[PublishedHour]:
    """The table that ESIOS exports: id;name;geoid;geoname;value;datetime, in any order of columns."""
    first = text.partition("\n")[0]
    if len(first) > MOST_HEADER:
        raise PriceFileFault("damaged-table", "1")
    rows = csv.DictReader(io.StringIO(text), delimiter=";" if ";" in first else ",")
    try:
        names = [name.strip().lower() for name in rows.fieldnames or []]
    except csv.Error as error:
        raise PriceFileFault("damaged-table", "1") from error
    missing = [name for name in TABLE if name not in names]
    if missing:
        raise PriceFileFault("columns", "1", ", ".join(missing))
    rows.fieldnames = names
    try:
        for row in rows:
            yield from _row(row, str(rows.line_num))
    except csv.Error as error:
        raise PriceFileFault("damaged-table", str(rows.line_num)) from error


def _row(row: Mapping[str, Any], where: str) -> Iterator[PublishedHour]:
    """One price; those of other indicators and other countries are passed over."""
    series = SERIES.get(_whole(row["id"], f"{where}, id"))
    place = _whole(row["geoid"], f"{where}, geoid")
    regions = tuple(REGIONS.values()) if series == "surplus" and place in {SPAIN, 8741} else (REGIONS.get(place),)
    if series is None:
        return
    start, price = _start(row["datetime"], f"{where}, datetime"), _price(str(row["value"]), f"{where}, value")
    for region in regions:
        if region is not None:
            yield PublishedHour(region, series, start, price)


def _whole(given: Any, where: str) -> int:
    try:
        return int(str(given).strip())
    except ValueError as error:
        raise PriceFileFault("whole", where, str(given)) from error


def _start(given: Any, where: str) -> datetime:
    """An instant of this age: nothing was published in others, and their edges cannot be reckoned with."""
    try:
        start = datetime.fromisoformat(str(given).strip())
    except ValueError as error:
        raise PriceFileFault("time", where, str(given)) from error
    if start.tzinfo is None or start.year not in YEARS:
        raise PriceFileFault("time", where, str(given))
    return start.astimezone(UTC)


def _price(text: str, where: str) -> int:
    """€/MWh to µ€/kWh: five decimals of a €/MWh are a hundredth of a µ€, rounded half up."""
    try:
        price = Decimal(text.strip())
        known = price.is_finite() and abs(price) < MOST_EUR_MWH
    except InvalidOperation:
        known = False
    if not known:
        raise PriceFileFault("price", where, text)
    return int((price * 1_000).to_integral_value(ROUND_HALF_UP))


def _means(hours: list[PublishedHour]) -> list[PublishedHour]:
    """One price an hour: the mean of what the file says of it."""
    found: dict[tuple[str, str, datetime], list[int]] = {}
    for hour in hours:
        start = hour.start.replace(minute=0, second=0, microsecond=0)
        found.setdefault((hour.region, hour.series, start), []).append(hour.price_ueur_kwh)
    return [PublishedHour(*key, round(sum(prices) / len(prices))) for key, prices in found.items()]
