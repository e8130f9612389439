"""Settling through the services: once, with corrections that book and never edit."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.db.models import Sum

from community.models import Device
from market.models import Entry, Mandate, Order, Posting, SetPoint, SettledHome, Settlement, Trade
from market.services.agents import place_orders
from market.services.clear import GateStillOpen, clear_slot
from market.services.settle import settle_due, settle_slots
from tests import factories as make

pytestmark = pytest.mark.django_db

START = make.NOON
AFTER = START + timedelta(hours=1)


@pytest.fixture
def street():
    return make.community(grid_fee_ueur_kwh=5_000)


@pytest.fixture
def homes(street):
    offer = make.tariff()
    return make.home(street, "Ana", offer, min_sell_ueur_kwh=90_000), make.home(street, "Bruno", offer)


def order(slot, home, side, energy_wh, limit, kind="firm"):
    retailer = {"buy": 200_000, "sell": 50_000}[side]
    return Order.objects.create(
        slot=slot, household=home, mandate=Mandate.objects.get(household=home), side=side, kind=kind,
        energy_wh=energy_wh, limit_ueur_kwh=limit, retailer_ueur_kwh=retailer, placed_at=slot.gate_closure,
    )  # fmt: skip


@pytest.fixture
def traded(street, homes):
    """A cleared slot in which Ana sold 1,000 Wh to Bruno."""
    ana, bruno = homes
    slot = make.slot(street)
    order(slot, ana, "sell", 1_000, 90_000)
    order(slot, bruno, "buy", 1_000, 150_000)
    clear_slot(slot_id=slot.pk, at=slot.gate_closure)
    return slot


def test_no_slot_is_cleared_while_its_gate_is_open(street):
    slot = make.slot(street)

    with pytest.raises(GateStillOpen, match="closes at"):
        clear_slot(slot_id=slot.pk, at=slot.gate_closure - timedelta(seconds=1))


def test_clearing_twice_trades_once(traded):
    before = list(Trade.objects.values())

    clear_slot(slot_id=traded.pk, at=AFTER)

    assert list(Trade.objects.values()) == before
    assert len(before) == 2


def test_after_gate_closure_nobody_orders(street, homes):
    slot = make.slot(street)

    place_orders(slot_id=slot.pk, at=slot.gate_closure)

    slot.refresh_from_db()
    assert slot.ordered_at is None


def test_a_slot_waits_for_all_readings(street, homes, traded):
    make.read(homes[0], START, 0, 1_000)

    assert settle_due(community=street, at=AFTER) == 0

    make.read(homes[1], START, 1_200, 0)
    assert settle_due(community=street, at=AFTER) == 1
    assert settle_due(community=street, at=AFTER + timedelta(minutes=1)) == 0


def test_after_a_day_it_settles_provisionally_with_what_there_is(street, homes, traded):
    make.read(homes[0], START, 0, 1_000)

    assert settle_due(community=street, at=START + timedelta(days=2)) == 1

    settlement = Settlement.objects.get()
    assert settlement.provisional
    assert settlement.homes.get(household=homes[1]).missing


def test_a_late_reading_books_a_reversal_and_a_new_entry(street, homes, traded):
    ana, bruno = homes
    make.read(ana, START, 0, 1_000)
    make.read(bruno, START, 1_000, 0)
    settle_due(community=street, at=AFTER)
    first = list(Posting.objects.order_by("pk").values_list("pk", "amount_neur"))

    make.read(bruno, START, 400, 0, at=AFTER + timedelta(hours=1))
    settle_due(community=street, at=AFTER + timedelta(hours=2))

    assert list(Posting.objects.order_by("pk").values_list("pk", "amount_neur"))[: len(first)] == first
    assert list(Entry.objects.order_by("pk").values_list("kind", flat=True)) == ["settle", "reverse", "settle"]
    assert Posting.objects.aggregate(Sum("amount_neur"))["amount_neur__sum"] == 0
    assert Settlement.objects.get(is_current=True).revision == 2
    assert SettledHome.objects.get(household=ana, is_current=True).sold_wh == 400
    price = traded_price(traded)
    assert balance(bruno) == -400 * price


def traded_price(slot):
    slot.refresh_from_db()
    return slot.price_ueur_kwh


def balance(home):
    return Posting.objects.filter(account__household=home).aggregate(Sum("amount_neur"))["amount_neur__sum"]


def test_a_confirming_reading_adds_no_revision(street, homes, traded):
    for at in (START + timedelta(minutes=16), AFTER + timedelta(minutes=5)):
        make.read(homes[0], START, 0, 1_000, at=at)
        make.read(homes[1], START, 1_000, 0, at=at)
        settle_due(community=street, at=at)

    assert settle_slots(community=street, slot_ids=[traded.pk], at=AFTER + timedelta(hours=3)) == 0
    assert Settlement.objects.get().revision == 1


def test_postings_out_of_balance_are_refused_by_the_database(street, homes, traded):
    make.read(homes[0], START, 0, 1_000)
    make.read(homes[1], START, 1_000, 0)
    settle_due(community=street, at=AFTER)
    posting = Posting.objects.first()

    with pytest.raises(DatabaseError, match="out of balance"), transaction.atomic():
        Posting.objects.create(entry=posting.entry, account=posting.account, amount_neur=1, energy_wh=0)
        with transaction.get_connection().cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.usefixtures("owner")
@pytest.mark.parametrize("rows", [Posting, Entry, Trade])
def test_what_is_booked_can_be_neither_changed_nor_deleted(street, homes, traded, rows):
    make.read(homes[0], START, 0, 1_000)
    make.read(homes[1], START, 1_000, 0)
    settle_due(community=street, at=AFTER)
    booked = rows.objects.order_by("pk")
    column = {"Posting": "amount_neur", "Entry": "kind", "Trade": "energy_wh"}[rows.__name__]

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        booked.update(**{column: booked.values_list(column, flat=True)[0]})
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        booked._raw_delete(booked.db)


def test_a_clearing_that_the_verifier_refuses_is_not_published(street, homes, monkeypatch, caplog):
    slot = make.slot(street)
    order(slot, homes[0], "sell", 1_000, 90_000)
    order(slot, homes[1], "buy", 1_000, 150_000)
    monkeypatch.setattr("market.services.clear.verify", lambda *_: ["The welfare is wrong."])

    clear_slot(slot_id=slot.pk, at=slot.gate_closure)

    slot.refresh_from_db()
    assert (slot.status, slot.problems) == ("fallback", ["The welfare is wrong."])
    assert not Trade.objects.exists()
    assert {outcome.retailer_wh for outcome in slot.outcomes.all()} == {1_000}
    assert "was not cleared" in caplog.text


def test_a_solver_without_an_answer_leaves_everybody_with_the_retailer(street, homes, monkeypatch, caplog):
    slot = make.slot(street)
    order(slot, homes[1], "buy", 1_000, 150_000)

    def give_up(*_):
        raise ArithmeticError("The solver ended with infeasible.")

    monkeypatch.setattr("market.services.clear.clear", give_up)

    clear_slot(slot_id=slot.pk, at=slot.gate_closure)

    slot.refresh_from_db()
    assert (slot.status, slot.problems) == ("fallback", ["The solver ended with infeasible."])


def test_only_panels_hold_back_and_only_what_the_grid_cannot_take(street, homes):
    ana, _ = homes
    street.export_limit_w = 2_000
    street.save()
    panels = Device.objects.create(household=ana, kind="pv", name="Placas", peak_w=5_000)
    make.battery(ana)
    slot = make.slot(street)
    order(slot, ana, "sell", 800, 0)

    clear_slot(slot_id=slot.pk, at=slot.gate_closure)

    assert list(SetPoint.objects.values_list("device", "energy_wh")) == [(panels.pk, 300)]
