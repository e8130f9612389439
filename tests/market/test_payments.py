"""Money through the bank: accounts, runs that pay each statement once, and files that the banks' schemas take."""

from datetime import UTC, date, datetime, timedelta
from unittest.mock import patch
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import override_settings
from django.urls import reverse

from community.models import AuditEvent, Household, Member
from community.roles import NotAllowed
from config.sealing import unseal
from market.documents import Batch, NotForBanks, Party, Transaction, as_collections, as_transfers
from market.models import BankAccount, CreditorAccount, PaymentItem, PaymentRun
from market.services.closing import correct_month
from market.services.payments import NothingDue, due, keep_account, keep_creditor, make_run
from market.services.statements import close_month
from tests import factories as make
from tests.faults.test_races import at_once
from tests.market.test_rent_and_pool import CLOSING, NOVEMBER, cleared, homes, metered, street, usual

__all__ = ["homes", "street"]
IBANS = (
    "ES9121000418450200051332",
    "ES7921000813610123456789",
    "ES6621000418401234567891",
    "DE89370400440532013000",
)
CREDITOR = "ES26000G12345678"
LATER = CLOSING + timedelta(days=5)


# --- files for banks ---------------------------------------------------------------------------------------------


def batch(*transactions, **changes):
    facts = {
        "own": Party("Comunidad Energética Ñ & Cía", IBANS[0]), "message_id": "C0001",
        "made_at": datetime(2026, 12, 4, 10, 30, 15, 123, tzinfo=UTC), "on": date(2026, 12, 9),
        "transactions": transactions, "creditor_id": CREDITOR,
    }  # fmt: skip
    return Batch(**facts | changes)


def moved(cents=1_234, **changes):
    facts = {
        "party": Party("María José Peña «Casa 3»", IBANS[1]), "cents": cents, "reference": "a" * 32,
        "text": "Calle 2026-11", "mandate": "M1", "signed_on": date(2026, 11, 2),
    }  # fmt: skip
    return Transaction(**facts | changes)


def texts(content, name):
    return [one.text for one in ElementTree.fromstring(content).iter() if one.tag.endswith(f"}}{name}")]


def test_collections_and_transfers_are_what_the_schemas_take_and_add_up():
    rows = [moved(1), moved(99_999_999, party=Party("漢字", IBANS[3]))]

    collected, paid = as_collections(batch(*rows)), as_transfers(batch(*rows))

    for content in (collected, paid):
        assert texts(content, "InstdAmt") == ["0.01", "999999.99"]
        assert texts(content, "CtrlSum") == ["1000000.00"] * 2
        assert texts(content, "NbOfTxs") == ["2"] * 2
        assert "Maria Jose Pena .Casa 3." in texts(content, "Nm")
        assert "Comunidad Energetica N . Cia" in texts(content, "Nm")
    assert texts(collected, "MndtId") == ["M1", "M1"]
    assert texts(collected, "DtOfSgntr") == ["2026-11-02"] * 2
    assert texts(paid, "MndtId") == []


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "needs transactions"),
        ([moved(0)], "a cent at least"),
        ([moved(-5)], "a cent at least"),
        ([moved(signed_on=None)], "signed no mandate"),
        ([moved(party=Party("Ana", "not an IBAN"))], "IBAN"),
        ([moved(mandate="M" * 36)], "MndtId"),
    ],
)
def test_what_no_bank_takes_is_refused_by_name(rows, words):
    with pytest.raises(NotForBanks, match=words):
        as_collections(batch(*rows))


# --- runs --------------------------------------------------------------------------------------------------------


@pytest.fixture
def marta(street):
    return make.member(street, "Marta", Member.Role.ADMIN)


@pytest.fixture
def settled(street, homes, marta):
    """A street that settles money, with its month closed: Ana receives, Bruno and Carla pay."""
    street.legal_mode = "private_settlement"
    street.save()
    cleared(street, usual(homes))
    metered(homes)
    close_month(community=street, month=NOVEMBER, at=CLOSING)
    return homes


def account(home, by, iban, signed=True, at=CLOSING):
    day = date(2026, 11, 2) if signed else None
    return keep_account(household=home, holder=home.name, iban=iban, signed_on=day, by=by, at=at)


@pytest.mark.django_db(transaction=True)
def test_runs_that_are_asked_for_at_once_pay_each_statement_once(settled, marta):
    errors = at_once(lambda: make_run(by=marta, at=CLOSING))

    assert [type(one) for one in errors] == [NothingDue] * 3
    assert PaymentRun.objects.count() == 1
    assert PaymentItem.objects.count() == len(settled)


