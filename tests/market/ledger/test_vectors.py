"""Published vectors of RFC 6962, C2SP and Go's notes: what must hold holds, and what must fail fails."""

import json
from base64 import b64decode
from pathlib import Path

import pytest

from market.ledger import merkle
from market.ledger.merkle import EMPTY_ROOT, leaf_hash, node_hash, proves_growth, proves_inclusion, root
from market.ledger.notes import COSIGNED, BadNote, Head, SignerKey, VerifierKey, parse, sign, strict_b64, verified
from market.ledger.receipts import Receipt, proven
from market.ledger.tiles import TileReader, appended, bundle, tile_index, tile_path, unbundled, widths

VECTORS = json.loads(Path(__file__).with_name("ledger_vectors.json").read_text(encoding="utf-8"))


def hashes(given):
    return [b64decode(one) for one in given or []]


class Tiles(dict):
    """A log in memory."""

    def __init__(self, entries):
        super().__init__()
        self.size = 0
        self.add(entries)

    def add(self, entries):
        self.update(appended([leaf_hash(one) for one in entries], self.size, self.read))
        self.size += len(entries)

    def read(self, level, index):
        return self.get((level, index), b"")

    def reader(self):
        return TileReader(self.read)


def test_hashes_are_those_of_the_rfc():
    for case in VECTORS["rfc6962_hasher"]:
        found = {
            "empty_root": lambda _case: EMPTY_ROOT,
            "leaf": lambda one: leaf_hash(bytes.fromhex(one["in_hex"])),
            "node": lambda one: node_hash(bytes.fromhex(one["left_hex"]), bytes.fromhex(one["right_hex"])),
        }[case["op"]](case)
        assert found.hex() == case["want"]


def test_the_reference_tree_has_its_roots_at_every_size():
    tree = VECTORS["ct_reference_tree"]
    log = Tiles([])
    for size, want in enumerate(tree["roots_hex"]):
        assert root(size, log.reader()).hex() == want
        if size < len(tree["leaves_hex"]):
            log.add([bytes.fromhex(tree["leaves_hex"][size])])


@pytest.mark.parametrize("case", VECTORS["inclusion"], ids=lambda case: case["file"][-60:])
def test_inclusion(case):
    held = proves_inclusion(
        case["leafIdx"], case["treeSize"], b64decode(case["leafHash"] or ""), hashes(case["proof"]),
        b64decode(case["root"] or ""),
    )  # fmt: skip
    assert held is not case["wantErr"]


@pytest.mark.parametrize("case", VECTORS["consistency"], ids=lambda case: case["file"][-60:])
def test_consistency(case):
    held = proves_growth(
        case["size1"], case["size2"], b64decode(case["root1"] or ""), b64decode(case["root2"] or ""),
        hashes(case["proof"]),
    )  # fmt: skip
    assert held is not case["wantErr"]


def test_valid_notes_are_verified_and_invalid_ones_refused():
    cases = VECTORS["signed_note"]
    for case in cases["valid"]:
        keys = [VerifierKey.of(key) for key in case["vkeys"]]
        _text, names = verified(case["note"], keys)
        assert names == case["verified"]
    for case in cases["invalid"]:
        with pytest.raises(BadNote):
            verified(case["note"], [VerifierKey.of(key) for key in case["vkeys"]])
    for key in cases["bad_vkeys"]:
        with pytest.raises(BadNote):
            VerifierKey.of(key)


def test_the_golden_log_is_rebuilt_to_the_byte():
    golden = VECTORS["golden_log"]
    key = VerifierKey.of(golden["vkey"])
    log = Tiles([])
    for size, checkpoint in enumerate(golden["checkpoints"]):
        text, names = verified(checkpoint, [key])
        head = Head.of(text)
        assert (head.size, names) == (size, [key.name])
        assert root(size, log.reader()) == head.root
        seed = b64decode(golden["skey"].split("+", 4)[4])[1:]
        assert sign(head.text, SignerKey(key.name, seed)) == checkpoint
        if size < len(golden["entries"]):
            log.add([golden["entries"][size].encode()])
    assert log.read(0, 0).hex() == golden["tile_0_000_p_15_hex"]
    entries = [one.encode() for one in golden["entries"]]
    assert bundle(entries).hex() == golden["entries_bundle_000_p_15_hex"]
    assert unbundled(bundle(entries)) == entries


def test_real_witnesses_cosignatures_hold():
    for case in VECTORS["cosignature_v1_real"]:
        keys = [VerifierKey.of(key) for key in (case["log_vkey"], *case["witness_vkeys_type04"]) if key]
        _text, names = verified(case["checkpoint"], keys)
        assert set(names) == {key.name for key in keys}


