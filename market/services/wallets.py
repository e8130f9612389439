"""Virtual batteries lived month by month from retailers' bills; later readings book what they change."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction
from django.db.models import Max, Sum

from community.models import Community, Household
from market.models import Statement, WalletEntry
from market.queries.retailer_bills import MonthBill, RetailerBills, live_wallet_month
from market.settlement.virtual_battery import Wallet

Kind = WalletEntry.Kind
Moves = dict[tuple[date, str], int]


def live_wallets(*, community: Community, at: datetime) -> int:
    """Book what closed months did to the wallets of a community's homes; how many entries.

    Homes whose statements are no newer than their wallet are passed over.
    """
    homes = (
        Household.objects.filter(community=community, contracts__tariff__terms__wallet_ppm__gt=0)
        .select_related("community")
        .distinct()
    )
    return sum(live_wallet(household=home, at=at) for home in homes if _is_behind(home))


def _is_behind(home: Household) -> bool:
    issued = Statement.objects.filter(household=home).aggregate(last=Max("issued_at"))["last"]
    booked = WalletEntry.objects.filter(household=home).aggregate(last=Max("booked_at"))["last"]
    return issued is not None and (booked is None or booked < issued)


@transaction.atomic
def live_wallet(*, household: Household, at: datetime) -> int:
    """Live a home's wallet anew from its first month and book the differences; how many entries."""
    Household.objects.select_for_update(no_key=True).get(pk=household.pk)
    truth = moves(RetailerBills(household).by_contract())
    rows = WalletEntry.objects.filter(household=household).values_list("month", "kind").annotate(sum=Sum("cents"))
    booked = {(month, kind): int(cents) for month, kind, cents in rows}
    entries = [
        WalletEntry(household=household, month=month, kind=kind, cents=cents, booked_at=at)
        for month, kind in sorted(truth.keys() | booked.keys())
        if (cents := truth.get((month, kind), 0) - booked.get((month, kind), 0))
    ]
    WalletEntry.objects.bulk_create(entries)
    return len(entries)


def moves(bills: Iterable[MonthBill]) -> Moves:
    """What each month moved, cents by month and kind, nothing left out where there was nothing.

    A month under an offer without a wallet empties it: it is lost on leaving. A month whose bill cannot be told
    (tolls or prices that are not known) leaves the wallet as it was.
    """
    found: Moves = defaultdict(int)
    wallet = Wallet()
    for month, terms, bill in bills:
        if terms is not None and not terms.wallet_ppm:
            found[month, Kind.LEFT] = wallet.balance_cents
            wallet = Wallet()
        if terms is None or bill is None or not terms.wallet_ppm:
            continue
        lived = live_wallet_month(wallet, month, terms, bill)
        found[month, Kind.ADDED] = lived.added_cents
        found[month, Kind.USED] = lived.used_cents
        found[month, Kind.EXPIRED] = lived.expired_cents
        wallet = lived.wallet
    return {move: cents for move, cents in found.items() if cents}