@pytest.mark.django_db
def test_a_statement_is_paid_once_and_a_correction_by_what_it_changed(street, settled, marta):
    first = make_run(by=marta, at=CLOSING)
    assert {item.statement.household.name: item.cents for item in first.items.all()} == {
        "Ana": 10, "Bruno": -3, "Carla": -8,
    }  # fmt: skip
    with pytest.raises(NothingDue):
        make_run(by=marta, at=CLOSING)

    metered(settled, at=CLOSING + timedelta(hours=1), taken=(400, 300))
    correct_month(community=street, month=NOVEMBER, at=LATER)
    second = make_run(by=marta, at=LATER)

    paid = {}
    for item in PaymentItem.objects.select_related("statement__household"):
        paid[item.statement.household_id] = paid.get(item.statement.household_id, 0) + item.cents
    for home in settled:
        last = home.statements.order_by("-version").first()
        assert paid[home.pk] == sum(line.amount_cents for line in last.lines.all() if line.posted)
    assert {item.statement.version for item in second.items.all()} == {2}
    assert due(street) == []


@pytest.mark.django_db
def test_what_somebody_owed_before_is_not_moved_on_the_account_of_who_came_next(settled, marta):
    ana, bruno, _carla = settled
    for home, iban in ((ana, IBANS[1]), (bruno, IBANS[2])):
        account(home, marta, iban)
    Household.objects.filter(pk=bruno.pk).update(records_from=CLOSING - timedelta(hours=1))

    run = make_run(by=marta, at=CLOSING)

    assert run.items.get(statement__household=ana).account is not None
    assert run.items.get(statement__household=bruno).account is None


@pytest.mark.django_db
def test_the_list_names_nobody_for_what_somebody_owed_before(client, settled, marta, street):
    """Whoever collects by hand would ask the wrong neighbour."""
    _ana, bruno, _carla = settled
    next_one = make.member(street, "Nuria Nueva")
    Household.objects.filter(pk=bruno.pk).update(member=next_one, records_from=CLOSING - timedelta(hours=1))
    run = make_run(by=marta, at=CLOSING)
    client.force_login(marta.user)

    listed = client.get(reverse("payment-list", args=[run.public_id])).content.decode()

    assert "Bruno" in listed
    assert "Nuria" not in listed


@pytest.mark.django_db
def test_the_database_pays_no_statement_twice(settled, marta):
    run = make_run(by=marta, at=CLOSING)
    again = PaymentRun.objects.create(community=run.community, made_by=marta, made_at=CLOSING)
    with pytest.raises(IntegrityError), transaction.atomic():
        PaymentItem.objects.create(run=again, statement=run.items.first().statement, cents=5)


@pytest.mark.django_db
def test_in_a_simulation_nothing_is_due_and_only_administrators_make_runs(street, homes, marta):
    cleared(street, usual(homes))
    metered(homes)
    close_month(community=street, month=NOVEMBER, at=CLOSING)

    assert due(street) == []
    with pytest.raises(NothingDue):
        make_run(by=marta, at=CLOSING)
    ana = make.member(street, "Ana")
    with pytest.raises(NotAllowed):
        make_run(by=ana, at=CLOSING)
    with pytest.raises(NotAllowed):
        keep_creditor(by=ana, holder="A", iban=IBANS[0], creditor_id=CREDITOR, at=CLOSING)


@pytest.mark.django_db
def test_an_account_is_sealed_and_another_one_brings_another_mandate(settled, marta):
    first = account(settled[0], marta, IBANS[1])
    second = account(settled[0], marta, IBANS[2], at=LATER)

    assert IBANS[1] not in first.sealed_iban
    assert (unseal(second.sealed_iban), second.iban_end) == (IBANS[2], "7891")
    assert first.mandate != second.mandate
    assert list(BankAccount.objects.filter(replaced_at=None)) == [second]
    with override_settings(SEALING_KEYS=f"new,{settings.SEALING_KEYS}"):
        call_command("reseal")
    with override_settings(SEALING_KEYS="new"):
        read = [unseal(one.sealed_iban) for one in BankAccount.objects.order_by("pk")]
    assert read == [IBANS[1], IBANS[2]]


