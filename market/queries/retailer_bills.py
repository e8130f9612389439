"""What a home's retailer bills for a closed month, worked out from its settled readings and an offer's terms."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Q

from community.models import Household, OfferTerms, SupplyContract, Tariff
from community.published_prices import PublishedPrices
from community.regulated import NotKnown
from community.tariff_book import BANDS
from community.tariffs import month_span, period
from market.models import Statement
from market.settlement.bill import Bill, Contract, Part, bill
from market.settlement.billing_period import Hour, parts_by_hours
from market.settlement.virtual_battery import Wallet, WalletMonth, WalletTerms, live_month

UEUR_PER_CENT = 10_000
# Plain SQL with plain numbers: a year has 8,760 hours, and an instant costs ten times a number to read.
HOURS = """
SELECT extract(epoch FROM start)::bigint / 3600 AS hour, sum(import_wh)::bigint, sum(export_wh)::bigint
FROM market_settledhome
WHERE household_id = %s AND is_current AND start >= %s AND start < %s
GROUP BY hour ORDER BY hour
"""

# Number of the hour since 1970, import and export, Wh.
ReadHour = tuple[int, int, int]


class HomeHour(NamedTuple):
    """What a home's meter saw in an hour of a civil day and its tariff period (0 for P1, 1, 2), Wh; or in all
    hours of that day and period, where they have one price.
    """

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
        self._read_hours: dict[date, list[ReadHour]] = {}
        self._days: dict[date, list[HomeHour]] = {}
        self._parts: dict[tuple[int, date], list[Part]] = {}
        self._terms: dict[int, list[OfferTerms]] | None = None

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
        dated = [] if tariff_id is None else self._dated_terms().get(tariff_id, [])
        if not dated:
            return MonthBill(month, None, None)
        terms = next((one for one in reversed(dated) if one.valid_from <= month), dated[0])
        try:
            return MonthBill(month, terms, self._bill(terms, month, with_wallet=with_wallet))
        except (NotKnown, _PriceMissing):
            return MonthBill(month, terms, None)

    def _dated_terms(self) -> dict[int, list[OfferTerms]]:
        """Terms of every offer that the home has, had or may have, by offer, oldest first; read once."""
        if self._terms is None:
            home = self.household
            whose = Q(community=None) | Q(community=home.community_id) | Q(contracts__household=home)
            self._terms = defaultdict(list)
            for terms in OfferTerms.objects.filter(tariff__in=Tariff.objects.filter(whose)).order_by("valid_from"):
                self._terms[terms.tariff_id].append(terms)
        return self._terms

    def _bill(self, terms: OfferTerms, month: date, *, with_wallet: bool) -> Bill | None:
        hours = self._by_hours(month) if terms.is_hourly else self._by_days(month)
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
        key = terms.pk, month
        if key not in self._parts:  # with and without a wallet the same
            first, last, priced = hours[0].day, hours[-1].day, self._priced(terms, hours)
            self._parts[key] = parts_by_hours(first, last, terms.region, priced, terms.negative_surplus)
        return bill(contract, self._parts[key])

    def read(self, months: Sequence[date]) -> None:
        """Read the hours of all these months at once, so that their bills need not ask for each."""
        if not months:
            return
        hours = self._between(self._span(min(months))[0], self._span(max(months))[1])
        for month in months:
            start, end = (int(instant.timestamp()) // 3_600 for instant in self._span(month))
            self._read_hours[month] = hours[bisect_left(hours, (start,)) : bisect_left(hours, (end,))]

    def _span(self, month: date) -> tuple[datetime, datetime]:
        return month_span(month.year, month.month, self.household.community.zone)

    def _read(self, month: date) -> list[ReadHour]:
        if month not in self._read_hours:
            self._read_hours[month] = self._between(*self._span(month))
        return self._read_hours[month]

    def _between(self, start: datetime, end: datetime) -> list[ReadHour]:
        """Hours of `[start, end)`, in order."""
        with connection.cursor() as cursor:
            cursor.execute(HOURS, [self.household.pk, start, end])
            hours: list[ReadHour] = cursor.fetchall()
        return hours

    def _by_hours(self, month: date) -> list[HomeHour]:
        zone, region = self.household.community.zone, self.household.community.region
        found = []
        for number, taken, given in self._read(month):
            start, (day, band) = _hour(number, zone, region)
            found.append(HomeHour(start, day, band, taken, given))
        return found

    def _by_days(self, month: date) -> list[HomeHour]:
        """The month's hours of each day and tariff period together, for offers with fixed prices."""
        if month not in self._days:
            zone, region = self.household.community.zone, self.household.community.region
            found: dict[tuple[date, int], list[Any]] = {}
            last, sums = None, []
            for number, taken, given in self._read(month):
                start, key = _hour(number, zone, region)
                if key != last:  # hours of a period follow each other, and a date is slow to look up
                    last, sums = key, found.setdefault(key, [start, 0, 0])
                sums[1] += taken
                sums[2] += given
            self._days[month] = [
                HomeHour(start, *key, taken, given) for key, (start, taken, given) in found.items()
            ]
        return self._days[month]

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


@lru_cache(maxsize=65_536)
def _hour(number: int, zone: ZoneInfo, region: str) -> tuple[datetime, tuple[date, int]]:
    """Start, and civil day and tariff period, of an hour since 1970: the same for every home of a region."""
    start = datetime.fromtimestamp(number * 3_600, UTC)
    return start, (start.astimezone(zone).date(), BANDS.index(period(start, zone, region)))


class _PriceMissing(LookupError):
    """An hour's price was not published."""
