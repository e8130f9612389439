"""What each household's own retailer charges and pays, slot by slot, from its contracts."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from community.models import Community, Household, OfferTerms, SupplyContract, TariffVersion
from community.published_prices import Published, PublishedPrices
from community.regulated import taxes_on


@dataclass(frozen=True, slots=True)
class Prices:
    """What a household's own retailer charges and pays in one slot, taxes included (µ€/kWh).

    `estimated` says that the hour's price is not published yet and another day's stands in for it.
    """

    period: str
    import_ueur_kwh: int
    feed_in_ueur_kwh: int
    estimated: bool = False


class MissingContract(LookupError):
    """A household has no contract, or its contract no prices, on a day; the message names both."""


Contracts = tuple[tuple[date, int], ...]
BANDS = ("P1", "P2", "P3")


class TariffBook:
    """Every contract and price of a community, or of one home of it, resolved per household and local day."""

    def __init__(self, community: Community, home: Household | None = None) -> None:
        self.community = community
        self.zone = community.zone
        self._published = PublishedPrices(community)
        self._hours: dict[tuple[Contracts, int], Prices] = {}
        self._contracts: dict[int, list[tuple[date, int]]] = defaultdict(list)
        contracts = SupplyContract.objects.filter(household__community=community)
        if home is not None:
            contracts = contracts.filter(household=home)
        for household, valid_from, tariff in contracts.order_by("valid_from").values_list(
            "household_id", "valid_from", "tariff_id"
        ):
            self._contracts[household].append((valid_from, tariff))
        tariffs = {tariff for dated in self._contracts.values() for _, tariff in dated}
        self._versions: dict[int, list[tuple[date, tuple[int, int, int], int]]] = defaultdict(list)
        for version in TariffVersion.objects.filter(tariff__in=tariffs).order_by("valid_from"):
            charged = version.import_p1_ueur_kwh, version.import_p2_ueur_kwh, version.import_p3_ueur_kwh
            self._versions[version.tariff_id].append((version.valid_from, charged, version.feed_in_ueur_kwh))
        self._hourly: dict[int, list[OfferTerms]] = defaultdict(list)
        for terms in OfferTerms.objects.filter(tariff__in=tariffs).order_by("valid_from"):
            if terms.is_hourly:
                self._hourly[terms.tariff_id].append(terms)

    def contracts_of(self, household_id: int) -> Contracts:
        """First day and tariff of each contract; homes with the same contracts have the same prices."""
        return tuple(self._contracts[household_id])

    def tariff_on(self, household_id: int, day: date) -> int | None:
        """The tariff that a home's contract names on a local day; None without a contract."""
        held = [tariff for valid_from, tariff in self._contracts[household_id] if valid_from <= day]
        return held[-1] if held else None

    def prices(self, household_id: int, start: datetime) -> Prices:
        """Prices of a household in the slot that starts at `start` (aware). Raises `MissingContract`."""
        day = start.astimezone(self.zone).date()
        contracts = [tariff for valid_from, tariff in self._contracts[household_id] if valid_from <= day]
        versions = [v for v in self._versions[contracts[-1]] if v[0] <= day] if contracts else []
        hourly = [terms for terms in self._hourly[contracts[-1]] if terms.valid_from <= day] if contracts else []
        if hourly and (not versions or hourly[-1].valid_from >= versions[-1][0]):
            return self._by_the_hour(hourly[-1], start, day)
        if not versions:
            raise MissingContract(
                f"Household {household_id} has no supply contract with prices on {day}: add one."
            )
        band = self.community.period(start)
        return Prices(band, versions[-1][1][BANDS.index(band)], versions[-1][2])

    def is_known(self, household_id: int, start: datetime) -> bool:
        """Whether a household's prices in a slot are known: it has a contract, and none of them only stands in."""
        try:
            return not self._of_the_hour(household_id, self.contracts_of(household_id), start).estimated
        except MissingContract:
            return False

    def _of_the_hour(self, household_id: int, contracts: Contracts, start: datetime) -> Prices:
        key = (contracts, int(start.timestamp()) // 3600)
        if key not in self._hours:
            self._hours[key] = self.prices(household_id, start)
        return self._hours[key]

    def _by_the_hour(self, terms: OfferTerms, start: datetime, day: date) -> Prices:
        """An hour's prices under terms that follow what is published; with taxes."""
        band, taxes = self.community.period(start), taxes_on(day, terms.region)
        charged, energy_ueur_kwh = terms.energy_ueur_kwh[BANDS.index(band)], Published(0, False)
        surplus = Published(terms.surplus_ueur_kwh, False)
        if terms.index:
            energy_ueur_kwh = self._known("pvpc", start)
        if terms.surplus_kind == OfferTerms.Surplus.PUBLISHED:
            found = self._known("surplus", start)
            floor = terms.negative_surplus == OfferTerms.Negative.FLOOR_ZERO
            surplus = Published(max(found.price_ueur_kwh, 0) if floor else found.price_ueur_kwh, found.estimated)
        imported = taxes.on(charged + energy_ueur_kwh.price_ueur_kwh)
        return Prices(
            band,
            imported,
            # A kWh taken has to cost more than one given brings; in all that was published so far it does.
            min(taxes.on(surplus.price_ueur_kwh), imported - 1),
            energy_ueur_kwh.estimated or surplus.estimated,
        )

    def _known(self, series: str, start: datetime) -> Published:
        found = self._published.at(series, start)
        if found is None:
            raise MissingContract(f"No {series} price near {start:%Y-%m-%d %H:%M} UTC is known: import a file.")
        return found

    def series(
        self, household_id: int, starts: Sequence[datetime]
    ) -> tuple[tuple[int, ...], tuple[int, ...], tuple[str, ...]]:
        """Import prices, feed-in prices and periods of many slots; worked out once per hour and contracts."""
        contracts = self.contracts_of(household_id)
        found = [self._of_the_hour(household_id, contracts, start) for start in starts]
        return (
            tuple(prices.import_ueur_kwh for prices in found),
            tuple(prices.feed_in_ueur_kwh for prices in found),
            tuple(prices.period for prices in found),
        )
