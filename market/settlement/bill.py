"""A 2.0TD bill, line by line to the cent, as retailers write it.

Each line is rounded once, half away from zero; taxes fall on rounded lines. A period in which tolls or taxes
change is billed in parts, one for each; surplus is compensated over the whole of it, and what is charged by the
month is worked out for the whole of it and shared out by days.
Sources: Circular CNMC 3/2020, RD 244/2019 art. 14, Ley 38/1992 art. 99, Ley 37/1992 art. 78 and 90.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from community.regulated import Levies, Taxes, Tolls
from market.settlement.apportion import apportion
from market.settlement.compensation import WITH_TOLLS, WITHOUT_TOLLS, compensate

BANDS = ("P1", "P2", "P3")
NEUR_PER_CENT = 10_000_000
MONTHS = 12
# The law compensates by billing periods of a month at most; meters are read some days before or after its end.
LONGEST_MONTH_DAYS = 35


@dataclass(frozen=True, slots=True)
class Contract:
    """What a supply is charged before taxes: energy by P1, P2, P3 (µ€/kWh, tolls inside), power by P1 and P2 (µ€
    per kW and year, tolls inside) for so many contracted watts each; `cap` as in `compensate`. `fee_ueur_month` is
    what a virtual battery costs. The least electricity tax of a `firm` is lower.
    """

    energy_ueur_kwh: tuple[int, int, int]
    power_ueur_kw_year: tuple[int, int]
    contracted_w: tuple[int, int]
    cap: str = WITH_TOLLS
    fee_ueur_month: int = 0
    firm: bool = False

    def __post_init__(self) -> None:
        if self.cap not in {WITH_TOLLS, WITHOUT_TOLLS}:
            raise ValueError(f"Unknown cap {self.cap}; there are {WITH_TOLLS}, {WITHOUT_TOLLS}.")
        if min(*self.contracted_w, self.fee_ueur_month) < 0:
            raise ValueError("Neither contracted power nor a fee can be negative.")


@dataclass(frozen=True, slots=True)
class Use:
    """What was taken by P1, P2, P3 (Wh) in some days, and what its surplus is worth (n€; prices may be negative).

    Under an indexed contract `energy_neur` is what each band's energy came to, hour by hour, tolls inside.
    """

    import_wh: tuple[int, int, int]
    days: int
    surplus_neur: int = 0
    energy_neur: tuple[int, int, int] | None = None

    def __post_init__(self) -> None:
        if min(self.import_wh) < 0 or self.days < 1:
            raise ValueError("A bill is about one day or more, and no energy taken is negative.")


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the billing period without a change of tolls, taxes or levies. `year_days` is 365 or 366."""

    use: Use
    tolls: Tolls
    taxes: Taxes
    levies: Levies
    year_days: int = 365


@dataclass(frozen=True, slots=True)
class Bill:
    """The lines of a bill in cents by name, in their order, and what of the surplus was not compensated."""

    lines: tuple[tuple[str, int], ...]
    left_cents: int

    @property
    def total_cents(self) -> int:
        """What is to be paid."""
        return sum(cents for _name, cents in self.lines)

    def __getitem__(self, name: str) -> int:
        return sum(cents for line, cents in self.lines if line == name)


def bill(contract: Contract, parts: Sequence[Part]) -> Bill:
    """The bill of a period, its parts in order.

    Lines are power_p1, power_p2, energy_p1 to energy_p3, compensation (negative), social_bonus, electricity_tax,
    meter, wallet_fee and vat; a period of several parts has each of them once a part. Raises ValueError for
    surplus over more than a month: each month is compensated by itself.
    """
    days = [part.use.days for part in parts]
    if any(part.use.surplus_neur for part in parts) and sum(days) > LONGEST_MONTH_DAYS:
        raise ValueError("Surplus is compensated by the month: bill each month by itself.")
    energies = [tuple(cents(neur) for neur in _energy_neur(contract, part)) for part in parts]
    credited, left_cents = _compensated(contract, parts, energies)
    by_month = [
        _shared_by_days([part.levies.meter_ueur_month for part in parts], parts),
        _shared_by_days([contract.fee_ueur_month] * len(parts), parts),
    ]
    lines = [
        line
        for part, own, share, meter, fee in zip(parts, energies, credited, *by_month, strict=True)
        for line in _lines(contract, part, own, share, (meter, fee))
    ]
    return Bill(tuple(lines), left_cents)


