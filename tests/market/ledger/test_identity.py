"""did:key by its published vectors, and a community's did:web with keys that were replaced."""

import json
from base64 import urlsafe_b64decode
from datetime import UTC, datetime
from pathlib import Path

import pytest

from market.ledger.identity import LogKey, did_key_p256, did_web, document
from market.ledger.notes import SignerKey
from metering.did_key import BadIdentity, base58, did_key, of_base58, public_of

VECTORS = json.loads(Path(__file__).with_name("ledger_vectors.json").read_text(encoding="utf-8"))[
    "did_key_ed25519"
]
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize("vector", VECTORS)
def test_published_keys_have_their_published_names(vector):
    public = bytes.fromhex(vector["public_key_hex"])
    assert did_key(public) == vector["did"]
    assert public_of(vector["did"]) == public


def test_a_passkeys_public_key_has_its_published_name():
    x, y = (
        urlsafe_b64decode(f"{one}=")
        for one in ("fyNYMN0976ci7xqiSdag3buk-ZCwgXU4kz9XNkBlNUI", "hW2ojTNfH7Jbi8--CJUo3OCbH3y5n91g-IMA9MLMbTU")
    )
    assert did_key_p256(x, y) == "did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169"
    with pytest.raises(BadIdentity):
        did_key_p256(x[1:], y)


@pytest.mark.parametrize(
    "did",
    ["did:key:", "did:web:x", "did:key:z6Mkh0", "did:key:mAAAA", "did:key:z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc",
     VECTORS[0]["did"][:-1], VECTORS[0]["did"] + "1"],
)  # fmt: skip
def test_what_names_no_key_of_ed25519_is_refused(did):
    with pytest.raises(BadIdentity):
        public_of(did)


@pytest.mark.parametrize("content", [b"", b"\0", b"\0\0\1", bytes(range(256)), b"hello"])
def test_base58_comes_back(content):
    assert of_base58(base58(content)) == content


def test_a_document_has_the_keys_in_their_time():
    old, new = SignerKey("log", bytes(32)).verifier, SignerKey("log", bytes(31) + b"1").verifier
    did = did_web("azotea.example", "calle-olmo")
    keys = [LogKey(old, 0, NOON, 12, NOON), LogKey(new, 12, NOON)]

    found = document(did, "https://azotea.example/log/checkpoint", keys)

    assert found["id"] == "did:web:azotea.example:c:calle-olmo"
    assert [one.get("revoked") for one in found["verificationMethod"]] == ["2026-11-23T12:00:00Z", None]
    assert found["assertionMethod"] == [f"{did}#log-2"]
    assert [public_of(one["didKey"]) for one in found["logKeys"]] == [old.key, new.key]
    assert [(one["fromSize"], one["toSize"]) for one in found["logKeys"]] == [(1, 12), (13, None)]
    assert [keys[0].signs(size) for size in (1, 12, 13)] == [True, True, False]
    assert [keys[1].signs(size) for size in (1, 12, 13)] == [False, False, True]
