"""A log's key is replaced: old heads and receipts hold, new ones are the new key's, and nobody else can do it."""

import io
import json
import zipfile
from pathlib import Path
from unittest.mock import patch

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.urls import reverse

from market.ledger.guard import Forked, Guard
from market.ledger.merkle import consistency_proof
from market.ledger.notes import COSIGNED, BadNote, SignerKey, VerifierKey, sign, verified
from market.ledger.receipts import proven
from market.ledger.rotation import read_rotation, rotation_leaf
from market.ledger.standalone import verify_receipt
from market.ledger.witness import Witness, request_body
from market.models import LogAlarm, LogHead
from market.queries.fsck import faults
from market.queries.log import keys_of, latest_head, log_size, tiles_of
from market.services.log import append_entry, sign_head
from market.services.log_keys import AlreadyChanging, NothingSigned, rotate_key
from market.wording.receipts import as_zip, receipt_of
from metering.did_key import public_of
from tests import factories as make
from tests.market.ledger.conftest import NOW
from tests.market.ledger.test_log import as_a_superuser, leaf
from tests.market.test_rent_and_pool import metered

OLD, NEW = SignerKey("log", bytes(32)), SignerKey("log", bytes(31) + b"1")


def kept(tmp_path, content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(tmp_path)
    return str(tmp_path / "receipt")


@pytest.mark.django_db
def test_old_receipts_still_verify_and_new_heads_are_the_new_keys(street, logged, guard, tmp_path, capsys):
    old_head = latest_head(street.pk)
    old_receipt = kept(tmp_path / "old", as_zip(leaf(logged[1]), old_head))
    change = rotate_key(community=street, keeper=guard, at=NOW)
    new_head = sign_head(community=street, keeper=guard, at=NOW)

    assert (old_head.size, new_head.size) == (12, 13)
    assert [old_head.verifier_key, new_head.verifier_key] == [str(change.old), str(change.new)]
    assert verify_receipt.main(old_receipt) == 0
    assert verify_receipt.main(kept(tmp_path / "new", as_zip(leaf(logged[1]), new_head))) == 0
    assert proven(receipt_of(leaf(logged[1]), old_head), leaf(logged[1]).entry, change.old).size == 12
    with pytest.raises(BadNote):
        verified(new_head.note, [change.old])
    assert [(one.since_size, one.until_size) for one in keys_of(street.pk)] == [(0, 12), (12, None)]
    assert list(faults(street)) == []
    assert list(faults(street, since=NOW)) == []


@pytest.mark.django_db
def test_who_noted_the_first_key_checks_later_receipts_with_it(street, logged, guard, tmp_path, capsys):
    first = latest_head(street.pk).verifier_key
    for _time in range(2):
        rotate_key(community=street, keeper=guard, at=NOW)
        sign_head(community=street, keeper=guard, at=NOW)
    folder = kept(tmp_path, as_zip(leaf(logged[1]), latest_head(street.pk)))
    opening = tmp_path / "receipt" / "opening.json"
    said = json.loads(opening.read_text())

    assert len(said["key_changes"]) == 2
    assert verify_receipt.main(folder, first) == 0
    assert verify_receipt.main(folder, said["log_key"]) == 0

    for changes in (
        [],
        said["key_changes"][1:],
        said["key_changes"][::-1],
        [one.replace(":00Z", ":01Z") for one in said["key_changes"]],
        [one.rpartition("\u2014")[0] for one in said["key_changes"]],
    ):
        opening.write_text(json.dumps(said | {"key_changes": changes}))
        assert verify_receipt.main(folder, first) == 1, changes
        assert "WRONG" in capsys.readouterr().out
    stranger = SignerKey(VerifierKey.of(first).name, bytes(32))
    opening.write_text(json.dumps(said | {"log_key": str(stranger.verifier)}))
    assert verify_receipt.main(folder) == 1


@pytest.mark.django_db
def test_a_witness_that_was_told_both_keys_goes_on_cosigning(street, logged, guard, tmp_path):
    old = VerifierKey.of(latest_head(street.pk).verifier_key)
    new = rotate_key(community=street, keeper=guard, at=NOW).new
    heads = [*LogHead.objects.order_by("size"), sign_head(community=street, keeper=guard, at=NOW)]
    told, untold = (
        Witness(tmp_path / name, SignerKey(name, bytes(32), COSIGNED), keys)
        for name, keys in (("told", [old, new]), ("untold", [old]))
    )
    size, tiles = 0, tiles_of(street.pk)
    for head in heads:
        body = request_body(size, consistency_proof(size, head.size, tiles), head.note)
        assert told.add(body, 1).status == 200
        assert untold.add(body, 1).status == (403 if head is heads[-1] else 200)
        size = head.size


@pytest.mark.django_db
def test_the_log_goes_on_and_the_key_may_be_replaced_again(street, logged, guard):
    for number in range(2):
        rotate_key(community=street, keeper=guard, at=NOW)
        with pytest.raises(AlreadyChanging):
            rotate_key(community=street, keeper=guard, at=NOW)
        sign_head(community=street, keeper=guard, at=NOW)
        metered(logged, make.NOON, at=NOW, taken=(300 + number, 300))
        sign_head(community=street, keeper=guard, at=NOW)

    assert len(keys_of(street.pk)) == 3
    assert len({head.verifier_key for head in LogHead.objects.all()}) == 3
    assert not list(guard.folder.glob("*.next"))
    assert list(faults(street)) == []


@pytest.mark.django_db
def test_a_signer_that_dies_before_the_entry_is_written_takes_the_same_new_key_again(street, logged, guard):
    staged = guard.staged(f"localhost/log/{street.slug}/1").verifier
    assert rotate_key(community=street, keeper=Guard(guard.folder), at=NOW).new == staged


@pytest.mark.django_db
def test_a_change_that_the_signer_did_not_make_is_not_followed(street, logged, guard):
    origin = f"localhost/log/{street.slug}/1"
    append_entry(street, rotation_leaf(SignerKey(origin, bytes(32)), SignerKey(origin, bytes(31) + b"1"), NOW))

    assert sign_head(community=street, keeper=guard, at=NOW) is None
    assert "none of the signer's" in LogAlarm.objects.get().reason
    assert any(one.startswith("I5 the log's keys") for one in faults(street))


@pytest.mark.django_db
def test_an_entry_that_is_no_change_of_a_key_raises_an_alarm(street, logged, guard):
    append_entry(street, b'{"t":"key","v":1}')
    assert sign_head(community=street, keeper=guard, at=NOW) is None
    assert "no change of a key" in LogAlarm.objects.get().reason


@pytest.mark.django_db
@pytest.mark.usefixtures("owner")
def test_a_head_of_a_key_that_was_replaced_is_found(street, logged, guard):
    old = guard.key(f"localhost/log/{street.slug}/1")
    rotate_key(community=street, keeper=guard, at=NOW)
    sign_head(community=street, keeper=guard, at=NOW)
    head = LogHead.objects.get(size=13)
    forged = sign(head.note.partition("\n\n")[0] + "\n", old)
    as_a_superuser("SET session_replication_role = replica")
    LogHead.objects.filter(size=13).update(note=forged, verifier_key=str(old.verifier))
    as_a_superuser("SET session_replication_role = origin")

    assert [one[:27] for one in faults(street)] == ["I5 the head of 13 entries: "]


@pytest.mark.django_db
def test_the_command_says_both_keys(street, logged, guard, settings, capsys):
    settings.SIGNER_DIR = guard.folder
    call_command("rotate_log_key", street.slug)
    call_command("sign_heads")
    said = capsys.readouterr().out
    assert latest_head(street.pk).verifier_key in said
    assert LogHead.objects.order_by("size").first().verifier_key in said
    with pytest.raises(CommandError, match="no community"):
        call_command("rotate_log_key", "elsewhere")


@pytest.mark.django_db
def test_a_log_without_heads_has_no_key_to_replace(street, guard):
    with pytest.raises(NothingSigned):
        rotate_key(community=street, keeper=guard, at=NOW)
    assert log_size(street.pk) == 0


@pytest.mark.django_db
def test_anybody_reads_the_communitys_keys_in_their_time(client, street, logged, guard):
    rotate_key(community=street, keeper=guard, at=NOW)
    sign_head(community=street, keeper=guard, at=NOW)

    answer = client.get(reverse("did-document", args=[street.slug]))

    found = answer.json()
    assert answer.headers["Content-Type"] == "application/did+json"
    assert found["id"] == f"did:web:localhost:c:{street.slug}"
    heads = list(LogHead.objects.order_by("size"))
    assert [one["verifierKey"] for one in found["logKeys"]] == [heads[0].verifier_key, heads[-1].verifier_key]
    assert [public_of(one["didKey"]) for one in found["logKeys"]] == [
        VerifierKey.of(heads[number].verifier_key).key for number in (0, -1)
    ]
    assert [(one["fromSize"], one["toSize"]) for one in found["logKeys"]] == [(1, 12), (13, None)]
    assert found["logKeys"][0]["to"] == f"{NOW:%Y-%m-%dT%H:%M:%SZ}"
    assert street.name not in answer.content.decode()


@pytest.mark.django_db
def test_there_is_no_document_before_the_first_head_or_of_nobody(client, street):
    for slug in (street.slug, "elsewhere"):
        assert client.get(reverse("did-document", args=[slug])).status_code == 404


def test_a_change_is_signed_by_both_keys():
    entry = rotation_leaf(OLD, NEW, NOW)
    assert read_rotation(entry).new == NEW.verifier
    lines = entry.decode().replace("\\n", "\n").splitlines()
    for line in lines[-2:]:
        with pytest.raises(BadNote):
            read_rotation(entry.replace(line.rstrip('}1v:",tkey').encode()[:40], b"x" * 40))
    with pytest.raises(BadNote):
        rotation_leaf(OLD, SignerKey("other", bytes(32)), NOW)
    with pytest.raises(BadNote):
        rotation_leaf(OLD, OLD, NOW)


def test_the_guard_turns_to_no_key_but_its_own(tmp_path):
    guard = Guard(tmp_path / "signer")
    with pytest.raises(Forked):
        guard.turn_to("log", read_rotation(rotation_leaf(OLD, NEW, NOW)))
    ours = guard.key("log")
    with pytest.raises(Forked):
        guard.turn_to("log", read_rotation(rotation_leaf(ours, NEW, NOW)))
    assert guard.key("log") == ours
    staged = guard.staged("log")
    guard.turn_to("log", read_rotation(rotation_leaf(ours, staged, NOW)))
    assert guard.key("log") == staged


def test_a_signer_that_dies_as_it_turns_stages_another_key_the_next_time(tmp_path):
    guard = Guard(tmp_path / "signer")
    change = read_rotation(rotation_leaf(guard.key("log"), guard.staged("log"), NOW))
    with patch.object(Path, "unlink", side_effect=OSError("killed")), pytest.raises(OSError, match="killed"):
        guard.turn_to("log", change)

    guard.turn_to("log", change)
    assert guard.key("log").verifier == change.new
    assert guard.staged("log") != guard.key("log")
