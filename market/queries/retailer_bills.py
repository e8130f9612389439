"""What a home's retailer bills for a closed month, worked out from its settled readings and an offer's terms."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.db.models import Sum
from django.db.models.functions import TruncHour

from community.models import Household, OfferTerms, SupplyContract
from community.published_prices import PublishedPrices
from community.regulated import NotKnown
from community.tariff_book import BANDS
from community.tariffs import month_span
from market.models import SettledHome, Statement
from market.settlement.bill import Bill, Contract, bill
from market.settlement.billing_period import Hour, parts_by_hours
from market.settlement.virtual_battery import Wallet, WalletMonth, WalletTerms, live_month

UEUR_PER_CENT = 10_000


class HomeHour(NamedTuple):
    """What a home's meter saw in an hour of a civil day and its tariff period (0 for P1, 1, 2), Wh."""

    start: datetime
    day: date
    band: int
    import_wh: int
    export_wh: int


class MonthBill(NamedTuple):
    """A closed month under an offer: its terms (None: none are known) and the bill, if it can be told."""

    month: date
    terms: OfferTerms | None
    bill: Bill | None


class RetailerBills:
    """Bills of one home for its closed months; hours are read once for all offers."""

    def __init__(self, household: Household) -> None:
        self.household = household
        self._published = PublishedPrices(household.community)
        self._hours: dict[date, list[HomeHour]] = {}

    def months(self) -> list[date]:
        """Closed months of the home, oldest first."""
        rows = Statement.objects.filter(household=self.household).order_by("month")
        return list(rows.values_list("month", flat=True).distinct())

    def by_contract(self) -> list[MonthBill]:
        """Each closed month under the contract that held on its first day."""
        contracts = list(
            SupplyContract.objects.filter(household=self.household)
            .order_by("valid_from")
            .values_list("valid_from", "tariff_id")
        )
        answer = []
        for month in self.months():
            held = [tariff for since, tariff in contracts if since <= month] or [one for _, one in contracts[:1]]
            answer.append(self.under(held[-1] if held else None, month))
        return answer

    def under(self, tariff_id: int | None, month: date, *, with_wallet: bool = True) -> MonthBill:
        """A month as the offer would bill it at the terms of its first day, or without its virtual battery."""
        dated = OfferTerms.objects.filter(tariff=tariff_id).order_by("valid_from")
        terms = dated.filter(valid_from__lte=month).last() or dated.first()
        if terms is None:
            return MonthBill(month, None, None)
        try:
            return MonthBill(month, terms, self._bill(terms, month, with_wallet=with_wallet))
        except (NotKnown, _PriceMissing):
            return MonthBill(month, terms, None)

    def _bill(self, terms: OfferTerms, month: date, *, with_wallet: bool) -> Bill | None:
        hours = self._read(month)
        if not hours:
            return None
        watts = self.household.contracted_w
        contract = Contract(
            terms.energy_ueur_kwh,
            terms.power_ueur_kw_year,
            (watts, watts),
            terms.cap,
            terms.wallet_fee_cents * UEUR_PER_CENT if with_wallet else 0,
        )
        first, last = hours[0].day, hours[-1].day
        parts = parts_by_hours(first, last, terms.region, self._priced(terms, hours), terms.negative_surplus)
        return bill(contract, parts)

    def _read(self, month: date) -> list[HomeHour]:
        if month not in self._hours:
            start, end = month_span(month.year, month.month, self.household.community.zone)
            rows = SettledHome.objects.filter(
                household=self.household, is_current=True, start__gte=start, start__lt=end
            )
            hourly = rows.annotate(hour=TruncHour("start")).values_list("hour")
            sums = hourly.annotate(taken=Sum("import_wh"), given=Sum("export_wh")).order_by("hour")
            community = self.household.community
            self._hours[month] = [
                HomeHour(
                    hour,
                    hour.astimezone(community.zone).date(),
                    BANDS.index(community.period(hour)),
                    int(taken),
                    int(given),
                )
                for hour, taken, given in sums
            ]
        return self._hours[month]

    def _priced(self, terms: OfferTerms, hours: Sequence[HomeHour]) -> Iterator[Hour]:
        by_hour = terms.surplus_kind == OfferTerms.Surplus.PUBLISHED
        for start, day, band, import_wh, export_wh in hours:
            energy = terms.energy_ueur_kwh[band] + (self._price("pvpc", start) if terms.index else 0)
            surplus = self._price("surplus", start) if by_hour else terms.surplus_ueur_kwh
            yield Hour(day, band, import_wh, export_wh, energy, surplus)

    def _price(self, series: str, start: datetime) -> int:
        found = self._published.at(series, start)
        if found is None or found.estimated:
            raise _PriceMissing
        return found.price_ueur_kwh


def live_wallet_month(wallet: Wallet, month: date, terms: OfferTerms, bill: Bill) -> WalletMonth:
    """What a billed month does to the virtual battery of its offer."""
    rule = WalletTerms(terms.wallet_ppm, terms.wallet_expiry_months)
    number = month.year * 12 + month.month
    return live_month(wallet, number, max(bill.total_cents, 0), bill.left_cents, rule)


class _PriceMissing(LookupError):
    """An hour's price was not published."""
