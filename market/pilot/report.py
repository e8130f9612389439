"""From twelve months to what a street wants to know: who gains how much, in how many years it pays, how evenly."""

from collections.abc import Sequence
from dataclasses import dataclass

from market.grid.fairness import gini, jain
from market.pilot.lived import HomeMonth, MonthLived
from market.pilot.scenario import Scenario

MONTHS = 12


@dataclass(frozen=True, slots=True)
class HomeYear:
    """A home's year. Costs in n€ (a credit is negative): as it is today, with its devices alone, and as a member.

    Surplus pays off the month's energy at most, as simplified compensation does. `own_wh` is what it took from its
    own roof and battery.
    """

    name: str
    load_wh: int
    sun_wh: int
    import_wh: int
    export_wh: int
    bought_wh: int
    sold_wh: int
    today_neur: int
    alone_neur: int
    member_neur: int
    invested_eur: float

    @property
    def gain_neur(self) -> int:
        """What neighbours are worth to it a year."""
        return self.alone_neur - self.member_neur

    @property
    def saving_neur(self) -> int:
        """What it saves a year against today, devices and neighbours together."""
        return self.today_neur - self.member_neur

    @property
    def payback_years(self) -> float | None:
        """Years until the devices have paid for themselves; None without devices or where they never do."""
        if not self.invested_eur or self.saving_neur <= 0:
            return None
        return self.invested_eur / (self.saving_neur / 1e9)

    @property
    def self_sufficiency_pct(self) -> float:
        """Share of what it uses that its own roof and its neighbours gave."""
        return 100 * (1 - (self.import_wh - self.bought_wh) / self.load_wh) if self.load_wh else 0.0


@dataclass(frozen=True, slots=True)
class RuleYear:
    """A year under a rule of sharing: Wh shared, and what each home gained by it (n€) against living alone."""

    name: str
    shared_wh: int
    gain_neur: tuple[int, ...]

    @property
    def unevenness(self) -> float:
        """Gini of the gains: 0 is the same for all."""
        return gini([float(max(gain, 0)) for gain in self.gain_neur])


@dataclass(frozen=True, slots=True)
class StreetYear:
    """The street's year: what homes together pay (n€), what they share (Wh), and how full its cable is (hours)."""

    homes: tuple[HomeYear, ...]
    traded_wh: int
    price_ueur_kwh: int | None
    congested_hours: int
    alone_congested_hours: int
    held_back_wh: int
    hours: int
    rules: tuple[RuleYear, ...] = ()

    def total(self, field: str) -> int:
        """The sum of one of the homes' figures."""
        return sum(getattr(home, field) for home in self.homes)

    @property
    def self_sufficiency_pct(self) -> float:
        """Share of what the street uses that its roofs gave."""
        used = self.total("load_wh")
        return 100 * (1 - (self.total("import_wh") - self.total("bought_wh")) / used) if used else 0.0

    @property
    def fairness(self) -> tuple[float, float]:
        """Jain (1: the same gain for all) and Gini (0: the same) of what neighbours are worth to each home."""
        gains = [float(max(home.gain_neur, 0)) for home in self.homes]
        return jain(gains), gini(gains)

    @property
    def payback_years(self) -> float | None:
        """Years until all devices together have paid for themselves."""
        invested = sum(home.invested_eur for home in self.homes)
        saved = self.total("saving_neur")
        return invested / (saved / 1e9) if invested and saved > 0 else None


def year_of_months(scenario: Scenario, months: Sequence[MonthLived]) -> StreetYear:
    """The year that twelve months make. Raises ValueError if one is missing."""
    if sorted(month.month for month in months) != list(range(1, MONTHS + 1)):
        raise ValueError("A year needs each of its months once.")
    homes = tuple(_home(scenario, i, [month.homes[i] for month in months]) for i in range(len(scenario.homes)))
    traded = sum(month.traded_wh for month in months)
    worth = sum(month.price_wh_ueur_kwh for month in months)
    return StreetYear(
        homes=homes,
        traded_wh=traded,
        price_ueur_kwh=worth // traded if traded else None,
        congested_hours=sum(month.congested_hours for month in months),
        alone_congested_hours=sum(month.alone_congested_hours for month in months),
        held_back_wh=sum(month.held_back_wh for month in months),
        hours=sum(month.hours for month in months),
        rules=_rules(homes, traded, months),
    )


def _rules(homes: Sequence[HomeYear], traded_wh: int, months: Sequence[MonthLived]) -> tuple[RuleYear, ...]:
    """Every rule that all months know, and the market beside them."""
    names = [name for name in months[0].rules if all(name in month.rules for month in months)]
    found = [
        RuleYear(
            name,
            sum(month.rules[name].shared_wh for month in months),
            tuple(sum(month.rules[name].gain_neur[i] for month in months) for i in range(len(homes))),
        )
        for name in names
    ]
    if not found:
        return ()
    return (RuleYear("market", traded_wh, tuple(home.gain_neur for home in homes)), *found)


def _home(scenario: Scenario, i: int, months: Sequence[HomeMonth]) -> HomeYear:
    def total(name: str) -> int:
        return sum(getattr(month, name) for month in months)

    home = scenario.homes[i]
    return HomeYear(
        name=home.name,
        load_wh=total("load_wh") + total("car_wh"),
        sun_wh=total("sun_wh"),
        import_wh=total("import_wh"),
        export_wh=total("export_wh"),
        bought_wh=total("bought_wh"),
        sold_wh=total("sold_wh"),
        today_neur=total("today_neur"),
        alone_neur=sum(capped(month.alone_import_neur, month.alone_export_neur) for month in months),
        member_neur=sum(
            capped(month.rest_import_neur, month.rest_export_neur)
            + month.paid_neur - month.earned_neur - month.pool_neur
            for month in months
        ),
        invested_eur=scenario.costs.of(home),
    )  # fmt: skip


def capped(import_neur: int, surplus_neur: int) -> int:
    """A month at the retailer, n€: surplus pays for as much as was taken, never more (RD 244/2019 art. 14.3)."""
    return import_neur - min(max(surplus_neur, 0), import_neur)
