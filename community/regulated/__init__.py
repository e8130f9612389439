"""Spain's regulated values as dated tables: tolls and charges of 2.0TD, taxes by region, levies.

A row holds from its day until the next one of its kind; each names its norm. New years are new lines of the files.
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

# Least electricity tax of a home, µ€/kWh (1 €/MWh; Ley 38/1992 art. 99).
LEAST_TAX_UEUR_KWH = 1_000
REGIONS = ("peninsula", "balearic", "canary", "ceuta", "melilla")


class NotKnown(LookupError):
    """No regulated value is known for a day; names the table and the day."""


class _Dated(Protocol):
    @property
    def valid_from(self) -> date: ...


T = TypeVar("T", bound=_Dated)
Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Tolls:
    """Tolls and charges together: power by P1 and P2 (µ€ per kW and year), energy by P1, P2, P3 (µ€/kWh)."""

    valid_from: date
    power_ueur_kw_year: tuple[int, int]
    energy_ueur_kwh: tuple[int, int, int]
    source: str


@dataclass(frozen=True, slots=True)
class Taxes:
    """Value added tax (or IGIC, IPSI) and the electricity tax (IEE), as parts of one."""

    valid_from: date
    vat: Fraction
    electricity_tax: Fraction
    source: str

    @property
    def factor(self) -> Fraction:
        """What a euro of energy before taxes becomes on the bill."""
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
    """Days inside `(first, end)` on which a toll, a tax or a levy changes, in order."""
    rows: list[_Dated] = [*_tolls(), *_taxes(region), *_levies()]
    return sorted({row.valid_from for row in rows if first < row.valid_from < end})


def _latest(rows: tuple[T, ...], day: date, file: str) -> T:
    known = [row for row in rows if row.valid_from <= day]
    if not known:
        raise NotKnown(f"{file} knows nothing of {day}: add a line that is valid from then on.")
    return known[-1]


@cache
def _tolls() -> tuple[Tolls, ...]:
    def tolls(row: Row) -> Tolls:
        power = [int(row[f"power_toll_p{i}"]) + int(row[f"power_charge_p{i}"]) for i in (1, 2)]
        energy = [int(row[f"energy_toll_p{i}"]) + int(row[f"energy_charge_p{i}"]) for i in (1, 2, 3)]
        return Tolls(_day(row), (power[0], power[1]), (energy[0], energy[1], energy[2]), row["source"])

    return _read("tolls_2_0td.csv", tolls)


@cache
def _taxes(region: str) -> tuple[Taxes, ...]:
    def taxes(row: Row) -> Taxes | None:
        if row["region"] != region:
            return None
        vat, electricity = (Fraction(Decimal(row[name])) / 100 for name in ("vat_pct", "electricity_tax_pct"))
        return Taxes(_day(row), vat, electricity, row["source"])

    return _read("taxes.csv", taxes)


@cache
def _levies() -> tuple[Levies, ...]:
    def levies(row: Row) -> Levies:
        figures = ("social_bonus_ueur_year", "meter_ueur_month", "pvpc_margin_ueur_kw_year")
        bonus, meter, margin = (int(row[name]) for name in figures)
        return Levies(_day(row), bonus, meter, margin, row["source"])

    return _read("levies.csv", levies)


def _day(row: Row) -> date:
    return date.fromisoformat(row["valid_from"])


def _read(file: str, build: Callable[[Row], T | None]) -> tuple[T, ...]:
    with Path(__file__).with_name(file).open(encoding="utf-8", newline="") as lines:
        rows = [found for row in csv.DictReader(lines) if (found := build(row)) is not None]
    return tuple(sorted(rows, key=lambda row: row.valid_from))
