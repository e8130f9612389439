"""Virtual batteries of closed months: lived from the bills, corrected by differences, never negative."""

from datetime import date, timedelta
from unittest.mock import patch

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from community.models import Member, OfferTerms, SupplyContract
from community.services.tariffs import Offer, add_offer
from market.models import WalletEntry
from market.queries.retailer_bills import MonthBill, RetailerBills
from market.queries.wallet import offer_costs, wallet_rows
from market.services.closing import correct_month
from market.services.statements import close_month
from market.services.wallets import live_wallet, live_wallets, moves
from market.settlement.bill import Bill
from market.wording import wallet as wording
from tests import factories as make
from tests.market.test_rent_and_pool import CLOSING, NOVEMBER, cleared, homes, metered, street, usual

__all__ = ["homes", "street"]
LATER = CLOSING + timedelta(days=5)
FEE = {"wallet_ppm": 1_000_000, "wallet_fee_cents": 200, "wallet_expiry_months": 24}


def offer(marta, name, wallet, surplus=400_000):
    facts = Offer(
        retailer="Levante Luz", name=name, valid_from=date(2026, 1, 1), region="peninsula",
        energy_ueur_kwh=(500_000, 500_000, 500_000), surplus_ueur_kwh=surplus,
        power_ueur_kw_year=(27_704_413, 725_423), cap="with_tolls", wallet=wallet,
    )  # fmt: skip
    return add_offer(by=marta, at=make.NOON, offer=facts)


@pytest.fixture
def marta(street):
    return make.member(street, "Marta", Member.Role.ADMIN)


@pytest.fixture
def sunny(street, homes, marta):
    """Ana gives a kWh in November's only slot and takes nothing; her offer has a virtual battery."""
    SupplyContract.objects.filter(household=homes[0]).update(tariff=offer(marta, "Sol", FEE))
    cleared(street, usual(homes))
    metered(homes)
    close_month(community=street, month=NOVEMBER, at=CLOSING)
    return homes[0]


@pytest.mark.django_db
def test_what_compensation_leaves_is_put_in_once(street, sunny):
    assert live_wallets(community=street, at=CLOSING) == 1
    assert live_wallets(community=street, at=CLOSING) == 0

    entry = WalletEntry.objects.get()
    assert (entry.kind, entry.cents, entry.accounts) == ("added", 40, ("surplus", "wallet"))
    (told,) = RetailerBills(sunny).by_contract()
    assert told.bill["energy_p1"] == 0
    assert told.bill["wallet_fee"] > 0
    assert wallet_rows(sunny)[0].balance_cents == 40


@pytest.mark.django_db
def test_later_readings_book_the_difference_and_leave_what_was_booked(street, sunny, homes):
    live_wallets(community=street, at=CLOSING)
    metered(homes, at=CLOSING + timedelta(hours=1), given=700, taken=(400, 300))
    correct_month(community=street, month=NOVEMBER, at=LATER)

    live_wallets(community=street, at=LATER)

    assert list(WalletEntry.objects.order_by("pk").values_list("cents", flat=True)) == [40, -12]
    assert wallet_rows(sunny)[0].balance_cents == 28


@pytest.mark.django_db
def test_a_home_without_known_terms_has_no_wallet(street, homes):
    cleared(street, usual(homes))
    metered(homes)
    close_month(community=street, month=NOVEMBER, at=CLOSING)

    assert live_wallets(community=street, at=CLOSING) == 0
    assert live_wallet(household=homes[0], at=CLOSING) == 0
    assert offer_costs(homes[0]) == []


@pytest.mark.django_db
def test_every_offer_is_compared_on_the_homes_own_months(street, sunny, marta):
    offer(marta, "Plana", {"wallet_ppm": 0}, surplus=100_000)

    costs = offer_costs(sunny)

    plain, mine = costs
    assert (plain.tariff.name, mine.tariff.name, mine.mine) == ("Plana", "Sol", True)
    assert (mine.held_cents, mine.paid_by_wallet_cents, mine.months) == (40, 0, 1)
    assert mine.bills_cents > mine.without_cents == plain.bills_cents
    assert "more than it spared" in wording.worth_it(mine) or "costó" in wording.worth_it(mine)
    assert "Plana" in wording.choice(costs)


@pytest.mark.django_db
def test_the_page_and_the_statement_tell_it(client, street, sunny, marta):
    rosa = make.member(street, "Rosa")
    sunny.member = rosa
    sunny.save()
    live_wallets(community=street, at=CLOSING)
    client.force_login(rosa.user)
    with patch("config.clock.now", lambda: LATER):
        page = client.get(reverse("virtual-battery")).content.decode().replace("\xa0", " ")
        statement = client.get(reverse("statement", args=[2026, 11])).content.decode().replace("\xa0", " ")
        table = client.get(reverse("statement-file", args=[2026, 11, "csv"])).content.decode().replace("\xa0", " ")

    assert "En tu batería virtual: 0,40 €" in page
    assert "entran 0,40 €" in statement
    assert "entran 0,40 €" in table


def bills(rows):
    """Months of (terms, total, left) from January 2024 on."""
    start, answer = date(2024, 1, 1), []
    for number, (ppm, expiry, total, left) in enumerate(rows):
        month = date(start.year + number // 12, number % 12 + 1, 1)
        terms = None if ppm is None else OfferTerms(wallet_ppm=ppm, wallet_expiry_months=expiry)
        answer.append(MonthBill(month, terms, Bill((("total", total),), left)))
    return answer


MONTH = st.tuples(
    st.one_of(st.none(), st.just(0), st.integers(1, 1_000_000)),
    st.one_of(st.none(), st.integers(1, 6)),
    st.integers(0, 9_000),
    st.integers(0, 9_000),
)


@given(st.lists(MONTH, max_size=30))
def test_no_wallet_is_ever_negative_and_corrections_add_up_to_the_truth(rows):
    truth = moves(bills(rows))

    balance = 0
    for month in sorted({month for month, _kind in truth}):
        own = {kind: cents for (when, kind), cents in truth.items() if when == month}
        assert all(cents > 0 for cents in own.values())
        balance += own.get("added", 0) - own.get("used", 0) - own.get("expired", 0) - own.get("left", 0)
        assert balance >= 0


def test_leaving_a_retailer_loses_what_is_in_it():
    found = moves(bills([(1_000_000, None, 100, 500), (0, None, 100, 0), (1_000_000, None, 100, 0)]))

    assert [(month.month, kind, cents) for (month, kind), cents in found.items()] == [
        (1, "added", 500),
        (2, "left", 500),
    ]
