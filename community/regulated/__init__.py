"""Spain's regulated values as dated tables: tolls and charges of 2.0TD, taxes by region, levies.

A row holds from its day until the next one of its kind, or to the last day it names: tolls and levies are set for
a year, and the next one's are not guessed. Each row names its norm. New years are new lines of the files.
"""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Protocol, TypeVar

REGIONS = ("peninsula", "balearic", "canary", "ceuta", "melilla")


class NotKnown(LookupError):
    """No regulated value is known for a day; names the table and the day."""


class _Dated(Protocol):
    @property
    def valid_from(self) -> date: ...

    @property
    def valid_to(self) -> date | None: ...


T = TypeVar("T", bound=_Dated)
Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Tolls:
    """Tolls and charges together: power by P1 and P2 (µ€ per kW and year), energy by P1, P2, P3 (µ€/kWh)."""

    valid_from: date
    power_ueur_kw_year: tuple[int, int]
    energy_ueur_kwh: tuple[int, int, int]
    source: str
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Taxes:
    """Value added tax (or IGIC, IPSI) and the electricity tax (IEE), as parts of one.

    Where `vat` is a reduced rate for supplies of up to `vat_up_to_w`, `vat_above` is what others pay. The
    electricity tax is at least so many µ€ a kWh, less for firms than for homes (Ley 38/1992 art. 99).
    """

    valid_from: date
    vat: Fraction
    electricity_tax: Fraction
    source: str
    valid_to: date | None = None
    vat_up_to_w: int | None = None
    vat_above: Fraction | None = None
    least_ueur_kwh: int = 1_000
    least_firm_ueur_kwh: int = 500

    def vat_of(self, contracted_w: int) -> Fraction:
        """The rate of a supply by the most power that it has contracted."""
        above = self.vat_up_to_w is not None and contracted_w > self.vat_up_to_w
        return self.vat_above if above and self.vat_above is not None else self.vat

    def on(self, price_ueur_kwh: int) -> int:
        """A price before taxes as it counts on the bill, µ€/kWh, half away from zero."""
        exact = price_ueur_kwh * self.factor
        whole = int(abs(exact) + Fraction(1, 2))
        return whole if exact >= 0 else -whole

    @property
    def factor(self) -> Fraction:
        """What a euro of energy before taxes becomes on the bill of a home of up to 10 kW."""
        return (1 + self.electricity_tax) * (1 + self.vat)


@dataclass(frozen=True, slots=True)
class Levies:
    """What every supply pays beside power and energy: µ€ a year for the social bonus, a month for the meter.

    `pvpc_margin_ueur_kw_year` is the retailer's margin in the regulated tariff, µ€ per kW and year.
    """

    valid_from: date
    social_bonus_ueur_year: int
    meter_ueur_month: int
    pvpc_margin_ueur_kw_year: int
    source: str
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Distance:
    """How far shared self-consumption may reach through the grid, and for what: any, pv_roof or pv_wind_5mw."""

    valid_from: date
    valid_to: date | None
    distance_m: int
    applies_to: str
    source: str


def latest_tolls(day: date) -> Tolls:
    """Tolls and charges of a day, or the last ones known: for a first guess, never for a bill."""
    return [row for row in _tolls() if row.valid_from <= day][-1]


def latest_levies(day: date) -> Levies:
    """Levies of a day, or the last ones known: for a first guess, never for a bill."""
    return [row for row in _levies() if row.valid_from <= day][-1]


def tolls_on(day: date) -> Tolls:
    """Tolls and charges of a day. Raises `NotKnown`."""
    return _latest(_tolls(), day, "tolls_2_0td.csv")


def taxes_on(day: date, region: str = "peninsula") -> Taxes:
    """Taxes of a day in a region. Raises `NotKnown`, and ValueError for a region that does not exist."""
    if region not in REGIONS:
        raise ValueError(f"Unknown region {region}; there are {', '.join(REGIONS)}.")
    return _latest(_taxes(region), day, "taxes.csv")


