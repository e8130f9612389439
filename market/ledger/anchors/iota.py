"""IOTA (since 2025 a chain of Move objects): a head's digest as the argument of a call that anybody may make.

The call is `0x1::hash::sha2_256(digest)`: it stores nothing and costs the smallest fee, and the signed bytes of
the transaction hold the digest. EXPERIMENTAL: written after the published documents and tried against a server of
our own; it has never been run against IOTA's network.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from market.ledger.anchors.anchor import Ask, BadAnchor, Evidence, digest_of, good, uleb
from metering.did_key import base58, of_base58

PACKAGE, MODULE, FUNCTION = bytes(31) + b"\x01", b"hash", b"sha2_256"
# At most 0.005 IOTA a head; what is not used is not taken.
BUDGET_NANOS = 5_000_000
ED25519_FLAG, SEED_BYTES, SIGNATURE_BYTES, KEY_BYTES, HASH_BYTES = b"\x00", 32, 64, 32, 32
# A transaction of version 1 that is signed by its sender, as the first bytes of what is signed say.
INTENT = bytes(3)
JSON_TYPE = {"Content-Type": "application/json"}
GAS = """query ($address: IotaAddress!) { epoch { referenceGasPrice }
 address(address: $address) { coins(first: 20) { nodes { address version digest coinBalance } } } }"""
EXECUTE = """mutation ($txBytes: String!, $signatures: [String!]!) {
 executeTransactionBlock(txBytes: $txBytes, signatures: $signatures) { errors effects { status } } }"""
LOOK = """query ($digest: String!) { transactionBlock(digest: $digest) {
 effects { status timestamp checkpoint { sequenceNumber } } } }"""


def _hash(content: bytes) -> bytes:
    return blake2b(content, digest_size=HASH_BYTES).digest()


def _bytes(content: bytes) -> bytes:
    return uleb(len(content)) + content


@dataclass(frozen=True, slots=True)
class Gas:
    """The coin that pays, as it is now, and nanos a unit."""

    coin: bytes
    version: int
    digest: bytes
    price_nanos: int


def call(digest: bytes) -> bytes:
    """The part of a transaction that says what is done: one argument, one call, in BCS."""
    argument = b"\x00" + _bytes(_bytes(digest))
    command = b"\x00" + PACKAGE + _bytes(MODULE) + _bytes(FUNCTION) + uleb(0) + uleb(1) + b"\x01\x00\x00"
    return b"\x00" + b"\x00" + uleb(1) + argument + uleb(1) + command


def transaction(digest: bytes, sender: bytes, gas: Gas) -> bytes:
    """The whole transaction in BCS: what is done, by whom, who pays, without an end."""
    coin = gas.coin + gas.version.to_bytes(8, "little") + _bytes(gas.digest)
    pays = uleb(1) + coin + sender + gas.price_nanos.to_bytes(8, "little") + BUDGET_NANOS.to_bytes(8, "little")
    return call(digest) + sender + pays + b"\x00"


def address_of(public: bytes) -> bytes:
    """The account of an Ed25519 key."""
    return _hash(public)


def name_of(signed: bytes) -> str:
    """How the network calls a transaction."""
    return base58(_hash(b"TransactionData::" + signed))


@dataclass(frozen=True, slots=True)
class Iota:
    """A GraphQL service, and the seed of the account that pays."""

    url: str
    seed: bytes

    @classmethod
    def of(cls, url: str, seed: str) -> "Iota":
        """With the seed in hex. Raises ValueError for what is none."""
        found = bytes.fromhex(seed)
        if len(found) != SEED_BYTES:
            raise ValueError("The seed of the account is not of 32 bytes.")
        return cls(url, found)

    @property
    def kind(self) -> str:
        """Its name."""
        return "iota"

    @property
    def urls(self) -> tuple[str, ...]:
        """Whom it asks."""
        return (self.url,)

    def submit(self, note: bytes, ask: Ask) -> Evidence:
        """Sign and send the transaction. Raises `BadAnchor` if the network refuses it."""
        key = Ed25519PrivateKey.from_private_bytes(self.seed)
        public = key.public_key().public_bytes_raw()
        signed = transaction(digest_of(note), address_of(public), self._gas(address_of(public), ask))
        signature = ED25519_FLAG + key.sign(_hash(INTENT + signed)) + public
        texts = {"txBytes": b64encode(signed).decode(), "signatures": [b64encode(signature).decode()]}
        answer = self._ask(EXECUTE, texts, ask)
        with _shaped():
            done = answer["executeTransactionBlock"]
            if done["errors"] or done["effects"]["status"] != "SUCCESS":
                raise BadAnchor(f"The network refused it: {done['errors']}"[:200])
        said = {"transaction": texts["txBytes"], "signature": texts["signatures"][0], "digest": name_of(signed)}
        return self.verify(note, json.dumps(said, indent=1).encode())

    def poll(self, note: bytes, content: bytes, ask: Ask) -> Evidence:
        """Look whether the transaction stands in a checkpoint by now."""
        said = _said(content)
        answer = self._ask(LOOK, {"digest": said["digest"]}, ask)
        with _shaped():
            found = (answer["transactionBlock"] or {}).get("effects") or {}
            if found.get("checkpoint"):
                said |= {"checkpoint": found["checkpoint"]["sequenceNumber"], "timestamp": found["timestamp"]}
        return self.verify(note, json.dumps(said, indent=1).encode())

    def verify(self, note: bytes, content: bytes) -> Evidence:
        """Check that the signed transaction holds the head; that it is in the chain has to be looked up there."""
        said = _said(content)
        with _shaped():
            signed, signature = b64decode(said["transaction"]), b64decode(said["signature"])
            at = datetime.fromisoformat(said["timestamp"]) if "timestamp" in said else None
            checkpoint = said.get("checkpoint")
        if not signed.startswith(call(digest_of(note))):
            raise BadAnchor("The transaction is of another head.")
        own, public = signature[1 : 1 + SIGNATURE_BYTES], signature[1 + SIGNATURE_BYTES :]
        if signature[:1] != ED25519_FLAG or len(public) != KEY_BYTES or said["digest"] != name_of(signed):
            raise BadAnchor("The transaction is not the one that it is called.")
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(own, _hash(INTENT + signed))
        except InvalidSignature as error:
            raise BadAnchor("The transaction's signature is wrong.") from error
        place = said["digest"] if checkpoint is None else f"{said['digest']}, checkpoint {checkpoint}"
        return Evidence(content, checkpoint is not None, place[:200], at)

    def _gas(self, address: bytes, ask: Ask) -> Gas:
        answer = self._ask(GAS, {"address": f"0x{address.hex()}"}, ask)
        with _shaped():
            coins = (answer["address"] or {"coins": {"nodes": []}})["coins"]["nodes"]
            coin = max(coins, key=lambda one: int(one["coinBalance"]), default=None)
            if coin is None or int(coin["coinBalance"]) < BUDGET_NANOS:
                raise BadAnchor(f"0x{address.hex()} has no coin that pays.")
            place = bytes.fromhex(coin["address"].removeprefix("0x").zfill(2 * HASH_BYTES))
            price = int(answer["epoch"]["referenceGasPrice"])
            return Gas(place, int(coin["version"]), of_base58(coin["digest"]), price)

    def _ask(self, query: str, variables: dict[str, Any], ask: Ask) -> dict[str, Any]:
        told = json.dumps({"query": query, "variables": variables}).encode()
        content = good(ask(self.url, told, JSON_TYPE))
        with _shaped():
            answer = json.loads(content)
            if answer.get("errors"):
                raise BadAnchor(f"It answered: {answer['errors']}"[:200])
            found: dict[str, Any] = answer["data"]
            found.keys()
            return found


@contextmanager
def _shaped() -> Iterator[None]:
    """Whatever an answer lacks is a `BadAnchor`."""
    try:
        yield
    except BadAnchor:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise BadAnchor(f"The answer has another shape: {error!r}"[:200]) from error


def _said(content: bytes) -> dict[str, Any]:
    with _shaped():
        said: dict[str, Any] = json.loads(content)
        if not all(isinstance(said[name], str) for name in ("transaction", "signature", "digest")):
            raise BadAnchor("This is no receipt of a transaction.")
    return said
