"""Every rule of the books finds the row that breaks it, and where the log speaks of it."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from market import tasks
from market.models import Entry, LogLeaf, Order, Posting, SettledHome, Settlement, Slot, Statement, Trade
from market.queries.again import unlike
from market.queries.book_rules import QUESTIONS
from market.queries.fsck import faults
from market.services.clear import clear_slot
from market.services.closing import close_due_months
from market.services.settle import settle_due
from market.services.solvers import solver
from market.services.statements import close_month
from tests import factories as make
from tests.market.ledger.test_log import KEPT_BY_THE_DATABASE, as_a_superuser
from tests.market.test_rent_and_pool import CLOSING, NOVEMBER, metered
from tests.market.test_settling import order

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("owner")]


def corrupt(statement):
    """Change rows behind the back of triggers and checks."""
    as_a_superuser(
        *(f"ALTER TABLE market_settledhome DROP CONSTRAINT settled_home_{name}" for name in KEPT_BY_THE_DATABASE),
        "SET session_replication_role = replica",
        statement,
        "SET session_replication_role = origin",
    )


def found(street, rule):
    return [fault for fault in faults(street) if fault.startswith(rule)]


def place(**leaf):
    return LogLeaf.objects.filter(**leaf).latest("seq").seq


@pytest.fixture
def closed(street, logged):
    """The street's November, closed with congestion rent given back."""
    close_month(community=street, month=NOVEMBER, at=CLOSING)
    assert list(faults(street)) == []
    return logged


@pytest.fixture
def traded(street):
    """A slot that the clearing itself cleared, settled."""
    offer = make.tariff("Dos")
    eva, fran, gala = (make.home(street, name, offer) for name in ("Eva", "Fran", "Gala"))
    slot = make.slot(street)
    order(slot, eva, "sell", 1_000, 60_000)
    order(slot, fran, "buy", 700, 150_000)
    order(slot, gala, "buy", 600, 140_000)
    clear_slot(slot_id=slot.pk, at=slot.gate_closure)
    make.read(eva, make.NOON, 0, 1_000)
    make.read(fran, make.NOON, 700, 0)
    make.read(gala, make.NOON, 600, 0)
    settle_due(community=street, at=make.NOON + timedelta(hours=1))
    slot.refresh_from_db()
    assert Settlement.objects.filter(slot=slot).exists()
    return slot


def test_an_entry_out_of_balance_is_named_with_its_place_in_the_log(street, logged):
    posting = Posting.objects.first()
    corrupt(f"UPDATE market_posting SET amount_neur = amount_neur + 1 WHERE id = {posting.pk}")
    seq = place(settlement=posting.entry.settlement, household=None)
    assert found(street, "I1") == [f"I1 entries out of balance: 1 ({posting.entry_id} at entry {seq})"]


def test_a_booking_on_another_communitys_account_is_named(street, logged):
    posting = Posting.objects.filter(account__household=logged[0]).first()
    other = make.community(slug="otra", name="Otra")
    corrupt(f"UPDATE market_account SET community_id = {other.pk} WHERE id = {posting.account_id}")
    entries = Entry.objects.filter(postings__account=posting.account_id)
    assert [fault.partition(": ")[2][0] for fault in found(street, "I1 entries on another")] == [
        str(entries.count())
    ]


def test_a_second_settlement_that_counts_is_named(street, logged):
    slot = Slot.objects.order_by("start").first()
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX settlement_current_once_a_slot")
    corrupt(f"""INSERT INTO market_settlement (slot_id, revision, settled_at, provisional, readings_as_of, is_current)
        VALUES ({slot.pk}, 2, now(), false, now(), true)""")
    assert found(street, "I2") == [f"I2 slots with two current settlements: 1 ({slot.pk})"]


def test_a_slot_of_a_closed_month_without_a_settlement_is_named(street, closed):
    slot = Slot.objects.order_by("start").first()
    corrupt(f"UPDATE market_settlement SET is_current = false WHERE slot_id = {slot.pk}")
    assert found(street, "I2") == [f"I2 slots of closed months that are not settled: 1 ({slot.pk})"]


