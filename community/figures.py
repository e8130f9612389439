"""Numbers and times as people read them, in the active language.

A figure never parts from its unit (non-breaking space), a negative one bears a true minus sign, and
integers are turned into decimals exactly before they are rounded once, half to even.
"""

from datetime import date, datetime, tzinfo
from decimal import Decimal
from functools import cache, lru_cache

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.numbers import get_decimal_symbol, get_group_symbol
from django.utils import timezone
from django.utils.translation import get_language

NBSP = "\u00a0"
MINUS = "\u2212"
# Spain's English readers count days before months.
_REGION = {"en": "en_GB"}


def locale() -> Locale:
    """Babel's locale for the language of the page."""
    return _locale(get_language() or "en")


@cache
def _locale(language: str) -> Locale:
    language = language.replace("-", "_")
    return Locale.parse(_REGION.get(language, language))


@cache
def _separators(found: Locale) -> dict[int, str]:
    """How a page of a hundred rows gets its figures quickly: Python's own format, with the locale's marks."""
    return str.maketrans({",": get_group_symbol(found), ".": get_decimal_symbol(found)})


def number(value: Decimal | int, decimals: int, *, signed: bool = False) -> str:
    """A number with exactly `decimals` digits behind the locale's separator; `signed` writes a plus too.

    >>> from django.utils.translation import override
    >>> with override("es"):
    ...     number(Decimal("12345.678"), 2), number(Decimal("6.84"), 2, signed=True)
    ('12.345,68', '+6,84')
    """
    rounded = round(Decimal(value), decimals)
    text = f"{abs(rounded):,.{decimals}f}".translate(_separators(locale()))
    if rounded < 0:
        return MINUS + text
    return f"+{text}" if signed and rounded > 0 else text


def decimal(value: float, decimals: int) -> str:
    """A physical figure, such as a voltage per unit."""
    return number(Decimal(str(round(value, decimals))), decimals)


def kwh(energy_wh: int, decimals: int | None = None) -> str:
    """An energy: two decimals below 1 kWh, one up to 1,000 kWh, none above, unless told.

    Every page, letter and picture writes an energy so, whatever stands beside it: the same energy never reads as
    0.1 here and 0.08 there.

    >>> from django.utils.translation import override
    >>> with override("es"):
    ...     kwh(3_200), kwh(310), kwh(1_250_000)
    ('3,2\\xa0kWh', '0,31\\xa0kWh', '1.250\\xa0kWh')
    """
    if decimals is None:
        decimals = kwh_decimals(energy_wh)
    return f"{number(Decimal(energy_wh) / 1_000, decimals)}{NBSP}kWh"


def kwh_decimals(*energies_wh: int) -> int:
    """How many decimals an energy in kWh is written with; of a difference, as many as the larger of the two."""
    size = max(map(abs, energies_wh))
    return 2 if size < 1_000 else 1 if size < 1_000_000 else 0


def as_written(amount: int, step: int) -> int:
    """An amount rounded to whole steps, as a reader sees it: what is told of two figures fits what they say.

    >>> as_written(219_849, 100) + as_written(12_549, 100), as_written(219_849 + 12_549, 100)
    (232300, 232400)
    """
    return round(Decimal(amount) / step) * step


def kwh_step(decimals: int) -> int:
    """The Wh of the last decimal of an energy in kWh."""
    return int(10 ** (3 - decimals))


def kwh_as_written(energy_wh: int) -> int:
    """The Wh that a reader of `kwh` sees."""
    return as_written(energy_wh, kwh_step(kwh_decimals(energy_wh)))


def kwh_sum(*parts_wh: int) -> tuple[str, ...]:
    """A sum and its parts, each as on every other page.

    Where all have as many decimals, the sum is that of the parts as written: a reader may add them up.

    >>> from django.utils.translation import override
    >>> with override("es"):
    ...     kwh_sum(219_849, 12_549), kwh_sum(3_200, 80)
    (('232,3\\xa0kWh', '219,8\\xa0kWh', '12,5\\xa0kWh'), ('3,3\\xa0kWh', '3,2\\xa0kWh', '0,08\\xa0kWh'))
    """
    alike = len({kwh_decimals(part_wh) for part_wh in (*parts_wh, sum(parts_wh))}) == 1
    total_wh = sum(map(kwh_as_written, parts_wh)) if alike else sum(parts_wh)
    return tuple(kwh(energy_wh) for energy_wh in (total_wh, *parts_wh))


def energy(energy_wh: int) -> str:
    """An energy in kWh, or in Wh where kWh would read as nothing.

    >>> from django.utils.translation import override
    >>> with override("es"):
    ...     energy(310), energy(4), energy(0)
    ('0,31\\xa0kWh', '4\\xa0Wh', '0\\xa0Wh')
    """
    return watt_hours(energy_wh) if abs(energy_wh) < 10 else kwh(energy_wh)


def kilowatts(power_w: float) -> str:
    """A power, rounded down to tenths of a kW, since it is a promise.

    >>> from django.utils.translation import override
    >>> with override("es"):
    ...     kilowatts(5_759)
    '5,7\\xa0kW'
    """
    return f"{number(Decimal(int(power_w) // 100) / 10, 1)}{NBSP}kW"


def power(power_w: float) -> str:
    """A power that flowed, to tenths of a kW.

    >>> from django.utils.translation import override
    >>> with override("es"):
    ...     power(-4_260)
    '−4,3\\xa0kW'
    """
    return f"{number(Decimal(round(power_w)) / 1_000, 1)}{NBSP}kW"


