"""Receipts that somebody made to be taken for others: program, page and the site's own code say the same of them."""

import json
import random
from base64 import b64encode

import pytest

from market.agents import HoursRule
from market.agents import Mandate as MandateTerms
from market.ledger.leaves import commitment, home_leaf
from market.ledger.merkle import inclusion_proof, leaf_hash, node_hash, root
from market.ledger.notes import BadNote, Head, SignerKey, VerifierKey, sign
from market.ledger.receipts import Receipt, proven
from market.ledger.rotation import KIND
from market.ledger.standalone import verify_receipt
from market.queries.evidence import mandate_hash, plain_mandate
from market.wording.receipts import PAGE

LOG, NEXT = (SignerKey("azotea.example/log/calle/1", bytes([i]) * 32) for i in (1, 2))
SALT = bytes(range(32))
SLOT = "2026-11-23T11:00Z"
CLOCK = {"local": "2026-11-23T12:00+01:00", "minutes": 15, "period": "P1", "rest": [False, True]}
RULE = HoursRule(from_minute=600, to_minute=660, may_trade=False)
MANDATE = plain_mandate(MandateTerms(max_buy_ueur_kwh=100_000, hours=(RULE,)))
# The page's own way from chosen files to its verdict, with nothing remembered unless `keep` says so.
VERDICT = """async ([files, key, keep]) => {
  if (!keep) localStorage.clear();
  const chosen = new DataTransfer();
  for (const [name, text] of Object.entries(files)) chosen.items.add(new File([b64(text)], name));
  $("files").files = chosen.files; $("key").value = key;
  await run();
  return [$("answer").className, $("answer").textContent];
}"""


def receipt(signer=LOG, size=7, mandate=MANDATE, changes=(), entry=None, **facts):
    """A receipt as the site makes it, of whatever its maker likes to commit to."""
    said = {"home": 1, "slot": SLOT, "orders": [["buy", 400, 90_000]], "mandate": mandate_hash(mandate)}
    opening = said | {"clock": CLOCK, "bought_wh": 400, "paid_neur": 36_000} | facts
    entry = entry or home_leaf(opening["slot"], commitment(SALT, opening))
    leaves = [leaf_hash(entry if i == 3 else bytes([i])) for i in range(size)]

    def tree(level, place):
        return node_hash(tree(level - 1, 2 * place), tree(level - 1, 2 * place + 1)) if level else leaves[place]

    note = sign(Head(signer.name, size, root(size, tree)).text, signer)
    keys = {"log_key": str(signer.verifier), "key_changes": list(changes)}
    return {
        "receipt.tlog-proof": Receipt(3, tuple(inclusion_proof(3, size, tree)), note).text.encode(),
        "entry.json": entry,
        "opening.json": json.dumps({"opening": opening, "salt": SALT.hex(), **keys}).encode(),
        "mandate.json": json.dumps(mandate).encode(),
        "signature.json": b"null",
    }


def change(old, new):
    return sign(f"{KIND}\n{old.verifier}\n{new.verifier}\n2026-11-23T10:00:00Z\n", old, new)


@pytest.fixture
def page(browser):
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto(PAGE.as_uri())
    yield page
    context.close()


@pytest.fixture
def program(tmp_path, capsys):
    def check(files, *key):
        for name, content in files.items():
            (tmp_path / name).write_bytes(content)
        code = verify_receipt.main(str(tmp_path), *key)
        return code == 0, capsys.readouterr().out

    return check


def looked(page, files, key="", keep=False):
    texts = {name: b64encode(content).decode() for name, content in files.items()}
    kind, said = page.evaluate(VERDICT, [texts, key, keep])
    return kind == "right", said


def holds(files):
    """Whether the site's own code takes the proof."""
    try:
        receipt = Receipt.of(files["receipt.tlog-proof"].decode())
        proven(receipt, files["entry.json"], VerifierKey.of(json.loads(files["opening.json"])["log_key"]))
    except (BadNote, ValueError, LookupError, TypeError, AttributeError):
        return False
    return True


def mutants(count):
    """The receipt with something changed in one of its files, the same ones each time."""
    chance = random.Random(7)
    swaps = [("a", "\u0430"), ("e", "\u0435"), ("/", "\u2215"), ("\n", "\r\n"), ("\n", "\u2028"), ("1", "\u0661")]
    for _number in range(count):
        files = receipt()
        name = chance.choice(list(files)[:4])
        content, at = bytearray(files[name]), chance.randrange(len(files[name]))
        way = chance.choice(["flip", "cut", "twice", "swap", "space", "mark", "wide"])
        if way == "flip":
            content[at] ^= 1 << chance.randrange(8)
        elif way == "cut":
            del content[at]
        elif way == "twice":
            lines = content.split(b"\n")
            content = b"\n".join(lines[:1] + lines[:1] + lines[1:]) if at % 2 else content + content[-1:]
        elif way == "swap":
            old, new = chance.choice(swaps)
            content = bytearray(content.decode().replace(old, new, 1).encode())
        elif way == "space":
            content[at:at] = b" "
        else:
            content = bytearray(b"\xef\xbb\xbf" + content if way == "mark" else content.decode().encode("utf-16"))
        yield files | {name: bytes(content)}