def test_a_home_that_traded_beyond_its_meter_is_named(street, logged):
    row = SettledHome.objects.filter(bought_wh__gt=0).first()
    corrupt(f"UPDATE market_settledhome SET bought_wh = import_wh + 1 WHERE id = {row.pk}")
    seq = place(settlement=row.settlement, household=None)
    assert [fault.endswith(f"({row.settlement_id} at entry {seq})") for fault in found(street, "I3")] == [True]


def test_a_home_worse_off_is_named(street, logged):
    row = SettledHome.objects.first()
    corrupt(f"UPDATE market_settledhome SET actual_neur = baseline_neur + 1 WHERE id = {row.pk}")
    said = f"I3 homes worse off than with their retailer: 1 ({row.pk} at entry {place(settled=row)})"
    assert found(street, "I3") == [said]


def test_an_order_beyond_its_mandate_is_named(street, logged):
    row = Order.objects.filter(side="buy").first()
    corrupt(f"UPDATE market_order SET limit_ueur_kwh = 1000001 WHERE id = {row.pk}")
    seq = place(settlement__slot=row.slot, household=None)
    shown = place(household=row.household, settlement__slot=row.slot)
    assert found(street, "I4") == [
        f"I4 orders beyond their mandates: 1 ({row.pk} at entry {seq})",
        f"I4 entry {shown} shows an order that home {row.household_id}'s mandate did not allow in slot {row.slot_id}",
    ]


@pytest.mark.parametrize(
    "change", ["energy_wh = energy_wh + 1", "price_ueur_kwh = price_ueur_kwh + 1", "side = 'sell'"]
)
def test_a_trade_beyond_its_order_is_named(street, logged, change):
    row = Trade.objects.filter(side="buy").first()
    corrupt(f"UPDATE market_trade SET {change} WHERE order_id = {row.pk}")
    seq = place(settlement__slot=row.slot, household=None)
    assert found(street, "I4 trades") == [f"I4 trades beyond their orders: 1 ({row.pk} at entry {seq})"]


def test_a_sale_below_its_order_is_named(street, logged):
    row = Trade.objects.filter(side="sell").first()
    corrupt(f"UPDATE market_trade SET price_ueur_kwh = price_ueur_kwh - 1 WHERE order_id = {row.pk}")
    assert len(found(street, "I4 trades")) == 1


def test_a_booking_that_is_not_its_homes_is_named(street, logged):
    entry = Entry.objects.first()
    corrupt(f"UPDATE market_posting SET amount_neur = amount_neur * 2 WHERE entry_id = {entry.pk}")
    seq = place(settlement=entry.settlement, household=None)
    assert f"{entry.pk} at entry {seq}" in found(street, "I4")[0]


def test_a_home_without_its_booking_is_named(street, logged):
    row = SettledHome.objects.filter(household=logged[1]).first()
    corrupt(f"""DELETE FROM market_posting p USING market_account a, market_entry e WHERE a.id = p.account_id
        AND e.id = p.entry_id AND a.household_id = {row.household_id} AND e.settlement_id = {row.settlement_id}""")
    said = f"I4 homes settled with money and without a booking: 1 ({row.pk} at entry {place(settled=row)})"
    assert found(street, "I4") == [said]


def test_a_settlement_that_was_replaced_and_not_reversed_is_named(street, logged):
    metered(logged, at=make.NOON + timedelta(days=1), taken=(300, 600))
    assert found(street, "I4") == []
    entry = Entry.objects.get(kind="reverse")
    corrupt(f"DELETE FROM market_posting WHERE entry_id = {entry.pk}")
    (fault,) = found(street, "I4 settlements that were")
    seq = place(settlement=entry.settlement, household=None)
    assert fault.endswith(f"reversed: 1 ({entry.settlement_id} at entry {seq})")


