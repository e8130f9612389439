"""A community's log: written with every settlement, signed only while it grows, opened by the home's own key."""

import io
import json
import random
import subprocess
import sys
import zipfile
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import InternalError, connection, transaction
from django.db.utils import IntegrityError
from django.test import override_settings
from django.urls import reverse

from market import tasks
from market.ledger import merkle
from market.ledger.guard import Forked, Guard
from market.ledger.leaves import canonical, commitment, salt_of
from market.ledger.merkle import leaf_hash
from market.ledger.notes import BadNote, Head, VerifierKey, verified
from market.ledger.receipts import Receipt, proven
from market.ledger.standalone import verify_receipt
from market.ledger.tiles import unbundled
from market.models import HomeKey, LogAlarm, LogHead, LogLeaf, LogTile, Settlement
from market.queries.evidence import mandate_hash
from market.queries.fsck import _recent_from, faults
from market.queries.log import keys_to, latest_head, log_size, tiles_of
from market.services.log import sign_head
from market.services.mandates import give_mandate
from market.wording.receipts import NoReceipt, as_zip, receipt_of
from tests import factories as make
from tests.market.ledger.conftest import NOW, forget
from tests.market.test_rent_and_pool import cleared, metered, usual

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sums_of_few")]


def leaf(home, number=0):
    return LogLeaf.objects.select_related("settled__settlement__slot").get(household=home, number=number)


