"""Witnesses: every status of the protocol, lost answers, lies, and cosignatures in receipts."""

import json
from base64 import b64encode
from pathlib import Path
from threading import Thread

import pytest
from django.core.management.base import CommandError
from django.test import override_settings

from market import tasks
from market.ledger.guard import Guard
from market.ledger.merkle import EMPTY_ROOT, consistency_proof, root
from market.ledger.notes import COSIGNED, BadNote, Head, SignerKey, VerifierKey, sign, verified
from market.ledger.receipts import proven
from market.ledger.witness import Answer, Witness, request_body
from market.management.commands.witness import key_of, serve
from market.models import LogCosignature
from market.queries.log import latest_head
from market.services.log import sign_head
from market.services.witnesses import ask_all, peers
from market.wording.receipts import receipt_of
from tests import factories as make
from tests.market.ledger.conftest import NOW
from tests.market.ledger.test_log import as_a_superuser, leaf
from tests.market.ledger.test_vectors import Tiles
from tests.market.test_rent_and_pool import metered

LOG, OTHER = SignerKey("log", bytes(32)), SignerKey("other", bytes(31) + b"1")
OWN = SignerKey("witness", bytes(31) + b"2", COSIGNED)
STATUSES = {row["case"]: row["http"] for row in json.loads(
    Path(__file__).with_name("ledger_vectors.json").read_text(encoding="utf-8")
)["tlog_witness_status"]}  # fmt: skip


@pytest.fixture
def log():
    return Tiles([b"one", b"two", b"three"])


@pytest.fixture
def witness(tmp_path):
    return Witness(tmp_path, OWN, [LOG.verifier])


def note(log, size=None, key=LOG, other_root=None):
    size = log.size if size is None else size
    return sign(Head(key.name, size, other_root or root(size, log.reader())).text, key)


def asked(witness, log, old, size=None, **changes):
    size = log.size if size is None else size
    proof = consistency_proof(old, size, log.reader()) if old <= size else []
    return witness.add(request_body(old, proof, note(log, size, **changes)), 1_700_000_000)


def test_a_log_that_grows_is_cosigned_each_time(witness, log):
    for old, size in ((0, 1), (1, 3), (3, 3)):
        answer = asked(witness, log, old, size)
        assert answer.status == 200
        cosigned = note(log, size) + answer.body
        _text, names = verified(cosigned, [LOG.verifier, OWN.verifier])
        assert names == ["log", "witness"]


def test_every_refusal_has_the_status_of_the_protocol(witness, log):
    assert asked(witness, log, 0, key=OTHER).status == 404 == STATUSES["unknown origin"]
    forged = sign(Head("log", 3, root(3, log.reader())).text, SignerKey("log", bytes(31) + b"9"))
    assert witness.add(request_body(0, [], forged), 1).status == 403
    assert witness.add(request_body(9, [], note(log)), 1).status == 400
    assert asked(witness, log, 2) == Answer(409, "0\n", "text/x.tlog.size")
    assert witness.add(request_body(0, [bytes(32)], note(log)), 1).status == 422
    assert witness.add(request_body(0, [], note(log, 0, other_root=bytes(32))), 1).status == 422
    assert witness.add(request_body(0, [], note(log, 0, other_root=EMPTY_ROOT)), 1).status == 200
    assert asked(witness, log, 0, 2).status == 200
    assert witness.add(request_body(2, [], note(log, 2, other_root=bytes(32))), 1).status == 422
    assert witness.add(request_body(2, [bytes(32)], note(log)), 1).status == 422
    assert asked(witness, log, 1).body == "2\n"


HASH = b64encode(bytes(32)).decode() + "\n"


@pytest.mark.parametrize(
    "body", ["", "old x\n\nnote", "old 01\n\n", "old 0\n", "old 0\n!\n\nlog\n", f"old 0\n{HASH * 64}\nlog\n"]
)
def test_what_is_no_request_is_refused(witness, body):
    assert witness.add(body, 1).status == 400