def volts(voltage_v: float) -> str:
    """A voltage to tenths of a volt."""
    return f"{number(Decimal(round(voltage_v * 10)) / 10, 1)}{NBSP}V"


def amperes(current_a: float) -> str:
    """A current to the ampere."""
    return f"{number(round(current_a), 0)}{NBSP}A"


def watt_hours(energy_wh: int) -> str:
    """An energy to the Wh, as meters count it."""
    return f"{number(energy_wh, 0)}{NBSP}Wh"


def euros(amount_neur: int, decimals: int = 2, *, signed: bool = False) -> str:
    """Money from n€.

    >>> from django.utils.translation import override
    >>> with override("es"):
    ...     euros(6_840_000_000, signed=True), euros(-35_000_000, 3)
    ('+6,84\\xa0€', '−0,035\\xa0€')
    """
    return f"{number(Decimal(amount_neur) / 10**9, decimals, signed=signed)}{NBSP}€"


def euros_exact(amount_neur: int, *, signed: bool = False) -> str:
    """Money to the last n€, without idle zeros but never fewer than two decimals."""
    fraction = f"{abs(amount_neur) % 10**9:09d}".rstrip("0")
    return euros(amount_neur, max(2, len(fraction)), signed=signed)


def cents(amount_cents: int, *, signed: bool = False) -> str:
    """Money from whole cents, as euros."""
    return euros(amount_cents * 10**7, signed=signed)


def price(price_ueur_kwh: int, decimals: int = 3) -> str:
    """A price from µ€/kWh.

    >>> from django.utils.translation import override
    >>> with override("es"):
    ...     price(112_000)
    '0,112\\xa0€/kWh'
    """
    return f"{number(Decimal(price_ueur_kwh) / 10**6, decimals)}{NBSP}€/kWh"


def price_exact(price_ueur_kwh: int) -> str:
    """A price to the last µ€/kWh, for sums that a reader may check; never fewer than three decimals."""
    fraction = f"{abs(price_ueur_kwh) % 10**6:06d}".rstrip("0")
    return price(price_ueur_kwh, max(3, len(fraction)))


def kwh_number(energy_wh: int, decimals: int = 2) -> str:
    """An energy in kWh without the unit, for table columns that name it in their head."""
    return number(Decimal(energy_wh) / 1_000, decimals)


def price_number(price_ueur_kwh: int, decimals: int = 3) -> str:
    """A price in €/kWh without the unit, for table columns and axes."""
    return number(Decimal(price_ueur_kwh) / 10**6, decimals)


def percent(value: float | int | Decimal, decimals: int = 0) -> str:
    """A percentage that was already multiplied by 100.

    >>> percent(71.4)
    '71\\xa0%'
    """
    return f"{number(Decimal(str(value)), decimals)}{NBSP}%"


def clock(instant: datetime) -> str:
    """Local time of day; the hour that a clock change repeats names its summer or winter time."""
    return _clock(instant, timezone.get_current_timezone())


@lru_cache(maxsize=4_096)
def _clock(instant: datetime, zone: tzinfo) -> str:
    """A day's page asks for the same hundred instants several times over, and again a minute later."""
    local = instant.astimezone(zone)
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f"{local:%H:%M}{NBSP}{local.tzname()}" if twice else f"{local:%H:%M}"


def span(start: datetime, end: datetime) -> str:
    """A slot's local times, `12:15–12:30`; word joiners keep it on one line."""
    return f"{clock(start)}\u2060–\u2060{clock(end)}"


def day(value: date) -> str:
    """`22 de noviembre`, `22 November`."""
    return str(format_skeleton("MMMMd", value, locale=locale()))


def short_day(value: date) -> str:
    """`22 nov`, `22 Nov`, for a table's row."""
    return str(format_skeleton("MMMd", value, locale=locale()))


def weekday(value: date) -> str:
    """`lun`, `Mon`, for an axis."""
    return str(format_date(value, "EEE", locale=locale())).rstrip(".")


def short_month(value: date) -> str:
    """`nov`, `Nov`, for an axis."""
    return str(format_date(value, "LLL", locale=locale())).rstrip(".")


def day_and_year(value: date) -> str:
    """`22 de noviembre de 2026`, `22 November 2026`."""
    return str(format_date(value, "long", locale=locale()))


def short_day_and_year(value: date) -> str:
    """`22 nov 2026`, `22 Nov 2026`, for a list that goes back over years."""
    return str(format_skeleton("yMMMd", value, locale=locale()))


def instant(moment: datetime) -> str:
    """`22 de noviembre de 2026, 00:34`: a day on the wall and its time."""
    return f"{day_and_year(local_day(moment))}, {clock(moment)}"


def short_instant(moment: datetime) -> str:
    """`22 nov, 00:34`, for a list of what happened lately."""
    return f"{short_day(local_day(moment))}, {clock(moment)}"


def local_day(value: date) -> date:
    """A day, or the day on the wall on which an instant lies."""
    return timezone.localtime(value).date() if isinstance(value, datetime) else value


def month(value: date) -> str:
    """`noviembre de 2026`, `November 2026`."""
    return str(format_skeleton("yMMMM", value, locale=locale()))


def month_name(value: date) -> str:
    """`noviembre`, `November`."""
    return str(format_date(value, "LLLL", locale=locale()))


def country(code: str) -> str:
    """`Francia`, `France`."""
    return str(locale().territories.get(code, code))
