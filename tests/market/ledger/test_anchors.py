"""Anchors: bytes as others write and read them, and answers that must not be believed."""

import hashlib
import json
import random
import subprocess
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from opentimestamps.core.notary import BitcoinBlockHeaderAttestation, PendingAttestation
from opentimestamps.core.op import OpAppend, OpPrepend, OpSHA256
from opentimestamps.core.serialize import BytesDeserializationContext, BytesSerializationContext
from opentimestamps.core.timestamp import DetachedTimestampFile, Timestamp

from market.ledger.anchors import BadAnchor
from market.ledger.anchors.anchor import digest_of
from market.ledger.anchors.iota import Gas, Iota, address_of, call, name_of, transaction
from market.ledger.anchors.opentimestamps import OpenTimestamps
from market.ledger.anchors.ots_file import read_file, read_stamp, write_file
from market.ledger.anchors.rfc3161 import TimeStampAuthority
from metering.did_key import base58

NOTE = b"log\n3\nAAAA\n\n\xe2\x80\x94 log AAAA\n"
CALENDAR, OTHER = "https://calendar.example", "https://other.example"


def reply(content=b"", status=200):
    return SimpleNamespace(status=status, content=content)


# --- OpenTimestamps ----------------------------------------------------------------------------------------------


def serialized(timestamp):
    context = BytesSerializationContext()
    timestamp.serialize(context)
    return context.getbytes()


def promise(digest, url):
    """What a calendar answers, written by the reference library: the steps to its own commitment, and a promise."""
    stamp = Timestamp(digest)
    leaf = stamp.ops.add(OpAppend(b"salt of " + url.encode())).ops.add(OpSHA256()).ops.add(OpPrepend(b"time"))
    leaf.attestations.add(PendingAttestation(url))
    return stamp, leaf.msg


def upgraded(commitment, block):
    """The way from a commitment into a block, as the library writes it."""
    stamp = Timestamp(commitment)
    root = stamp.ops.add(OpAppend(bytes(9))).ops.add(OpSHA256()).ops.add(OpSHA256())
    root.attestations.add(BitcoinBlockHeaderAttestation(block))
    return stamp


class Calendars:
    """Calendars that keep what they were given and have a block once they are told."""

    def __init__(self):
        self.block, self.asked, self.away = None, [], set()

    def __call__(self, url, content=None, headers=None):
        self.asked.append(url)
        calendar, _slash, rest = url.removeprefix("https://").partition("/")
        if calendar in self.away:
            raise OSError(f"{calendar} is away")
        if content is not None:
            assert (rest, len(content)) == ("digest", 32)
            return reply(serialized(promise(content, f"https://{calendar}")[0]))
        if self.block is None:
            return reply(b"pending", 404)
        return reply(serialized(upgraded(bytes.fromhex(rest.removeprefix("timestamp/")), self.block)))


@pytest.fixture
def calendars():
    return Calendars()


def as_the_library_reads(content):
    return DetachedTimestampFile.deserialize(BytesDeserializationContext(content))


def test_a_calendars_promise_is_kept_as_the_library_writes_it(calendars):
    found = OpenTimestamps((CALENDAR,)).submit(NOTE, calendars)

    expected = DetachedTimestampFile(OpSHA256(), promise(hashlib.sha256(NOTE).digest(), CALENDAR)[0])
    assert found.content == serialized(expected)
    assert (found.complete, found.place) == (False, CALENDAR)


def test_what_calendars_promised_becomes_a_block_of_bitcoin(calendars):
    anchor = OpenTimestamps((CALENDAR, OTHER))
    given = anchor.submit(NOTE, calendars)
    waiting = anchor.poll(NOTE, given.content, calendars)
    calendars.block = 901_234
    found = anchor.poll(NOTE, waiting.content, calendars)

    assert waiting.content == given.content
    assert (found.complete, found.place) == (True, "Bitcoin 901234")
    read = as_the_library_reads(found.content)
    assert read.file_digest == hashlib.sha256(NOTE).digest()
    assert {one.height for _message, one in read.timestamp.all_attestations()} == {901_234}
    assert serialized(read) == found.content
    assert anchor.verify(NOTE, found.content) == found


def test_a_calendar_that_is_away_keeps_no_other_from_being_asked(calendars):
    anchor = OpenTimestamps((CALENDAR, OTHER))
    given = anchor.submit(NOTE, calendars)
    calendars.away = {"calendar.example"}
    assert anchor.poll(NOTE, given.content, calendars).content == given.content

    calendars.block = 901_234
    assert anchor.poll(NOTE, given.content, calendars).place == "Bitcoin 901234"
    calendars.away |= {"other.example"}
    with pytest.raises(OSError, match=r"other\.example is away"):
        anchor.poll(NOTE, given.content, calendars)


def test_one_calendar_is_enough_and_none_is_an_error(calendars):
    calendars.away = {"other.example"}
    assert OpenTimestamps((CALENDAR, OTHER)).submit(NOTE, calendars).place == CALENDAR
    calendars.away.add("calendar.example")
    with pytest.raises(BadAnchor, match="away"):
        OpenTimestamps((CALENDAR, OTHER)).submit(NOTE, calendars)


