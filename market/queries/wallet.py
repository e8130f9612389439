"""What a home's virtual battery did, and what its months would have cost under each offer."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, Sum

from community.models import Household, SupplyContract, Tariff
from market.models import WalletEntry
from market.queries.retailer_bills import RetailerBills, live_wallet_month
from market.settlement.virtual_battery import Wallet

# Comparing more months than a year says nothing new.
COMPARED = 12


@dataclass(frozen=True, slots=True)
class WalletRow:
    """A month of the wallet, cents; `balance_cents` at its end."""

    month: date
    added_cents: int
    used_cents: int
    lost_cents: int
    balance_cents: int


def wallet_rows(household: Household) -> list[WalletRow]:
    """Every month that moved something in the present member's hands, oldest first."""
    sums: dict[date, dict[str, int]] = defaultdict(dict)
    entered = WalletEntry.objects.filter(household=household, month__gte=household.own_since)
    entries = entered.values_list("month", "kind")
    for month, kind, cents in entries.annotate(sum=Sum("cents")).order_by("month"):
        sums[month][kind] = int(cents)
    rows, balance = [], 0
    for month, own in sums.items():
        added, used = own.get("added", 0), own.get("used", 0)
        lost = own.get("expired", 0) + own.get("left", 0)
        balance += added - used - lost
        rows.append(WalletRow(month, added, used, lost, balance))
    return rows


@dataclass(frozen=True, slots=True)
class OfferCost:
    """What the same months would have come to under an offer, cents: the bills with their virtual battery, what
    that paid of them, what it holds at the end, and the bills without one. So many `months` could be told.
    """

    tariff: Tariff
    mine: bool
    months: int
    bills_cents: int
    paid_by_wallet_cents: int
    held_cents: int
    without_cents: int
    has_wallet: bool

    @property
    def cost_cents(self) -> int:
        """What is really paid."""
        return self.bills_cents - self.paid_by_wallet_cents


def offer_costs(household: Household) -> list[OfferCost]:
    """Every offer with known terms on the home's last closed months, the cheapest first."""
    bills = RetailerBills(household)
    months = [month for month in bills.months() if month >= household.own_since][-COMPARED:]
    bills.read(months)
    whose = Q(community=None) | Q(community=household.community_id)
    offers = Tariff.objects.filter(whose, terms__isnull=False).distinct()
    latest = SupplyContract.objects.filter(household=household).order_by("-valid_from").first()
    mine = None if latest is None else latest.tariff_id
    found = [_cost(bills, offer, offer.pk == mine, months) for offer in offers]
    told = [one for one in found if one.months]
    most = max((one.months for one in told), default=0)
    return sorted((one for one in told if one.months == most), key=lambda one: one.cost_cents)


def _cost(bills: RetailerBills, offer: Tariff, mine: bool, months: Iterable[date]) -> OfferCost:
    wallet, billed, paid, plain, count, has = Wallet(), 0, 0, 0, 0, False
    for month in months:
        _month, terms, bill = bills.under(offer.pk, month)
        if terms is None or bill is None:
            continue
        count, billed = count + 1, billed + bill.total_cents
        if not terms.wallet_ppm:
            plain += bill.total_cents
            continue
        without = bills.under(offer.pk, month, with_wallet=False).bill
        has, plain = True, plain + (without.total_cents if without else 0)
        lived = live_wallet_month(wallet, month, terms, bill)
        wallet, paid = lived.wallet, paid + lived.used_cents
    return OfferCost(offer, mine, count, billed, paid, wallet.balance_cents, plain, has)