def levies_on(day: date) -> Levies:
    """Levies of a day. Raises `NotKnown`."""
    return _latest(_levies(), day, "levies.csv")


def changes_between(first: date, end: date, region: str = "peninsula") -> list[date]:
    """Days inside `(first, end)` on which a toll, a tax or a levy changes, and each 1 January, in order: days of a
    leap year count otherwise.
    """
    rows: list[_Dated] = [*_tolls(), *_taxes(region), *_levies()]
    years = {date(year, 1, 1) for year in range(first.year + 1, end.year + 1)}
    return sorted({day for day in years.union(row.valid_from for row in rows) if first < day < end})


def distances_on(day: date) -> list[Distance]:
    """How far from its consumers an installation connected through the grid may stand on a day, nearest first."""
    known = (row for row in _distances() if row.valid_from <= day)
    return sorted(
        (row for row in known if row.valid_to is None or day <= row.valid_to), key=lambda row: row.distance_m
    )


def _latest(rows: tuple[T, ...], day: date, file: str) -> T:
    known = [row for row in rows if row.valid_from <= day]
    if not known or (known[-1].valid_to is not None and known[-1].valid_to < day):
        raise NotKnown(f"{file} knows nothing of {day}: add a line that is valid from then on.")
    return known[-1]


@cache
def _tolls() -> tuple[Tolls, ...]:
    def tolls(row: Row) -> Tolls:
        power = [int(row[f"power_toll_p{i}"]) + int(row[f"power_charge_p{i}"]) for i in (1, 2)]
        energy = [int(row[f"energy_toll_p{i}"]) + int(row[f"energy_charge_p{i}"]) for i in (1, 2, 3)]
        return Tolls(_day(row), (power[0], power[1]), (energy[0], energy[1], energy[2]), row["source"], _last(row))

    return _read("tolls_2_0td.csv", tolls)


@cache
def _taxes(region: str) -> tuple[Taxes, ...]:
    def taxes(row: Row) -> Taxes | None:
        if row["region"] != region:
            return None
        return Taxes(
            _day(row),
            _part(row["vat_pct"]),
            _part(row["electricity_tax_pct"]),
            row["source"],
            _last(row),
            int(row["vat_up_to_w"]) if row["vat_up_to_w"] else None,
            _part(row["vat_above_pct"]) if row["vat_above_pct"] else None,
            int(row["least_ueur_kwh"]),
            int(row["least_firm_ueur_kwh"]),
        )

    return _read("taxes.csv", taxes)


@cache
def _distances() -> tuple[Distance, ...]:
    def distance(row: Row) -> Distance:
        return Distance(_day(row), _last(row), int(row["distance_m"]), row["applies_to"], row["source"])

    return _read("distances.csv", distance)


@cache
def _levies() -> tuple[Levies, ...]:
    def levies(row: Row) -> Levies:
        figures = ("social_bonus_ueur_year", "meter_ueur_month", "pvpc_margin_ueur_kw_year")
        bonus, meter, margin = (int(row[name]) for name in figures)
        return Levies(_day(row), bonus, meter, margin, row["source"], _last(row))

    return _read("levies.csv", levies)


def _day(row: Row) -> date:
    return date.fromisoformat(row["valid_from"])


def _last(row: Row) -> date | None:
    return date.fromisoformat(row["valid_to"]) if row["valid_to"] else None


def _part(percent: str) -> Fraction:
    return Fraction(Decimal(percent)) / 100


def _read(file: str, build: Callable[[Row], T | None]) -> tuple[T, ...]:
    with Path(__file__).with_name(file).open(encoding="utf-8", newline="") as lines:
        rows = [found for row in csv.DictReader(lines) if (found := build(row)) is not None]
    return tuple(sorted(rows, key=lambda row: row.valid_from))
