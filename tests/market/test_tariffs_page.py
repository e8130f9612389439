"""Offers, contracts and the check against a real bill, as an administrator types them."""

from datetime import date, timedelta
from unittest.mock import patch

import pytest

from community.models import Household, Member, OfferTerms, SupplyContract, Tariff, TariffVersion
from community.roles import NotAllowed
from community.services.tariffs import Offer, TermsComeTooEarly, add_offer, give_contract
from community.tariff_book import TariffBook
from market.models import SettledHome
from market.services.settle import settle_due
from tests import factories as make

pytestmark = pytest.mark.django_db

NOW = make.NOON


@pytest.fixture(autouse=True)
def _clock():
    with patch("config.clock.now", lambda: NOW):
        yield


@pytest.fixture
def street():
    return make.community()


@pytest.fixture
def marta(street):
    return make.member(street, "Marta", Member.Role.ADMIN)


@pytest.fixture
def admin(client, marta):
    client.force_login(marta.user)
    return client


def offer(**changes):
    facts = {
        "retailer": "Levante Luz", "name": "Tres", "valid_from": date(2026, 1, 1), "region": "peninsula",
        "energy_ueur_kwh": (180_000, 120_000, 90_000), "surplus_ueur_kwh": 40_000,
        "power_ueur_kw_year": (27_704_413, 725_423), "cap": "with_tolls", "wallet": {"wallet_ppm": 0},
    }  # fmt: skip
    return Offer(**facts | changes)


def typed(**changes):
    return {
        "retailer": "Levante Luz", "name": "Tres", "valid_from": "2026-01-01", "region": "peninsula", "p1": "0,18",
        "p2": "0,12", "p3": "0,09", "surplus": "0,04", "power_p1": "27,704413", "power_p2": "0,725423",
        "cap": "with_tolls", "wallet_pct": "100", "wallet_fee": "1,99", "wallet_expiry": "60",
        "index": "", "surplus_kind": "fixed", "negative_surplus": "as_published",
    } | changes  # fmt: skip


def bill(**changes):
    return {
        "first": "2026-02-01", "last": "2026-03-02", "kilowatts": "4,6", "p1": "70", "p2": "65", "p3": "115",
        "surplus": "", "total": "54,47",
    } | changes  # fmt: skip


def english(answer):
    return answer.content.decode().replace("\xa0", " ").replace("&#x27;", "'")


def test_an_offer_before_taxes_becomes_prices_with_the_taxes_of_each_date(street, marta):
    tariff = add_offer(by=marta, at=make.NOON, offer=offer())

    versions = list(TariffVersion.objects.filter(tariff=tariff).order_by("valid_from"))
    assert [version.valid_from for version in versions] == [date(2026, 1, 1), date(2026, 3, 22), date(2026, 6, 1)]
    assert [version.import_p1_ueur_kwh for version in versions] == [228_935, 198_990, 228_935]
    assert versions[0].feed_in_ueur_kwh == 50_875


def test_new_terms_replace_later_prices_and_never_begin_before_the_last(street, marta):
    tariff = add_offer(by=marta, at=make.NOON, offer=offer())

    add_offer(
        by=marta,
        at=make.NOON,
        offer=offer(valid_from=date(2026, 5, 1), energy_ueur_kwh=(200_000, 120_000, 90_000)),
    )
    with pytest.raises(TermsComeTooEarly):
        add_offer(by=marta, at=make.NOON, offer=offer(valid_from=date(2026, 4, 1)))

    rows = tariff.versions.order_by("valid_from").values_list("valid_from", "import_p1_ueur_kwh")
    assert [day for day, _ in rows] == [date(2026, 1, 1), date(2026, 3, 22), date(2026, 5, 1), date(2026, 6, 1)]
    assert dict(rows)[date(2026, 6, 1)] == 254_373


def test_the_page_keeps_an_offer_and_gives_it_to_a_home(admin, street):
    home = make.home(street, "Azahar 3", make.tariff())

    form = english(admin.get("/tariffs/new/?preset=night", headers={"accept-language": "en"}))
    admin.post("/tariffs/new/", typed())
    tariff = Tariff.objects.get(community=street)
    given = {"household": home.pk, "tariff": tariff.pk, "valid_from": "2026-11-20"}
    page = english(admin.post("/tariffs/", given, follow=True, headers={"accept-language": "en"}))

    assert 'value="0.197"' in form
    assert "27.704413" in form, "power at this year's tolls and charges"
    terms = OfferTerms.objects.get()
    assert (terms.wallet_ppm, terms.wallet_fee_cents, terms.wallet_expiry_months) == (1_000_000, 199, 60)
    assert "Azahar 3 has Levante Luz Tres from 20 November 2026 on." in page
    assert "P1 now: pays 0.229 €/kWh, gets 0.051 €/kWh" in page
    assert TariffBook(street).prices(home.pk, NOW).import_ueur_kwh == 228_935


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"surplus": "0,09"}, "pays less for surplus than it charges"),
        ({"p2": "twelve"}, "Write a price in euros per kWh"),
        ({"valid_from": "2020-01-01"}, "Azotea knows no taxes of that day"),
        ({"wallet_pct": "101"}, "less than or equal to 100"),
        ({"retailer": ""}, "This field is required"),
    ],
)
def test_an_offer_that_cannot_be_is_explained_beside_the_field(admin, change, words):
    answer = admin.post("/tariffs/new/", typed(**change), headers={"accept-language": "en"})

    assert answer.status_code == 422
    assert words in english(answer)
    assert not OfferTerms.objects.exists()