def test_a_restarted_witness_remembers(tmp_path, log):
    asked(Witness(tmp_path, OWN, [LOG.verifier]), log, 0, 2)
    forked = Tiles([b"one", b"TWO", b"three"])
    again = Witness(tmp_path, OWN, [LOG.verifier])
    assert asked(again, forked, 2).status == 422
    assert asked(again, log, 2).status == 200


# --- asking ------------------------------------------------------------------------------------------------------


@pytest.fixture
def neighbour(tmp_path, street, guard):
    """A witness that runs on a neighbour's computer and knows the street's log."""
    (tmp_path / "logs").write_text(f"{guard.key(f'localhost/log/{street.slug}/1').verifier}\n")
    server = serve("neighbour", tmp_path / "logs", tmp_path / "witness", "127.0.0.1:0")
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"{key_of(tmp_path / 'witness', 'neighbour').verifier} http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.django_db
def test_heads_are_cosigned_and_receipts_show_it(street, logged, neighbour, guard):
    with override_settings(WITNESSES=neighbour):
        tasks.ask_witnesses()
        tasks.ask_witnesses()
    head = latest_head(street.pk)
    key = peers(neighbour)[0].key

    assert LogCosignature.objects.count() == 1
    receipt = receipt_of(leaf(logged[1]), head)
    assert proven(receipt, leaf(logged[1]).entry, VerifierKey.of(head.verifier_key), [key], 1).size == 12

    metered(logged, make.NOON, at=NOW, taken=(300, 300))
    sign_head(community=street, keeper=guard, at=NOW)
    assert ask_all(peers(neighbour), NOW) == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("owner")
def test_a_lost_answer_is_made_good_by_the_size_that_the_witness_knows(street, logged, neighbour):
    ask_all(peers(neighbour), NOW)
    assert latest_head(street.pk).cosignatures.count() == 1
    # What came back was lost: we remember nothing of it.
    as_a_superuser("SET session_replication_role = replica", "DELETE FROM market_logcosignature")
    as_a_superuser("SET session_replication_role = origin")

    assert ask_all(peers(neighbour), NOW) == 1


@pytest.mark.django_db
def test_a_witness_that_is_away_or_lies_changes_nothing(street, logged, neighbour, caplog):
    key = neighbour.split(" ")[0]
    assert ask_all(peers(f"{key} http://127.0.0.1:1"), NOW) == 0
    other = SignerKey("neighbour", bytes(31) + b"7", COSIGNED).verifier
    assert ask_all(peers(neighbour.replace(key, str(other))), NOW) == 0
    assert caplog.text.count("did not cosign") == 2
    assert not LogCosignature.objects.exists()
    with pytest.raises(BadNote):
        peers("nonsense http://127.0.0.1")


@pytest.mark.django_db
def test_a_witness_in_the_own_network_is_asked_only_if_the_operator_says_so(
    street, logged, neighbour, settings, caplog
):
    settings.OUTBOUND_LOCAL = ""
    assert ask_all(peers(neighbour), NOW) == 0
    assert "asked by https only" in caplog.text
    assert ask_all(peers(neighbour.replace("http:", "https:")), NOW) == 0
    assert "network of its own" in caplog.text


def test_a_file_without_keys_is_refused(tmp_path):
    (tmp_path / "logs").write_text("nonsense\n")
    with pytest.raises(CommandError, match="no verifier key"):
        serve("w", tmp_path / "logs", tmp_path / "w", "127.0.0.1:0")
    assert Guard(tmp_path / "w").last("log") is None


@pytest.mark.parametrize("size", ["9" * 5_000, "9" * 19, "01", "+1", "1_0", "\u0661", ""])
def test_a_size_that_no_log_has_is_a_bad_request_to_a_witness(witness, log, size):
    assert witness.add(f"old {size}\n\n{note(log)}", 1_700_000_000) == Answer(400)


@pytest.mark.parametrize("size", ["9" * 5_000, "9" * 19, "01", "+1", "1_0", "\u0661"])
def test_a_head_of_a_size_that_no_log_has_is_none(witness, size):
    signed = sign(f"log\n{size}\n{b64encode(EMPTY_ROOT).decode()}\n", LOG)

    assert witness.add(f"old 0\n\n{signed}", 1_700_000_000) == Answer(400)
