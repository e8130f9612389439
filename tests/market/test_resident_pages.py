"""The resident's pages show one home's own figures, in few queries, whole or in part."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from community.models import (
    Community,
    Device,
    DeviceState,
    Household,
    Member,
    SupplyContract,
    Tariff,
    TariffVersion,
    User,
)
from config import clock
from market.models import Mandate, Order, Outcome, SettledHome, Settlement, Slot, Trade

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 14, 38, tzinfo=UTC)
NOON = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
A_SLOT = timedelta(minutes=15)


@pytest.fixture(autouse=True)
def stopped_clock(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def street():
    """A community with a tariff."""
    tariff = Tariff.objects.create(retailer="Luz", name="2.0TD")
    TariffVersion.objects.create(
        tariff=tariff,
        valid_from=date(2026, 1, 1),
        import_p1_ueur_kwh=214_000,
        import_p2_ueur_kwh=164_000,
        import_p3_ueur_kwh=115_000,
        feed_in_ueur_kwh=60_000,
    )
    return Community.objects.create(slug="terreta", name="La Terreta", created_at=NOW - timedelta(days=60))


@pytest.fixture
def ana(street):
    return settle_in(street, "Ana")


@pytest.fixture
def bruno(street):
    return settle_in(street, "Bruno")


def settle_in(street, name):
    """A member with a home, a contract and a mandate."""
    user = User.objects.create_user(f"{name}@example.org", "azotea-azotea", name=name)
    member = Member.objects.create(community=street, user=user, joined_at=NOW - timedelta(days=60))
    home = Household.objects.create(community=street, member=member, name=f"Casa de {name}")
    SupplyContract.objects.create(household=home, tariff=Tariff.objects.get(), valid_from=date(2026, 1, 1))
    Mandate.objects.create(household=home, valid_from=NOW - timedelta(days=50), reserve_pct=40)
    return home


def visitor(home):
    """A browser in which the home's member is logged in, reading English."""
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(home.member.user)
    return client


def trade(seller, buyer, start=NOON, energy_wh=500, price=100_000, settle=True):
    """A cleared slot in which one home sold to another; settled unless told otherwise."""
    slot = Slot.objects.create(
        community=seller.community,
        start=start,
        end=start + A_SLOT,
        gate_closure=start - timedelta(minutes=5),
        status=Slot.Status.CLEARED,
        cleared_at=start,
        price_ueur_kwh=price,
        price_low_ueur_kwh=90_000,
        price_high_ueur_kwh=110_000,
        price_rule="equilibrium_midpoint",
        fairness_rule="pro_rata",
        traded_wh=energy_wh,
    )
    for home, side, retailer in ((seller, "sell", 60_000), (buyer, "buy", 115_000)):
        order = Order.objects.create(
            slot=slot,
            household=home,
            mandate=home.mandates.get(),
            side=side,
            kind="firm",
            energy_wh=energy_wh,
            limit_ueur_kwh=retailer,
            retailer_ueur_kwh=retailer,
            placed_at=start - timedelta(minutes=10),
        )
        Outcome.objects.create(order=order, slot=slot, local_wh=energy_wh, retailer_wh=0, reason="filled")
        Trade.objects.create(
            order=order, slot=slot, household=home, side=side, energy_wh=energy_wh, price_ueur_kwh=price
        )
    if settle:
        book(slot, seller, buyer, energy_wh, price)
    return slot


def book(slot, seller, buyer, energy_wh, price):
    settlement = Settlement.objects.create(
        slot=slot, settled_at=slot.end, provisional=False, readings_as_of=slot.end
    )
    for home, sold, bought in ((seller, energy_wh, 0), (buyer, 0, energy_wh)):
        SettledHome.objects.create(
            settlement=settlement,
            household=home,
            start=slot.start,
            import_wh=bought,
            export_wh=sold,
            bought_wh=bought,
            sold_wh=sold,
            import_ueur_kwh=115_000,
            feed_in_ueur_kwh=60_000,
            price_ueur_kwh=price,
            paid_neur=bought * price,
            earned_neur=sold * price,
            baseline_neur=bought * 115_000 - sold * 60_000,
            actual_neur=(bought - sold) * price,
        )


def text(response):
    return response.content.decode().replace("\u00a0", " ").replace("\u2060", "")


def test_the_home_page_says_first_what_the_home_sold(ana, bruno):
    trade(ana, bruno)

    page = text(visitor(ana).get("/"))

    assert "0.50 kWh</span> to 1 neighbour at" in page
    assert "0.02 €</span> more than with your retailer alone." in page
    assert "12:00–12:15" in page


def test_a_past_day_shows_the_battery_as_it_was_then(ana, bruno):
    trade(ana, bruno)
    battery = Device.objects.create(household=ana, kind="battery", name="Batería", capacity_wh=10_000)
    for hours, soc_wh in ((-30, 2_000), (-16, 7_000), (1, 4_000)):
        DeviceState.objects.create(device=battery, at=NOON + timedelta(hours=hours), soc_wh=soc_wh, energy_wh=0)

    now, then, before = (text(visitor(ana).get(f"/{query}")) for query in ("", "?d=2026-11-21", "?d=2026-11-19"))

    assert '<span class="value">40 %</span> your reserve is 40 %' in now
    assert '<span class="value">70 %</span> at the end of this day' in then
    assert "<dt>Battery</dt>" not in before


def test_the_home_page_tells_why_the_line_leaves_the_band(ana, bruno):
    trade(ana, bruno)

    assert "Where the line leaves it, neighbours with another retailer were trading." in text(
        visitor(ana).get("/")
    )