def as_a_superuser(*statements):
    """What a database administrator could do."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for statement in statements:
            cursor.execute(statement)


def unpacked(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name.removeprefix("receipt/"): archive.read(name) for name in archive.namelist()}


@pytest.fixture
def sums_of_one(monkeypatch):
    """What a single home sold is told: for what a sum in the log is of, not for who may read it."""
    monkeypatch.setattr("community.anonymity.FEWEST_HOMES", 1)


def test_every_home_of_every_slot_has_a_leaf_and_so_has_the_slot(sums_of_one, street, logged):
    bodies = [json.loads(one.body) for one in LogLeaf.objects.order_by("seq")]

    assert [body["t"] for body in bodies] == ["posting", "posting", "posting", "slot"] * 3
    assert bodies[3] | {"inputs": ""} == {
        "algo": "azotea-settle-1", "first": 0, "inputs": "", "n": 3, "price": 100_000, "revision": 1,
        "slot": "2026-11-23T11:00Z", "sum_neur": 0, "sum_wh": 1_000, "t": "slot", "v": 1,
    }  # fmt: skip
    assert [one.number for one in LogLeaf.objects.filter(household=logged[0]).order_by("seq")] == [0, 1, 2]
    assert log_size(street.pk) == 12
    assert list(faults(street)) == []


def test_a_leaf_tells_nothing_of_its_home(street, logged):
    text = "".join(LogLeaf.objects.values_list("body", flat=True))
    for home in logged:
        assert home.name not in text
        assert make.meter(home).cups not in text
    assert len({one.body for one in LogLeaf.objects.filter(settled__isnull=False)}) == 9, "no two are alike"


def test_a_correction_is_further_leaves_and_heads_grow(street, logged, guard):
    old = latest_head(street.pk)
    metered(logged, NOW and make.NOON, at=NOW, taken=(300, 300))
    new = sign_head(community=street, keeper=guard, at=NOW)

    assert (old.size, new.size) == (12, 16)
    assert json.loads(LogLeaf.objects.get(seq=15).body)["revision"] == 2
    proof = merkle.consistency_proof(12, 16, tiles_of(street.pk))
    assert merkle.proves_growth(12, 16, bytes.fromhex(old.root), bytes.fromhex(new.root), proof)
    assert list(faults(street)) == []


def test_settling_again_without_a_change_logs_nothing(street, logged, guard):
    metered(logged, make.NOON, at=NOW)
    assert log_size(street.pk) == 12
    assert sign_head(community=street, keeper=guard, at=NOW) is None


def test_log_and_books_are_written_together_or_not_at_all(street, homes):
    cleared(street, usual(homes))
    full = patch("market.services.log._tile", side_effect=RuntimeError("disk full"))
    with full, pytest.raises(RuntimeError), transaction.atomic():
        metered(homes)
    assert not Settlement.objects.exists()
    assert log_size(street.pk) == 0


# --- the signer --------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("owner")
def test_a_log_that_was_set_back_is_not_signed_and_raises_an_alarm(street, logged, guard):
    as_a_superuser("SET session_replication_role = replica")
    LogHead.objects.filter(size__gt=4).delete()
    LogLeaf.objects.filter(seq__gte=8).delete()

    assert sign_head(community=street, keeper=guard, at=NOW) is None
    alarm = LogAlarm.objects.get()
    assert "8 entries do not begin with the 12 that were signed" in alarm.reason
    assert sign_head(community=street, keeper=guard, at=NOW) is None
    assert LogAlarm.objects.count() == 1


@pytest.mark.usefixtures("owner")
def test_a_rewritten_log_is_not_signed_even_if_it_is_longer(street, logged, guard):
    as_a_superuser("SET session_replication_role = replica")
    first = LogLeaf.objects.get(seq=0)
    LogLeaf.objects.filter(seq=0).update(body=first.body.replace('"v":1', '"v":2'))
    hashes = b"".join(leaf_hash(one.entry) for one in LogLeaf.objects.order_by("seq"))
    LogTile.objects.filter(level=0, place=0).update(data=hashes)
    as_a_superuser("SET session_replication_role = origin")
    start = make.NOON + timedelta(hours=2)
    cleared(street, usual(logged), start)
    metered(logged, start)

    assert sign_head(community=street, keeper=guard, at=NOW) is None
    assert "do not begin" in LogAlarm.objects.get().reason
    assert any(fault.startswith("I8") for fault in faults(street))


def test_the_guard_keeps_key_and_head_apart_from_the_database_and_readable_by_its_owner_only(tmp_path):
    guard = Guard(tmp_path / "own")
    head = Head("log", 1, bytes(32))
    guard.sign(head, [])

    again = Guard(tmp_path / "own")
    assert again.last("log") == head
    assert again.key("log") == guard.key("log")
    assert {oct(path.stat().st_mode & 0o777) for path in (tmp_path / "own").iterdir()} == {"0o600"}
    with pytest.raises(Forked):
        again.sign(Head("log", 1, bytes(31) + b"1"), [])
    with pytest.raises(Forked):
        again.sign(Head("log", 2, bytes(32)), [])
    assert again.sign(head, []).startswith("log\n1\n"), "the same head may be handed out again"


def test_the_command_signs_every_log_that_grew(street, homes, tmp_path):
    cleared(street, usual(homes))
    metered(homes)
    with override_settings(SIGNER_DIR=tmp_path / "signer"):
        call_command("sign_heads")
        call_command("sign_heads")
    head = LogHead.objects.get()
    _text, names = verified(head.note, [VerifierKey.of(head.verifier_key)])
    assert names == [f"localhost/log/{street.slug}/1"]


# --- receipts ----------------------------------------------------------------------------------------------------


def test_a_receipt_is_checked_by_one_file_without_anything_else(street, logged, tmp_path):
    files = unpacked(as_zip(leaf(logged[1]), latest_head(street.pk)))
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)

    done = subprocess.run(
        [sys.executable, "-I", "-S", str(tmp_path / "verify_receipt.py"), str(tmp_path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout
    assert "RIGHT: slot 2026-11-23T11:00Z" in done.stdout
    assert "bought_wh 400" in done.stdout
    assert len(files["verify_receipt.py"].decode().splitlines()) < 200
    assert len(files["receipt.tlog-proof"]) <= 2_048


def test_a_receipt_shows_the_orders_and_the_mandate_that_allowed_them(street, logged, tmp_path, capsys):
    files = unpacked(as_zip(leaf(logged[1]), latest_head(street.pk)))
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    opening = json.loads(files["opening.json"])["opening"]
    mandate = json.loads(files["mandate.json"])

    assert opening["orders"] == [["buy", 400, 90_000]]
    assert (mandate["max_buy_ueur_kwh"], opening["mandate"]) == (1_000_000, mandate_hash(mandate))
    assert verify_receipt.main(str(tmp_path)) == 0
    assert "ordered: buy 400 Wh at 90000" in capsys.readouterr().out

    (tmp_path / "mandate.json").write_text(json.dumps(mandate | {"max_buy_ueur_kwh": 80_000}))
    assert verify_receipt.main(str(tmp_path)) == 1
    assert "not the mandate that the entry cites" in capsys.readouterr().out


def test_an_order_beyond_its_mandate_is_a_breach_that_the_receipt_proves(street, homes, guard, tmp_path, capsys):
    give_mandate(household=homes[1], given_by=None, at=make.NOON - timedelta(hours=1), max_buy_ueur_kwh=50_000)
    cleared(street, usual(homes))
    metered(homes)
    sign_head(community=street, keeper=guard, at=NOW)
    for name, content in unpacked(as_zip(leaf(homes[1]), latest_head(street.pk))).items():
        (tmp_path / name).write_bytes(content)

    assert verify_receipt.main(str(tmp_path)) == 1
    assert "BREACH" in capsys.readouterr().out


def test_nothing_of_a_receipt_can_be_changed_unseen(street, logged):
    files = unpacked(as_zip(leaf(logged[1], 1), latest_head(street.pk)))
    said = json.loads(files["opening.json"])
    chance = random.Random(7)
    key = VerifierKey.of(said["log_key"])

    def holds(proof, entry, opening, salt):
        try:
            verify_receipt.check(
                proof.decode(), entry, json.loads(opening), bytes.fromhex(salt.decode()), said["log_key"]
            )
        except (verify_receipt.Wrong, ValueError, KeyError, IndexError, TypeError):
            return False
        return True

    parts = {
        "proof": files["receipt.tlog-proof"], "entry": files["entry.json"],
        "opening": json.dumps(said["opening"]).encode(), "salt": said["salt"].encode(),
    }  # fmt: skip
    assert holds(**parts)
    for _trial in range(150):
        name = chance.choice(list(parts))
        data = bytearray(parts[name])
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        changed = parts | {name: bytes(data)}
        if name == "opening" and _same(parts["opening"], bytes(data)):
            continue
        if name == "salt" and bytes(data).lower() == parts["salt"]:
            continue
        assert not holds(**changed), (name, bytes(data))
    for _trial in range(2_000):
        data = bytearray(parts["proof"])
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        with pytest.raises((BadNote, UnicodeDecodeError)):
            proven(Receipt.of(bytes(data).decode()), parts["entry"], key)


@pytest.mark.parametrize(
    "number", ["+1", "01", " 1", "1 ", "1_", "0_1", "\u0661", "-1", "", "1.0", "9" * 5_000, str(2**64)]
)
def test_an_index_has_one_spelling_to_both_readers_of_a_receipt(street, logged, number):
    files = unpacked(as_zip(leaf(logged[1], 1), latest_head(street.pk)))
    said, entry = json.loads(files["opening.json"]), files["entry.json"]
    proof = files["receipt.tlog-proof"].decode()
    found = Receipt.of(proof).index
    odd = proof.replace(f"index {found}\n", f"index {number.replace('1', str(found))}\n", 1)
    assert odd != proof

    with pytest.raises(BadNote):
        Receipt.of(odd)
    with pytest.raises((verify_receipt.Wrong, ValueError)):
        verify_receipt.check(odd, entry, said["opening"], bytes.fromhex(said["salt"]), said["log_key"])


def _same(one, other):
    try:
        return json.loads(one) == json.loads(other)
    except ValueError:
        return False


def test_a_destroyed_key_opens_nothing_and_breaks_no_proof(street, logged):
    kept = as_zip(leaf(logged[0]), latest_head(street.pk))
    forget(logged[0])

    with pytest.raises(NoReceipt):
        as_zip(leaf(logged[0]), latest_head(street.pk))
    assert as_zip(leaf(logged[1]), latest_head(street.pk))
    receipt = receipt_of(leaf(logged[0]), latest_head(street.pk))
    assert proven(receipt, leaf(logged[0]).entry, VerifierKey.of(latest_head(street.pk).verifier_key))
    assert "opening.json" in unpacked(kept)
    assert list(faults(street)) == []


def test_after_a_key_was_destroyed_another_opens_what_comes_then_and_nothing_before(street, logged, guard):
    forget(logged[0])
    start = make.NOON + timedelta(hours=2)
    cleared(street, usual(logged), start)
    metered(logged, start)
    head = sign_head(community=street, keeper=guard, at=NOW)

    assert keys_to(logged[0].pk)[0].since_number == 3
    assert json.loads(unpacked(as_zip(leaf(logged[0], 3), head))["opening.json"])["opening"]["n"] == 3
    with pytest.raises(NoReceipt):
        as_zip(leaf(logged[0], 2), head)
    assert list(faults(street)) == []


def test_openings_chain_a_homes_leaves(street, logged):
    files = [unpacked(as_zip(leaf(logged[2], number), latest_head(street.pk))) for number in range(3)]
    openings = [json.loads(one["opening.json"])["opening"] for one in files]

    assert [one["n"] for one in openings] == [0, 1, 2]
    assert [one["prev"] for one in openings] == ["", *(leaf_hash(one["entry.json"]).hex() for one in files[:2])]


def test_keys_are_sealed(logged):
    row = HomeKey.objects.get(household=logged[0])
    assert keys_to(logged[0].pk)[0].key.hex() not in row.sealed_key
    assert len(keys_to(logged[0].pk)[0].key) == 32


def test_a_commitment_needs_the_right_salt_and_opening():
    opening = {"a": 1, "b": "ñ"}
    found = commitment(salt_of(bytes(32), 3), opening)
    assert found == commitment(salt_of(bytes(32), 3), {"b": "ñ", "a": 1})
    assert found != commitment(salt_of(bytes(32), 4), opening)
    assert canonical(opening) == '{"a":1,"b":"ñ"}'.encode()


# --- what is wrong is found --------------------------------------------------------------------------------------


TAMPER = {
    "UPDATE market_settledhome SET bought_wh = bought_wh + 1 WHERE id = (SELECT min(id) FROM market_settledhome)": "I3",
    "UPDATE market_settledhome SET quality = 'estimated' WHERE bought_wh > 0": "I6",
    "UPDATE market_settledhome SET actual_neur = baseline_neur + 1": "I3",
    "UPDATE market_posting SET amount_neur = amount_neur + 1": "I1",
    "UPDATE market_posting SET amount_neur = amount_neur * 2": "I4",
    "DELETE FROM market_logleaf WHERE seq = 5": "I5",
    "UPDATE market_logleaf SET body = body || ' ' WHERE seq = 5": "I6",
    "UPDATE market_logleaf SET body = body || ' ' WHERE seq = 3": "I6",
    "UPDATE market_logtile SET data = decode(repeat('00', 384), 'hex')": "I6",
    "UPDATE market_loghead SET root = repeat('0', 64)": "I8",
    "UPDATE market_loghead SET note = replace(note, '=', 'A')": "I5",
}


KEPT_BY_THE_DATABASE = (
    "adds_up", "trades_no_more_than_metered", "is_never_worse_off_than_with_the_retailer",
)  # fmt: skip


@pytest.mark.usefixtures("owner")
@pytest.mark.parametrize(("statement", "rule"), TAMPER.items(), ids=range(len(TAMPER)))
def test_whoever_changes_rows_is_found(street, logged, statement, rule):
    as_a_superuser(
        *(f"ALTER TABLE market_settledhome DROP CONSTRAINT settled_home_{name}" for name in KEPT_BY_THE_DATABASE),
        "SET session_replication_role = replica",
        statement,
        "SET session_replication_role = origin",
    )
    with pytest.raises(CommandError, match="do not hold"):
        call_command("ledger_fsck")
    for since in (None, NOW - timedelta(hours=2)):
        assert any(fault.startswith(rule) for fault in faults(street, since=since)), list(faults(street))


@pytest.mark.parametrize(
    ("head", "size", "first"),
    [
        (None, 0, 0), (None, 12, 0), (12, 12, 0), (255, 256, 0), (256, 256, 0), (256, 257, 256), (1_000, 5_000, 768),
        (None, 1_000_000, 948_736), (10, 1_000_000, 948_736), (999_990, 1_000_000, 999_936),
    ],
)  # fmt: skip
def test_a_recent_look_begins_with_the_tile_of_the_first_entry_after_the_head(head, size, first):
    assert _recent_from(None if head is None else LogHead(size=head), size) == first


@pytest.mark.usefixtures("owner")
def test_the_hourly_look_says_what_does_not_hold(street, logged, caplog):
    tasks.check_books(community_id=street.pk)
    assert caplog.text == ""
    as_a_superuser("UPDATE market_logtile SET data = decode(repeat('00', 384), 'hex')")
    tasks.check_books(community_id=street.pk)
    assert "do not hold: I6" in caplog.text


def test_books_that_hold_are_said_to_hold(logged, capsys):
    call_command("ledger_fsck")
    assert "All rules hold." in capsys.readouterr().out


@pytest.mark.usefixtures("owner")
@pytest.mark.parametrize("table", ["logleaf", "loghead"])
def test_the_database_refuses_changes_of_what_was_logged(logged, table):
    with pytest.raises((InternalError, IntegrityError), match="append-only"), transaction.atomic():
        connection.cursor().execute(f"DELETE FROM market_{table}")


# --- pages -------------------------------------------------------------------------------------------------------


def test_members_see_the_head_and_take_receipts_of_their_own(client, street, logged):
    ana = make.member(street, "Ana")
    logged[0].member = ana
    logged[0].save()
    client.force_login(ana.user)

    page = client.get(reverse("proof")).content.decode()
    answer = client.get(reverse("receipt", args=[make.NOON]))
    checkpoint = client.get(reverse("log-checkpoint")).content.decode()
    entries = client.get(reverse("log-tile", args=["entries/000.p/12"])).content
    hashes = client.get(reverse("log-tile", args=["0/000.p/12"])).content

    assert latest_head(street.pk).root in page
    assert page.count(">recibo<") == 3
    assert json.loads(unpacked(answer.content)["opening.json"])["opening"]["home"] == logged[0].pk
    assert checkpoint == latest_head(street.pk).note
    assert b"".join(leaf_hash(one) for one in unbundled(entries)) == hashes
    assert client.get(reverse("verifier")).content.startswith(b'"""Check a receipt')
    for path in (
        "entries/000",
        "0/000.p/13",
        "9/000",
        "0/001",
        "x/000",
        "-1/000.p/3",
        "99999999999999999999/000",
        f"0/{'x999/' * 9}999",
        "0/000.p/0",
        "0/0",
    ):
        assert client.get(reverse("log-tile", args=[path])).status_code == 404