def _compensated(
    contract: Contract, parts: Sequence[Part], energies: Sequence[Sequence[int]]
) -> tuple[list[int], int]:
    """What each part is credited for surplus, never more than its own energy, and what is left; cents.

    Retailers compensate rounded amounts: what the energy lines say is what the surplus can pay for.
    """
    tolls = cents(
        sum(
            wh * toll
            for part in parts
            for wh, toll in zip(part.use.import_wh, part.tolls.energy_ueur_kwh, strict=True)
        )
    )
    energy = sum(sum(own) for own in energies)
    worth = cents(sum(part.use.surplus_neur for part in parts))
    found = compensate(energy, worth, tolls_neur=tolls, cap=contract.cap)
    if not found.credited_neur:
        return [0] * len(parts), found.left_neur
    return apportion(found.credited_neur, [max(sum(own), 0) for own in energies]), found.left_neur


def _energy_neur(contract: Contract, part: Part) -> tuple[int, ...]:
    """What each band's energy comes to, n€."""
    if part.use.energy_neur is not None:
        return part.use.energy_neur
    return tuple(wh * price for wh, price in zip(part.use.import_wh, contract.energy_ueur_kwh, strict=True))


def _shared_by_days(ueur_month: Sequence[int], parts: Sequence[Part]) -> list[int]:
    """Cents of each part for what is charged by the month: one month where all days make about one, else by days
    of the year; worked out once for all parts.
    """
    days = [part.use.days for part in parts]
    whole = sum(days)
    month = whole in range(28, 32)
    exact = [
        Fraction(price * 1_000 * part.use.days, whole)
        if month
        else Fraction(price * 1_000 * MONTHS * part.use.days, part.year_days)
        for price, part in zip(ueur_month, parts, strict=True)
    ]
    return apportion(cents(sum(exact)), days)


def _lines(
    contract: Contract, part: Part, energies: Sequence[int], credited: int, by_month: tuple[int, int]
) -> list[tuple[str, int]]:
    days = Fraction(part.use.days, part.year_days)
    power = [
        (f"power_p{i + 1}", cents(watts * price * days))
        for i, (watts, price) in enumerate(zip(contract.contracted_w, contract.power_ueur_kw_year, strict=True))
    ]
    energy = [(f"energy_p{i + 1}", amount) for i, amount in enumerate(energies)]
    bonus = cents(part.levies.social_bonus_ueur_year * 1_000 * days)
    base = sum(amount for _name, amount in power + energy) - credited + bonus
    least_ueur_kwh = part.taxes.least_firm_ueur_kwh if contract.firm else part.taxes.least_ueur_kwh
    least = Fraction(sum(part.use.import_wh) * least_ueur_kwh)
    tax = cents(max(base * part.taxes.electricity_tax * NEUR_PER_CENT, least))
    meter, fee = by_month
    vat = part.taxes.vat_of(max(contract.contracted_w))
    return [
        *power,
        *energy,
        ("compensation", -credited),
        ("social_bonus", bonus),
        ("electricity_tax", tax),
        ("meter", meter),
        ("wallet_fee", fee),
        ("vat", cents((base + tax + meter + fee) * vat * NEUR_PER_CENT)),
    ]


def cents(amount_neur: int | Fraction) -> int:
    """n€ to cents, half away from zero.

    >>> [cents(amount) for amount in (4_999_999, 5_000_000, -5_000_000)]
    [0, 1, -1]
    """
    above, below = amount_neur.numerator, amount_neur.denominator  # in integers: a fraction costs ten times that
    whole = (2 * abs(above) + NEUR_PER_CENT * below) // (2 * NEUR_PER_CENT * below)
    return whole if above >= 0 else -whole


def at_regulated_power(contract: Contract, tolls: Tolls, margin_ueur_kw_year: int = 0) -> Contract:
    """The contract with power at tolls and charges, and a margin on the first period."""
    first, second = tolls.power_ueur_kw_year
    return replace(contract, power_ueur_kw_year=(first + margin_ueur_kw_year, second))


@dataclass(frozen=True, slots=True)
class Check:
    """A bill of ours beside a real one, cents: whether they agree to the cent or so, and the line farthest off."""

    ours_cents: int
    theirs_cents: int
    line: str
    line_off_cents: int

    @property
    def agrees(self) -> bool:
        """Retailers round in other orders: one cent is no difference."""
        return abs(self.ours_cents - self.theirs_cents) <= 1


def check(ours: Bill, theirs_cents: int, their_lines: dict[str, int] | None = None) -> Check:
    """Compare our bill with a real one; with lines typed from it, name the one that differs most."""
    off = {name: amount - ours[name] for name, amount in (their_lines or {}).items()}
    worst = max(off, key=lambda name: abs(off[name]), default="")
    return Check(ours.total_cents, theirs_cents, worst if off and off[worst] else "", off.get(worst, 0))