def test_a_months_mean_price_says_that_it_is_metered(ana, bruno):
    trade(ana, bruno)

    assert "on average, as metered" in text(visitor(ana).get("/months/"))


def test_the_same_trade_reads_as_a_purchase_next_door(ana, bruno):
    trade(ana, bruno)

    page = text(visitor(bruno).get("/"))

    assert "Today you have bought" in page
    assert "Today you have sold" not in page


def test_a_home_without_readings_is_told_what_is_missing(ana):
    page = text(visitor(ana).get("/"))

    assert "Waiting for the first readings of your meter" in page
    assert "<figure" not in page


def test_a_day_without_a_trade_says_why(ana, bruno):
    trade(ana, bruno, start=NOON - timedelta(days=1))

    page = text(visitor(ana).get("/"))

    assert "Today you have not traded with your neighbours yet." in page
    assert "Your agent had nothing to offer or to ask for" in page


def test_the_address_names_the_day(ana, bruno):
    trade(ana, bruno, start=NOON - timedelta(days=1))

    page = text(visitor(ana).get("/", {"d": "2026-11-21"}))

    assert "Yesterday, 21 November" in page
    assert "Yesterday you sold" in page


def test_the_page_speaks_spanish(ana, bruno):
    trade(ana, bruno)
    client = visitor(ana)
    client.cookies["django_language"] = "es"

    page = text(client.get("/"))

    assert '<html lang="es">' in page
    assert "Hoy has vendido" in page
    assert "a 1 vecino a" in page
    assert "Simulación: nadie debe nada." in page


def test_htmx_gets_the_day_alone_and_the_back_button_the_whole_page(ana, bruno):
    trade(ana, bruno)
    client = visitor(ana)
    htmx = {"HX-Request": "true", "HX-Target": "day"}

    part = client.get("/", headers=htmx)
    whole = client.get("/", headers={**htmx, "HX-History-Restore-Request": "true"})
    unknown = client.get("/", headers={**htmx, "HX-Target": "elsewhere"})

    assert text(part).lstrip().startswith('<div id="day"')
    assert "<!doctype html>" in text(whole)
    assert "<!doctype html>" in text(unknown)
    assert "HX-Target" in part["Vary"]


def test_no_page_has_inline_script_or_style(ana, bruno):
    slot = trade(ana, bruno)
    client = visitor(ana)

    for address in ("/", reverse("slot", kwargs={"start": slot.start})):
        page = text(client.get(address))
        assert " style=" not in page
        assert "<script>" not in page
        assert " onclick=" not in page
        assert "http://" not in page
        assert "https://" not in page


@pytest.mark.parametrize("count", [1, 12])
def test_the_number_of_queries_does_not_grow_with_the_slots(ana, bruno, count, django_assert_max_num_queries):
    slots = [trade(ana, bruno, start=NOON - A_SLOT * i) for i in range(count)]
    client = visitor(ana)
    client.get("/more/")  # a session's first page notes when it was used

    with django_assert_max_num_queries(27):
        client.get("/")
    with django_assert_max_num_queries(14):
        client.get(reverse("slot", kwargs={"start": slots[0].start}))


def test_a_slot_shows_the_homes_own_order_and_money_and_the_book_without_names(ana, bruno):
    slot = trade(ana, bruno)

    page = text(visitor(ana).get(reverse("slot", kwargs={"start": slot.start})))

    assert "0.50 kWh at 0.060 €/kWh or more" in page
    assert "+0.050 €" in page
    assert "+0.05 €" in page.split("Show the numbers")[1]  # to the last n€
    assert "500 Wh × 0.100 €/kWh" in page
    assert "Bruno" not in page


def test_a_stranger_to_the_slot_sees_the_price_and_no_orders(ana, bruno, street):
    slot = trade(ana, bruno)
    carla = settle_in(street, "Carla")

    page = text(visitor(carla).get(reverse("slot", kwargs={"start": slot.start})))

    assert "0.100 €/kWh" in page
    assert "What your agent asked for" in page
    assert "Energy × price" not in page


def test_an_unsettled_slot_says_what_it_waits_for(ana, bruno):
    slot = trade(ana, bruno, settle=False)

    page = text(visitor(ana).get(reverse("slot", kwargs={"start": slot.start})))

    assert "Not settled yet" in page


def test_another_communitys_slot_is_not_found(ana, bruno):
    slot = trade(ana, bruno)
    elsewhere = Community.objects.create(slug="otra", name="Otra", created_at=NOW)
    diego = settle_in(elsewhere, "Diego")

    response = visitor(diego).get(reverse("slot", kwargs={"start": slot.start}))

    assert response.status_code == 404


def test_a_member_with_two_homes_stays_in_the_one_that_was_chosen(ana, bruno):
    trade(ana, bruno)
    Household.objects.filter(pk=bruno.pk).update(member=ana.member)

    page = text(visitor(ana).get("/", {"home": str(bruno.pk)}))

    assert "Today you have bought" in page
    assert f"/slots/2026-11-22T1100Z/?home={bruno.pk}" in page


@pytest.mark.parametrize("address", ["/slots/2026-11-22T1107Z/", "/slots/2026-13-22T1100Z/", "/slots/noon/"])
def test_a_slot_that_is_none_is_not_found(ana, address):
    assert visitor(ana).get(address).status_code == 404


@pytest.mark.parametrize("address", ["/", "/slots/2026-11-22T1100Z/"])
def test_visitors_must_log_in(address):
    response = Client().get(address)

    assert response.status_code == 302
    assert response["Location"].startswith("/login/")