def test_receipts_of_slots_with_trades_are_listed_first_and_all_of_them_by_a_link(client, street, logged):
    ana = make.member(street, "Ana")
    logged[0].member = ana
    logged[0].save()
    client.force_login(ana.user)
    idle = make.NOON + timedelta(minutes=45)
    cleared(street, usual(logged), idle)
    metered(logged, idle, given=0)

    traded, every = (
        client.get(reverse("proof"), {"slots": which}).content.decode().partition('id="receipts-title"')[2]
        for which in ("", "all")
    )

    assert [part.count('class="row"') for part in (traded, every)] == [3, 4]
    assert "23 nov, 12:45" in every
    assert "23 nov, 12:45" not in traded
    assert "?slots=all" in traded, "one link leads to the others, without any script"


def test_nobody_sees_another_communitys_log_and_a_slot_without_a_leaf_has_no_receipt(client, street, logged):
    other = make.community(slug="otra", name="Otra")
    eva = make.member(other, "Eva")
    make.home(other, "Z", make.tariff("Otra"), owner=eva)
    make.slot(other)
    client.force_login(eva.user)

    assert client.get(reverse("log-checkpoint")).status_code == 404
    assert client.get(reverse("log-tile", args=["entries/000.p/12"])).status_code == 403
    assert client.get(reverse("receipt", args=[make.NOON])).headers["location"] == reverse("proof")
    assert client.get(reverse("receipt", args=[make.NOON + timedelta(days=9)])).status_code == 404
    assert "Todavía no hay nada firmado" in client.get(reverse("proof")).content.decode()