@pytest.mark.django_db
def test_who_makes_a_run_and_takes_its_files_is_noted_at_each_home(client, street, settled, marta):
    run = make_run(by=marta, at=LATER)
    client.force_login(marta.user)

    client.get(reverse("payment-list", args=[run.public_id]))

    for home in {item.statement.household for item in run.items.exclude(cents=0)}:
        noted = AuditEvent.objects.filter(household=home, object_id=str(run.public_id)).order_by("pk")
        assert [event.what for event in noted] == ["payment_run_made", "payment_file_read"]


@pytest.mark.django_db
def test_the_banks_files_hold_who_may_be_moved_and_the_list_holds_all(client, street, settled, marta):
    ana, bruno, carla = settled
    account(ana, marta, IBANS[1], signed=False)
    account(bruno, marta, IBANS[2])
    account(carla, marta, IBANS[3], signed=False)
    keep_creditor(by=marta, holder="Calle Mayor", iban=IBANS[0], creditor_id=CREDITOR, at=CLOSING)
    client.force_login(marta.user)
    desk = reverse("payment-desk")

    before = client.get(desk, headers={"accept-language": "en"}).content.decode().replace("\xa0", " ")
    with patch("config.clock.now", lambda: CLOSING):
        made = client.post(reverse("new-payment-run"), follow=True, headers={"accept-language": "en"})
    run = PaymentRun.objects.get()
    collected = client.get(reverse("payment-file", args=[run.public_id, "collect"]))
    paid = client.get(reverse("payment-file", args=[run.public_id, "transfer"]))
    listed = client.get(reverse("payment-list", args=[run.public_id])).content.decode()

    assert "0.11 € to collect, 0.10 € to pay out" in before
    assert "1 home has no account or no mandate" in made.content.decode()
    assert (texts(collected.content, "InstdAmt"), texts(paid.content, "InstdAmt")) == (["0.03"], ["0.10"])
    assert texts(collected.content, "IBAN") == [IBANS[0], IBANS[2]]
    assert texts(collected.content, "MndtId") == [BankAccount.objects.get(household=bruno).mandate_reference]
    assert all(name in listed for name in ("Ana", "Bruno", "Carla"))

    assert client.get(reverse("payment-file", args=[run.public_id, "both"])).status_code == 404

    # Another number after the run changes no file of it.
    account(bruno, marta, IBANS[1], at=LATER)
    again = client.get(reverse("payment-file", args=[run.public_id, "collect"]))
    assert again.content == collected.content


@pytest.mark.django_db
def test_files_are_the_communitys_own_and_need_its_account(client, street, settled, marta):
    account(settled[1], marta, IBANS[2])
    run = make_run(by=marta, at=CLOSING)
    client.force_login(marta.user)
    assert client.get(reverse("payment-file", args=[run.public_id, "collect"])).status_code == 404
    client.force_login(make.member(make.community(slug="otra", name="Otra"), "Otto", Member.Role.ADMIN).user)
    assert client.get(reverse("payment-list", args=[run.public_id])).status_code == 404
    client.force_login(make.member(street, "Rosa").user)
    assert client.get(reverse("payment-list", args=[run.public_id])).status_code == 403
    with pytest.raises(ObjectDoesNotExist):
        CreditorAccount.objects.get()


@pytest.mark.django_db
def test_a_resident_types_the_account_and_signs_the_mandate(client, street):
    rosa = make.member(street, "Rosa")
    home = make.home(street, "Bajo 1", make.tariff(), owner=rosa)
    client.force_login(rosa.user)
    page = reverse("bank-account")

    wrong = client.post(page, {"holder": "Rosa", "iban": "ES91 2100 0418 4502 0005 1333"})
    with patch("config.clock.now", lambda: CLOSING):
        client.post(page, {"holder": "Rosa P", "iban": "es91 2100 0418 4502 0005 1332", "mandate": "on"})
    shown = client.get(page).content.decode()

    assert wrong.status_code == 422
    assert "dígitos de control" in wrong.content.decode()
    held = BankAccount.objects.get(household=home)
    assert (unseal(held.sealed_iban), held.mandate_signed_on) == (IBANS[0], CLOSING.date())
    assert "1332" in shown
    assert IBANS[0] not in shown


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("creditor", "status"),
    [
        ("es26 000 g12345678", 302),
        ("ES27000G12345678", 422),
        ("ES", 422),
        ("ES26000G1234567ñ", 422),
        ("ES26000G1234567²", 422),
    ],
)
def test_a_creditors_identifier_is_checked(client, street, marta, creditor, status):
    client.force_login(marta.user)
    typed = {"holder": "Calle", "iban": IBANS[0], "creditor_id": creditor}
    assert client.post(reverse("payment-desk"), typed).status_code == status