def test_receipts_are_written_and_read_as_published():
    for case in VECTORS["tlog_proof"]["encode"]:
        receipt = Receipt(
            case["index"], tuple(hashes(case["hashes_b64"])), case["checkpoint"], case["extra"].encode()
        )
        assert receipt.text == case["want"]
        assert Receipt.of(case["want"]) == receipt
    for text in VECTORS["tlog_proof"]["decode_errors"]:
        with pytest.raises(BadNote):
            Receipt.of(text)


@pytest.mark.parametrize("text", VECTORS["checkpoint_body"]["invalid"])
def test_heads_that_are_none_are_refused(text):
    with pytest.raises(BadNote):
        Head.of(text)


def test_tiles_have_their_paths_and_widths():
    for case in VECTORS["tile_path"]:
        assert tile_path(case["index"]) == case["want"]
        assert tile_index(case["want"]) == case["index"]
    for wrong in ("1", "x1/000", "001/000", "x000/001", "aaa", "x001/x02"):
        with pytest.raises(ValueError, match="names no tile"):
            tile_index(wrong)
    wanted = VECTORS["tile_widths_70000"]
    assert list(widths(70_000)) == [
        (0, wanted["level0_full"], wanted["level0_partial"]),
        (1, wanted["level1_full"], wanted["level1_partial"]),
        (2, 0, wanted["level2_partial"]),
    ]


def test_ed25519_signs_as_the_rfc_has_it():
    for case in VECTORS["ed25519_rfc8032"]:
        key = SignerKey("a", bytes.fromhex(case["seed"]))
        assert key.verifier.key.hex() == case["pub"]


# --- own logs ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", [(1, 2, 300, 700), (256, 257, 65_537), (255, 256, 512, 513)])
def test_a_log_that_grows_in_batches_proves_every_entry_and_every_step(sizes):
    entries = [f"entry {i}".encode() for i in range(sizes[-1])]
    log, heads = Tiles([]), []
    for size in sizes:
        log.add(entries[log.size : size])
        heads.append((size, root(size, log.reader())))
    whole = Tiles(entries)
    assert dict(whole) == dict(log)
    last, of = heads[-1]
    for index in {0, 1, sizes[0] - 1, last // 2, last - 1}:
        proof = merkle.inclusion_proof(index, last, log.reader())
        assert proves_inclusion(index, last, leaf_hash(entries[index]), proof, of)
        assert not proves_inclusion(index, last, leaf_hash(b"another"), proof, of)
    for size, old in heads:
        proof = merkle.consistency_proof(size, last, log.reader())
        assert proves_growth(size, last, old, of, proof)
        assert not proves_growth(size, last, of if old != of else bytes(32), of, proof)


def test_a_receipt_proves_its_entry_and_a_quorum_of_witnesses_if_asked():
    log, key, witness = (
        Tiles([b"one", b"two", b"three"]),
        SignerKey("log", bytes(32)),
        SignerKey("w", bytes(31) + b"1", COSIGNED),
    )
    head = Head("log", 3, root(3, log.reader()))
    note = sign(head.text, key) + witness.line(head.text, 1_700_000_000)
    receipt = Receipt(1, tuple(merkle.inclusion_proof(1, 3, log.reader())), note)

    assert proven(receipt, b"two", key.verifier) == head
    assert proven(receipt, b"two", key.verifier, [witness.verifier], 1) == head
    with pytest.raises(BadNote, match="not in the log"):
        proven(receipt, b"three", key.verifier)
    with pytest.raises(BadNote, match="Fewer than 2"):
        proven(receipt, b"two", key.verifier, [witness.verifier], 2)
    with pytest.raises(BadNote, match="did not sign"):
        proven(receipt, b"two", SignerKey("other", bytes(32)).verifier, [witness.verifier])
    with pytest.raises(BadNote, match="is of log"):
        renamed = Receipt(1, receipt.hashes, sign(head.text, SignerKey("other", bytes(32))))
        proven(renamed, b"two", SignerKey("other", bytes(32)).verifier)


def test_base64_has_one_spelling():
    assert strict_b64("AA==") == b"\x00"
    for wrong in ("AB==", "AA=", "A A=", "AA==\n"):
        with pytest.raises(BadNote):
            strict_b64(wrong)


def test_a_note_needs_its_form():
    with pytest.raises(BadNote, match="ends with one newline"):
        sign("text", SignerKey("a", bytes(32)))
    with pytest.raises(BadNote, match="control"):
        parse("a\x00b\n\n— a AAAAAAAA\n")


def test_what_is_not_in_a_log_is_not_proven():
    log = Tiles([b"one"])
    with pytest.raises(ValueError, match="not among"):
        merkle.inclusion_proof(1, 1, log.reader())
    with pytest.raises(ValueError, match="does not begin"):
        merkle.consistency_proof(2, 1, log.reader())
    with pytest.raises(ValueError, match="too short"):
        log.reader()(1, 0)
    with pytest.raises(ValueError, match="breaks off"):
        unbundled(b"\x00\x05ab")
    with pytest.raises(ValueError, match="at most"):
        bundle([bytes(65_536)])