def test_a_settlement_that_holds_and_was_reversed_is_named(street, logged):
    entry = Entry.objects.first()
    corrupt(f"""INSERT INTO market_entry (community_id, settlement_id, kind, booked_at)
        VALUES ({street.pk}, {entry.settlement_id}, 'reverse', now());
        INSERT INTO market_posting (entry_id, account_id, amount_neur, energy_wh)
        SELECT currval(pg_get_serial_sequence('market_entry', 'id')), account_id, -amount_neur, -energy_wh
        FROM market_posting WHERE entry_id = {entry.pk}""")
    assert f"({entry.settlement_id} at entry" in found(street, "I4 settlements that were")[0]


def test_a_row_that_is_gone_is_named_by_the_leaf_that_was_for_it(street, logged):
    row = SettledHome.objects.first()
    seq = place(settled=row)
    corrupt(f"DELETE FROM market_settledhome WHERE id = {row.pk}")
    said = f"I6 leaves of homes whose settled row or statement is gone: 1 ({row.pk} at entry {seq})"
    assert found(street, "I6 leaves") == [said]


def test_a_row_without_its_leaf_is_named(street, logged):
    row = SettledHome.objects.last()
    corrupt(f"DELETE FROM market_logleaf WHERE settled_id = {row.pk}")
    assert f"({row.pk})" in found(street, "I6 homes")[0]


def test_a_leaf_that_its_row_no_longer_says_is_named(street, logged):
    row = SettledHome.objects.filter(bought_wh__gt=0).first()
    corrupt(f"UPDATE market_settledhome SET quality = 'estimated' WHERE id = {row.pk}")
    said = f"I6 entry {place(settled=row)} is not what row {row.pk} of home {row.household_id} says"
    assert found(street, "I6") == [said]


def test_a_missing_number_is_named_by_its_home(street, logged):
    corrupt(f"UPDATE market_logleaf SET number = 7 WHERE household_id = {logged[0].pk} AND number = 2")
    assert f"({logged[0].pk} at entry" in found(street, "I7")[0]


def test_a_statement_that_is_not_the_sum_of_its_bookings_is_named(street, closed):
    statement = Statement.objects.get(household=closed[1])
    corrupt(f"""UPDATE market_statementline SET amount_neur = amount_neur - 1
        WHERE statement_id = {statement.pk} AND kind = 'bought'""")
    assert found(street, "I9 statements") == [
        f"I9 statements that are not the sum of the home's bookings: 1 ({statement.pk})"
    ]


def test_a_statement_may_wait_for_its_correction_and_then_holds_again(street, closed):
    later = CLOSING + timedelta(hours=1)
    metered(closed, at=later, taken=(300, 600))
    assert found(street, "I9") == []

    close_due_months(community=street, at=CLOSING + timedelta(days=60))
    assert found(street, "I9") == []


def test_a_payment_that_is_not_what_its_statement_added_is_named(street, closed):
    admin = make.member(street, "Olga", "admin")
    statement = Statement.objects.get(household=closed[1])
    corrupt(f"""WITH run AS (INSERT INTO market_paymentrun (public_id, community_id, made_by_id, made_at)
        VALUES (gen_random_uuid(), {street.pk}, {admin.pk}, now()) RETURNING id)
        INSERT INTO market_paymentitem (run_id, statement_id, cents) SELECT id, {statement.pk}, 1 FROM run""")
    assert "I9 payments that are not what their statements added: 1" in found(street, "I9")[0]


def test_a_column_of_money_that_is_no_whole_number_is_named(street, logged):
    as_a_superuser(
        "ALTER TABLE market_paymentitem ALTER COLUMN cents TYPE numeric",
        "ALTER TABLE market_posting ALTER COLUMN energy_wh TYPE double precision",
    )
    (fault,) = found(street, "I10")
    assert "2 (" in fault
    assert "market_posting.energy_wh" in fault
    assert "market_paymentitem.cents" in fault