def test_the_same_day_twice_is_explained(admin):
    admin.post("/tariffs/new/", typed())

    answer = admin.post("/tariffs/new/", typed(), headers={"accept-language": "en"})

    assert "This offer has terms from 1 January 2026 on: new ones begin later." in english(answer)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "Your bill says 54.47 €, we compute 54.47 €: they agree."),
        ({"total": "54,48"}, "Your bill says 54.48 €, we compute 54.47 €: they agree."),
        ({"total": "64,56"}, "we compute 54.47 €: +10.09 €. Compare the lines"),
        ({"surplus": "300", "total": "39,22"}, "Your bill says 39.22 €, we compute 39.22 €: they agree."),
        ({"surplus": "900", "total": "15,37"}, "Surplus that could not be compensated (not in the total)"),
        ({"last": "2026-01-15"}, "The last day comes after the first"),
        ({"first": "2025-12-01", "last": "2025-12-31"}, "This offer has no terms before that day."),
    ],
)
def test_a_real_bill_is_worked_out_and_compared(admin, marta, changes, words):
    tariff = add_offer(by=marta, at=make.NOON, offer=offer())

    answer = admin.post(f"/tariffs/{tariff.pk}/check/", bill(**changes), headers={"accept-language": "en"})

    assert words in english(answer)


def test_a_bill_across_a_change_of_taxes_is_split_by_days(admin, marta):
    tariff = add_offer(by=marta, at=make.NOON, offer=offer())
    given = bill(first="2026-03-08", last="2026-04-06", total="50,60")

    page = english(admin.post(f"/tariffs/{tariff.pk}/check/", given, headers={"accept-language": "en"}))

    assert page.count("Electricity tax") == 2
    assert "Your bill says 50.60 €" in page


def test_a_contract_typed_in_later_changes_nothing_that_is_settled(street, marta):
    usual = make.tariff()
    home, other = (make.home(street, name, usual) for name in ("Azahar 3", "Azahar 5"))
    slot = make.slot(street, NOW - timedelta(hours=2))
    type(slot).objects.filter(pk=slot.pk).update(status="cleared", cleared_at=slot.gate_closure)
    for one in (home, other):
        make.read(one, slot.start, 400, 0)
    settle_due(community=street, at=NOW)
    before = SettledHome.objects.get(household=home)
    tariff = add_offer(by=marta, at=make.NOON, offer=offer())
    give_contract(by=marta, at=make.NOON, household_id=home.pk, tariff_id=tariff.pk, valid_from=date(2026, 11, 1))

    make.read(home, slot.start, 500, 0, at=NOW + timedelta(seconds=30))
    settle_due(community=street, at=NOW + timedelta(minutes=1))

    after = SettledHome.objects.get(household=home, is_current=True)
    assert (after.import_wh, before.import_wh) == (500, 400)
    assert after.import_ueur_kwh == before.import_ueur_kwh != 228_935


def test_offers_of_other_communities_are_nobody_elses(client, street, marta):
    tariff = add_offer(by=marta, at=make.NOON, offer=offer())
    zoe = make.member(make.community(slug="otra"), "Zoe", Member.Role.ADMIN)
    client.force_login(zoe.user)

    assert "Levante Luz" not in english(client.get("/tariffs/"))
    assert client.get(f"/tariffs/{tariff.pk}/check/").status_code == 404
    with pytest.raises(Tariff.DoesNotExist):
        home = make.home(zoe.community, "B 1", make.tariff("Otra"))
        give_contract(
            by=zoe, at=make.NOON, household_id=home.pk, tariff_id=tariff.pk, valid_from=date(2026, 11, 1)
        )
    assert add_offer(by=zoe, at=make.NOON, offer=offer()) != tariff


def test_residents_type_in_nothing(client, street):
    eva = make.member(street, "Eva")
    client.force_login(eva.user)

    assert client.get("/tariffs/").status_code == 403
    assert client.post("/tariffs/new/", typed()).status_code == 403
    with pytest.raises(NotAllowed):
        add_offer(by=eva, at=make.NOON, offer=offer())
    with pytest.raises(NotAllowed):
        give_contract(by=eva, at=make.NOON, household_id=1, tariff_id=1, valid_from=date(2026, 11, 1))
    assert not SupplyContract.objects.exists()


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_a_bill_of_the_calendars_edges_is_explained(admin, marta, day):
    tariff = add_offer(by=marta, at=make.NOON, offer=offer(valid_from=date(2025, 1, 1)))

    answer = admin.post(f"/tariffs/{tariff.pk}/check/", bill(first=day, last=day))

    assert answer.status_code == 422


@pytest.mark.parametrize("page", ["/tariffs/prices/?m=0001-01", "/sharing/?m=0001-01", "/closing/?m=9999-12"])
def test_a_month_at_the_calendars_edges_is_this_month(admin, page):
    assert admin.get(page).status_code == 200


def test_homes_stand_in_the_streets_order_with_the_offer_that_they_have(admin, street):
    tres = make.tariff()
    for number in (11, 3):
        make.home(street, f"Azahar {number}", tres)
    Household.objects.create(community=street, name="Azahar 4")

    told = admin.get("/tariffs/").context["homes"]

    assert [(home.name, offer) for home, _now, offer in told] == [
        ("Azahar 3", tres), ("Azahar 4", None), ("Azahar 11", tres)
    ]  # fmt: skip
