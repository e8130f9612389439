"""Statements stand in the log: a leaf each, with a receipt that the same program checks; a changed one is found."""

import io
import json
import zipfile
from datetime import date, timedelta

import pytest
from django.urls import reverse

from market.ledger.standalone import verify_receipt
from market.models import LogLeaf, Statement, StatementLine
from market.queries.fsck import faults
from market.queries.log import latest_head, log_size
from market.services.closing import correct_month
from market.services.log import sign_head
from market.services.statements import close_month
from market.wording.own_records import packed
from market.wording.receipts import NoReceipt, as_zip
from tests import factories as make
from tests.market.ledger.conftest import NOW, forget
from tests.market.ledger.test_log import as_a_superuser
from tests.market.test_rent_and_pool import cleared, metered, usual

pytestmark = pytest.mark.django_db
NOVEMBER = date(2026, 11, 1)


@pytest.fixture
def closed(street, logged, guard):
    """A closed month, signed."""
    close_month(community=street, month=NOVEMBER, at=NOW)
    sign_head(community=street, keeper=guard, at=NOW)
    return logged


def leaf_of(home, version=1):
    return LogLeaf.objects.get(statement__household=home, statement__version=version)


def unpack(tmp_path, content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(tmp_path)
    return tmp_path / "receipt"


def corrupt(statement):
    as_a_superuser("SET session_replication_role = replica")
    as_a_superuser(statement)
    as_a_superuser("SET session_replication_role = origin")


def test_every_statement_has_a_leaf_among_its_homes_leaves(street, closed):
    leaves = LogLeaf.objects.filter(statement__isnull=False).order_by("seq")

    assert [leaf.seq for leaf in leaves] == [12, 13, 14]
    assert {leaf.household_id for leaf in leaves} == {home.pk for home in closed}
    assert {leaf.number for leaf in leaves} == {3}
    assert set(json.loads(leaves[0].body)) == {"cm", "slot", "t", "v"}
    assert list(faults(street)) == []
    assert list(faults(street, since=NOW)) == []
    close_month(community=street, month=NOVEMBER, at=NOW)
    assert log_size(street.pk) == 15


def test_the_program_checks_a_statements_receipt(client, street, closed, tmp_path, capsys):
    member = make.member(street, "Ana")
    closed[1].member = member
    closed[1].save()
    client.force_login(member.user)
    folder = unpack(tmp_path, client.get(reverse("statement-receipt", args=[2026, 11])).content)
    line = StatementLine.objects.get(statement__household=closed[1], kind="bought")

    assert verify_receipt.main(str(folder)) == 0
    said = capsys.readouterr().out
    assert "RIGHT: statement 2026-11" in said
    assert f"bought_cents {line.amount_cents}" in said
    assert f"bought_neur {line.amount_neur}" in said

    opening = folder / "opening.json"
    changed = json.loads(opening.read_text())
    changed["opening"]["bought_cents"] -= 1
    opening.write_text(json.dumps(changed))
    assert verify_receipt.main(str(folder)) == 1


def test_a_statement_that_was_not_signed_or_logged_has_no_receipt(client, street, logged):
    member = make.member(street, "Ana")
    logged[1].member = member
    logged[1].save()
    client.force_login(member.user)
    address = reverse("statement-receipt", args=[2026, 11])
    assert client.get(address).status_code == 404
    close_month(community=street, month=NOVEMBER, at=NOW)
    assert client.get(address).status_code == 302


def test_corrections_have_leaves_of_their_own_and_the_chain_goes_on(street, closed, guard, tmp_path):
    metered(closed, make.NOON, at=NOW, taken=(300, 300))
    assert correct_month(community=street, month=NOVEMBER, at=NOW) > 0
    later = make.NOON + 9 * make.QUARTER
    cleared(street, usual(closed), later)
    metered(closed, later, at=NOW + timedelta(hours=1))
    head = sign_head(community=street, keeper=guard, at=NOW)

    changed = Statement.objects.filter(version=2).first().household
    openings = [
        json.loads((unpack(tmp_path / str(leaf.number), as_zip(leaf, head)) / "opening.json").read_text())
        for leaf in LogLeaf.objects.filter(household=changed).order_by("number")
    ]
    assert [one["opening"]["n"] for one in openings] == list(range(len(openings)))
    assert [one["opening"].get("version") for one in openings if one["opening"].get("t")] == [1, 2]
    assert list(faults(street)) == []


def test_a_copy_of_all_records_has_the_receipts_of_statements(street, closed, tmp_path):
    member = make.member(street, "Ana")
    closed[1].member = member
    closed[1].save()
    with zipfile.ZipFile(io.BytesIO(b"".join(packed(member)))) as archive:
        archive.extractall(tmp_path)
    folder = tmp_path / "azotea" / "receipts" / str(closed[1].pk)

    assert sorted(one.name for one in folder.iterdir())[0] == "2026-11"
    assert {verify_receipt.main(str(one)) for one in folder.iterdir()} == {0}


@pytest.mark.usefixtures("owner")
def test_a_statement_that_was_changed_or_lost_its_leaf_is_found(street, closed):
    statement = Statement.objects.get(household=closed[1])
    corrupt("UPDATE market_statementline SET amount_cents = amount_cents + 1"
            f" WHERE statement_id = {statement.pk} AND kind = 'saving'")  # fmt: skip
    assert [one for one in faults(street) if one.startswith("I9")] == [
        f"I9 entry {leaf_of(closed[1]).seq} is not what statement {statement.pk} of home {closed[1].pk} says"
    ]
    corrupt(f"UPDATE market_logleaf SET statement_id = NULL WHERE statement_id = {Statement.objects.last().pk}")
    said = list(faults(street))
    assert any(one.startswith("I9 statements since the first logged one without a leaf: 1") for one in said)
    assert any(one.startswith("I6 leaves of homes whose settled row or statement is gone: 1") for one in said)


def test_a_home_that_is_forgotten_has_no_receipt_of_its_statements(street, closed):
    forget(closed[0])
    with pytest.raises(NoReceipt):
        as_zip(leaf_of(closed[0]), latest_head(street.pk))
    assert as_zip(leaf_of(closed[1]), latest_head(street.pk))
    assert list(faults(street)) == []