def test_a_calendar_that_names_another_address_has_nobody_asked_there(calendars):
    def evil(url, content=None, headers=None):
        return reply(serialized(promise(content, "https://inside.example")[0]))

    given = OpenTimestamps((CALENDAR,)).submit(NOTE, evil)
    OpenTimestamps((CALENDAR,)).poll(NOTE, given.content, calendars)
    assert calendars.asked == []


def test_a_file_of_another_head_is_refused(calendars):
    found = OpenTimestamps((CALENDAR,)).submit(NOTE, calendars)
    with pytest.raises(BadAnchor, match="another head"):
        OpenTimestamps((CALENDAR,)).verify(NOTE + b"x", found.content)


@pytest.mark.parametrize(
    "answer",
    [b"", b"<html>", b"\x00", b"\xff" * 9, b"\xf0\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", b"\x08" * 300,
     b"\x42\x00", b"\xf0\x81\x20" + bytes(4097) + b"\x00" + bytes(9)],
)  # fmt: skip
def test_what_is_no_stamp_is_refused(answer):
    with pytest.raises(BadAnchor):
        read_stamp(answer, bytes(32))


def test_no_broken_file_is_read_otherwise_than_the_library_reads_it(calendars):
    calendars.block = 901_234
    anchor = OpenTimestamps((CALENDAR, OTHER))
    content = anchor.poll(NOTE, anchor.submit(NOTE, calendars).content, calendars).content
    chance, read = random.Random(7), 0
    for _trial in range(2_000):
        data = bytearray(content)
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        try:
            again = write_file(read_file(bytes(data)))
        except BadAnchor:
            continue
        read += 1
        assert as_the_library_reads(again) == as_the_library_reads(bytes(data))
    assert read > 100


# --- RFC 3161 ----------------------------------------------------------------------------------------------------

AUTHORITY = """
[tsa]
default_tsa = one
[one]
serial = ./serial
signer_cert = ./tsa.pem
signer_key = ./tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
[stamps]
extendedKeyUsage = critical,timeStamping
"""