def test_program_page_and_site_say_the_same_of_receipts_that_were_changed(page, program):
    assert looked(page, receipt())[0]
    assert program(receipt())[0]

    for files in mutants(250):
        by_page, by_program = looked(page, files), program(files)

        assert by_page[0] == by_program[0], (files, by_page, by_program)
        assert holds(files) or not by_page[0], files


ODD = [
    {"orders": [["buy", 400, "cheap"]]},
    {"orders": [["buy", "many", 90_000]]},
    {"orders": [["buy", 400, None]]},
    {"orders": [["buy", True, 90_000]]},
    {"orders": [["b\u0443y", 400, 90_000]]},
    {"orders": [["buy", 400.5, 90_000]]},
    {"mandate": MANDATE | {"max_buy_ueur_kwh": "cheap"}},
    {"mandate": {name: value for name, value in MANDATE.items() if name != "max_buy_ueur_kwh"}},
    {"clock": CLOCK | {"local": "+002026-11-23T12:00+01:00"}},
    {"clock": CLOCK | {"local": "Mon, 23 Nov 2026 12:00:00 +0100"}},
    {"t": "statement"},
]


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_what_is_not_written_as_the_site_writes_it_is_wrong_to_both_however_well_it_is_committed_to(
    page, program, odd
):
    facts = odd | ({"mandate": mandate_hash(odd["mandate"])} if "mandate" in odd else {})
    mandate = odd.get("mandate", MANDATE)
    files = receipt(**{name: value for name, value in facts.items() if name != "mandate"}, mandate=mandate)

    assert (looked(page, files)[0], program(files)[0]) == (False, False)


def test_an_entry_with_a_name_twice_is_wrong_to_both(page, program):
    files = receipt()
    twice = b'{"cm":"' + b"0" * 64 + b'",' + files["entry.json"][1:]
    files = receipt(entry=twice)

    assert (looked(page, files)[0], program(files)[0]) == (False, False)


def test_the_page_remembers_a_head_by_the_key_that_signed_it_whatever_the_receipt_calls_it(page):
    key = str(LOG.verifier)
    assert looked(page, receipt(), key, keep=True)[0]
    rewritten = receipt(bought_wh=500)
    said = json.loads(rewritten["opening.json"]) | {"log_key": str(SignerKey("else", bytes(32)).verifier)}

    right, words = looked(page, rewritten | {"opening.json": json.dumps(said).encode()}, key, keep=True)

    assert not right
    assert "the log was rewritten" in words


def test_a_key_that_was_replaced_signs_no_longer_log_than_its_successor_did(page):
    changes = [change(LOG, NEXT)]
    assert looked(page, receipt(NEXT, 7, changes=changes), keep=True)[0]

    assert looked(page, receipt(LOG, 6), keep=True)[0], "an older receipt"
    right, words = looked(page, receipt(LOG, 8, bought_wh=500), keep=True)

    assert not right
    assert "another key than before" in words


def test_both_say_whose_key_it_was_that_held(page, program):
    stranger = SignerKey(LOG.name, bytes([9]) * 32)
    files, key = receipt(stranger), str(stranger.verifier)

    for _right, said in (looked(page, files), program(files)):
        assert f"{key} as the receipt says: is it the one that you noted?" in said
    for right, said in (looked(page, files, key), program(files, key)):
        assert right
        assert f"{key} follows the one given" in said
    for right, _said in (looked(page, files, str(LOG.verifier)), program(files, str(LOG.verifier))):
        assert not right


def test_nothing_in_a_receipt_writes_a_verdict_of_its_own_on_the_terminal(program):
    files = receipt()
    said = json.loads(files["opening.json"])
    forged = "x\x1b[2K\rRIGHT: slot\nRIGHT: slot 2026+0+AA=="

    right, words = program(files | {"opening.json": json.dumps(said | {"log_key": forged}).encode()})

    assert not right
    assert len(words.splitlines()) == 1
    assert words.isprintable() or words.rstrip("\n").isprintable()


def test_nested_beyond_all_measure_is_wrong(program):
    right, said = program(receipt() | {"mandate.json": b"[" * 100_000})

    assert not right
    assert said.startswith("WRONG")