def test_rent_that_a_closing_left_behind_is_named(street, closed):
    entry = Entry.objects.get(kind="give_back")
    corrupt(
        f"UPDATE market_posting SET amount_neur = amount_neur + 5 WHERE entry_id = {entry.pk} AND amount_neur < 0"
    )
    assert found(street, "I11") == [f"I11 closings that left congestion rent behind: 1 ({entry.pk})"]


def test_rent_that_a_correction_adds_after_the_closing_is_no_fault(street, closed):
    metered(closed, at=CLOSING + timedelta(hours=1), taken=(300, 600))
    assert found(street, "I11") == []


def test_clearing_and_settling_again_comes_to_the_same(street, traded):
    assert list(faults(street)) == []
    assert list(unlike(street, solver())) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE market_trade SET energy_wh = energy_wh - 1 WHERE order_id = {order}", "699 Wh at"),
        ("UPDATE market_trade SET price_ueur_kwh = price_ueur_kwh - 1 WHERE order_id = {order}", "700 Wh at"),
        ("DELETE FROM market_trade WHERE order_id = {order}", "traded nothing, and 700 Wh"),
        ("UPDATE market_slot SET status = 'fallback'", "and nothing again"),
    ],
)
def test_a_trade_that_the_clearing_did_not_make_is_named(street, traded, change, said):
    one = Order.objects.get(side="buy", energy_wh=700)
    corrupt(change.format(order=one.pk))
    (fault, *_) = [fault for fault in unlike(street, solver()) if f"order {one.pk} of slot {traded.pk}" in fault]
    assert f"at entry {place(settlement__slot=traded, household=None)} " in fault
    assert said in fault


def test_inputs_that_are_not_those_that_the_log_cites_are_named(street, traded):
    settlement = Settlement.objects.get(slot=traded)
    corrupt("UPDATE metering_reading SET energy_wh = 500 WHERE energy_wh = 600")
    seq = place(settlement=settlement, household=None)
    said = f"I12 settlement {settlement.pk} was decided by other inputs than entry {seq} says"
    assert list(unlike(street, solver())) == [said]


def test_a_settled_row_that_does_not_follow_from_its_inputs_is_named(street, traded):
    row = SettledHome.objects.filter(bought_wh__gt=0).first()
    corrupt(f"UPDATE market_settledhome SET paid_neur = paid_neur + 1 WHERE id = {row.pk}")
    (fault,) = unlike(street, solver())
    assert f"row {row.pk} of home {row.household_id} does not follow" in fault


def test_a_reading_that_settlement_has_not_seen_yet_is_no_fault(street, traded):
    make.read(Order.objects.get(energy_wh=600).household, make.NOON, 500, 0, at=make.NOON + timedelta(hours=2))
    assert list(unlike(street, solver())) == []


def test_the_command_clears_again_when_it_is_told_to(street, traded, capsys):
    corrupt("UPDATE market_trade SET price_ueur_kwh = price_ueur_kwh - 1 WHERE side = 'buy'")
    call_command("ledger_fsck")
    with pytest.raises(CommandError, match="do not hold"):
        call_command("ledger_fsck", "--again")
    assert "calle: I12 order" in capsys.readouterr().out


def test_the_hourly_look_clears_again_what_was_cleared_lately(street, traded, caplog, monkeypatch):
    corrupt("UPDATE market_trade SET price_ueur_kwh = price_ueur_kwh - 1 WHERE side = 'buy'")
    monkeypatch.setattr(tasks, "now", lambda: traded.cleared_at + timedelta(hours=3))
    tasks.check_books(community_id=street.pk)
    assert "I12" not in caplog.text
    monkeypatch.setattr(tasks, "now", lambda: traded.cleared_at + timedelta(hours=1))
    tasks.check_books(community_id=street.pk)
    assert "I12 order" in caplog.text


def test_every_rule_has_a_number():
    numbers = {rule.split()[0] for rule in QUESTIONS}
    assert numbers == {"I1", "I2", "I3", "I4", "I6", "I7", "I9", "I10", "I11"}, (
        "I5, I8 and I12 are asked elsewhere"
    )