def openssl(folder, *words):
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def made_authority(folder):
    folder.mkdir()
    (folder / "tsa.cnf").write_text(AUTHORITY)
    (folder / "serial").write_text("01")
    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl(folder, "req", "-x509", *new, "-days", "9", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=root")
    openssl(folder, "req", *new, "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=tsa")
    openssl(
        folder, "x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
        "-days", "9", "-extfile", "tsa.cnf", "-extensions", "stamps", "-out", "tsa.pem",
    )  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A time-stamping authority: OpenSSL's own."""
    return made_authority(tmp_path_factory.mktemp("tsa") / "one")


def stamping(folder):
    def ask(url, content=None, headers=None):
        assert headers["Content-Type"] == "application/timestamp-query"
        (folder / "query").write_bytes(content)
        openssl(folder, "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-out", "answer")
        return reply((folder / "answer").read_bytes())

    return ask


def anchor_of(folder):
    return TimeStampAuthority.of("https://tsa.example", (folder / "ca.pem").read_bytes())


def test_an_authoritys_stamp_says_when_and_openssl_agrees(authority):
    found = anchor_of(authority).submit(NOTE, stamping(authority))

    assert abs(found.said_at - datetime.now(UTC)) < timedelta(minutes=5)
    assert found.complete
    (authority / "head.txt").write_bytes(NOTE)
    (authority / "head.tsr").write_bytes(found.content)
    openssl(authority, "ts", "-verify", "-data", "head.txt", "-in", "head.tsr", "-CAfile", "ca.pem")


def test_a_stamp_of_another_root_another_head_or_another_request_is_refused(authority, tmp_path):
    stranger = made_authority(tmp_path / "other")
    given = anchor_of(authority).submit(NOTE, stamping(authority))

    with pytest.raises(BadAnchor, match="certificates"):
        anchor_of(authority).submit(NOTE, stamping(stranger))
    with pytest.raises(BadAnchor, match="Mismatch"):
        anchor_of(authority).verify(NOTE + b"x", given.content)
    with pytest.raises(BadAnchor, match="another request"):
        anchor_of(authority).submit(NOTE, lambda *_: reply(given.content))
    with pytest.raises(BadAnchor, match="500"):
        anchor_of(authority).submit(NOTE, lambda *_: reply(b"", 500))
    with pytest.raises(ValueError, match="PEM"):
        TimeStampAuthority.of("https://tsa.example", b"nonsense")


def test_no_changed_stamp_says_anything_else(authority):
    anchor = anchor_of(authority)
    given = anchor.submit(NOTE, stamping(authority))
    chance, taken = random.Random(7), 0
    for _trial in range(400):
        data = bytearray(given.content)
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        try:
            assert anchor.verify(NOTE, bytes(data)).said_at == given.said_at
        except BadAnchor:
            continue
        taken += 1
    assert taken < 20, "only what is not signed may differ"
    for junk in (b"", b"<html>nothing</html>", bytes.fromhex("30053003020102"), bytes(2000)):
        with pytest.raises(BadAnchor):
            anchor.verify(NOTE, junk)


# --- IOTA --------------------------------------------------------------------------------------------------------

SEED = "11" * 32
COIN = "ab" * 32


class Network:
    """A GraphQL service with one rich account, in the documented shapes."""

    def __init__(self, **answers):
        self.answers, self.sent, self.checkpoint = answers, [], None

    def __call__(self, url, content=None, headers=None):
        told = json.loads(content)
        query, variables = told["query"], told["variables"]
        name = next(one for one in ("executeTransactionBlock", "transactionBlock", "epoch") if one in query)
        if name in self.answers:
            return reply(json.dumps(self.answers[name]).encode())
        if name == "epoch":
            coin = {"address": f"0x{COIN}", "version": 7, "digest": base58(bytes(32)), "coinBalance": "9000000"}
            return reply(json.dumps({"data": {
                "epoch": {"referenceGasPrice": "1000"}, "address": {"coins": {"nodes": [coin]}},
            }}).encode())  # fmt: skip
        if name == "executeTransactionBlock":
            self.sent.append(b64decode(variables["txBytes"]))
            done = {"errors": None, "effects": {"status": "SUCCESS"}}
            return reply(json.dumps({"data": {"executeTransactionBlock": done}}).encode())
        assert variables["digest"] == name_of(self.sent[-1])
        effects = {"status": "SUCCESS", "timestamp": "2026-11-23T12:00:00.000Z", "checkpoint": self.checkpoint}
        return reply(json.dumps({"data": {"transactionBlock": {"effects": effects}}}).encode())


def test_a_transaction_has_the_bytes_of_the_format():
    gas = Gas(bytes.fromhex(COIN), 7, bytes(32), 1000)
    sender = bytes([0xCD]) * 32

    found = transaction(bytes([0xEE]) * 32, sender, gas)

    assert found.hex() == (
        "00" "00"  # version 1, a programmable transaction
        "01" "00" "21" "20" + "ee" * 32 +  # one argument: 33 bytes, a vector of 32
        "01" "00" + "00" * 31 + "01" "04" + b"hash".hex() + "08" + b"sha2_256".hex() + "00"  # one call, no types
        "01" "01" "0000" +  # with the argument 0
        "cd" * 32 +  # sent by
        "01" + COIN + "0700000000000000" "20" + "00" * 32 +  # paid with one coin
        "cd" * 32 + "e803000000000000" "404b4c0000000000" "00"  # of, price, budget, for ever
    )  # fmt: skip
    assert found.startswith(call(bytes([0xEE]) * 32))
    assert address_of(bytes(32)) == hashlib.blake2b(bytes(32), digest_size=32).digest()


def test_a_head_goes_into_a_transaction_and_its_checkpoint_is_waited_for():
    network, anchor = Network(), Iota.of("https://iota.example", SEED)
    given = anchor.submit(NOTE, network)
    waiting = anchor.poll(NOTE, given.content, network)
    network.checkpoint = {"sequenceNumber": 42}
    found = anchor.poll(NOTE, waiting.content, network)

    assert [given.complete, waiting.complete, found.complete] == [False, False, True]
    assert digest_of(NOTE) in network.sent[0]
    assert found.place.endswith("checkpoint 42")
    assert found.said_at == datetime(2026, 11, 23, 12, tzinfo=UTC)
    with pytest.raises(BadAnchor, match="another head"):
        anchor.verify(NOTE + b"x", found.content)


@pytest.mark.parametrize("changed", ["transaction", "signature", "digest"])
def test_a_changed_receipt_is_refused(changed):
    anchor = Iota.of("https://iota.example", SEED)
    said = json.loads(anchor.submit(NOTE, Network()).content)
    data = bytearray(b64decode(said[changed]) if changed != "digest" else said[changed].encode())
    data[-1] ^= 1
    said[changed] = b64encode(data).decode() if changed != "digest" else data.decode()

    with pytest.raises(BadAnchor):
        anchor.verify(NOTE, json.dumps(said).encode())


@pytest.mark.parametrize(
    "answers",
    [
        {"epoch": {"errors": [{"message": "no"}]}},
        {"epoch": {"data": None}},
        {"epoch": {"data": {"epoch": {"referenceGasPrice": "x"}, "address": None}}},
        {"epoch": {"data": {"epoch": {"referenceGasPrice": "1"}, "address": {"coins": {"nodes": [{}]}}}}},
        {
            "executeTransactionBlock": {
                "data": {"executeTransactionBlock": {"errors": ["locked"], "effects": None}}
            }
        },
        {"executeTransactionBlock": []},
        {"executeTransactionBlock": "text"},
    ],
)
def test_refusals_and_other_shapes_are_no_receipts(answers):
    with pytest.raises(BadAnchor):
        Iota.of("https://iota.example", SEED).submit(NOTE, Network(**answers))


def test_a_seed_is_of_32_bytes():
    for seed in ("", "11", "zz" * 32):
        with pytest.raises(ValueError, match="32 bytes|hexadecimal"):
            Iota.of("https://iota.example", seed)
