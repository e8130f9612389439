"""Names of keys for the world: did:key for one key, did:web for a community with its log's keys, present and past.

did:key is the public key itself in base58btc (multicodec `ed01`, of most passkeys `8024`). did:web is a document
at the community's address; keys that were replaced stay in it with the moment until which they held, so that what
they signed can be checked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from market.ledger.notes import VerifierKey
from metering.did_key import KEY_BYTES, PREFIX, BadIdentity, base58, did_key, multibase

P256 = bytes([0x80, 0x24])
CONTEXT = ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"]


def did_key_p256(x: bytes, y: bytes) -> str:
    """The name of a P-256 public key, as most passkeys have one, by its coordinates. Raises `BadIdentity`."""
    if len(x) != KEY_BYTES or len(y) != KEY_BYTES:
        raise BadIdentity("A point of P-256 has two coordinates of 32 bytes.")
    return f"{PREFIX}z{base58(P256 + bytes([2 + (y[-1] & 1)]) + x)}"


def did_web(host: str, slug: str) -> str:
    """A community's name; its document is at `https://HOST/c/SLUG/did.json`.

    >>> did_web("azotea.example:8443", "calle-olmo")
    'did:web:azotea.example%3A8443:c:calle-olmo'
    """
    return f"did:web:{quote(host, safe='')}:c:{quote(slug, safe='')}"


@dataclass(frozen=True, slots=True)
class LogKey:
    """A key of a log: it signs heads of more than `since_size` entries, and of no more than `until_size`."""

    key: VerifierKey
    since_size: int
    since: datetime
    until_size: int | None = None
    until: datetime | None = None

    def signs(self, size: int) -> bool:
        """Whether heads of so many entries are its own."""
        return self.since_size < size and (self.until_size is None or size <= self.until_size)


def document(did: str, log: str, keys: Sequence[LogKey]) -> dict[str, Any]:
    """A community's document (DID Core): its log's keys in the order of their time."""
    methods = []
    for number, one in enumerate(keys, start=1):
        method = {
            "id": f"{did}#log-{number}", "type": "Multikey", "controller": did,
            "publicKeyMultibase": multibase(one.key.key),
        }  # fmt: skip
        methods.append(method | ({} if one.until is None else {"revoked": _moment(one.until)}))
    return {
        "@context": CONTEXT,
        "id": did,
        "verificationMethod": methods,
        "assertionMethod": [
            method["id"] for method, one in zip(methods, keys, strict=True) if one.until is None
        ],
        "service": [{"id": f"{did}#log", "type": "TransparencyLog", "serviceEndpoint": log}],
        # No word of DID Core: how verifiers of C2SP notes know the same keys, and which heads each signs.
        "logKeys": [
            {
                "verifierKey": str(one.key), "method": method["id"], "didKey": did_key(one.key.key),
                "fromSize": one.since_size + 1, "toSize": one.until_size,
                "from": _moment(one.since), "to": None if one.until is None else _moment(one.until),
            }
            for method, one in zip(methods, keys, strict=True)
        ],
    }  # fmt: skip


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
