"""What a member's passkey signed: a WebAuthn assertion over the hash of a mandate, to be checked at any time.

WebAuthn signs `authenticator data ‖ SHA-256(client data)`; the client data name the site and hold the challenge,
which is the mandate's hash. So the signature says which limits a member allowed, and nobody else can make it.
"""

import struct
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from fido2 import cbor
from fido2.cose import CoseKey
from fido2.webauthn import AuthenticatorData, CollectedClientData

from market.ledger.leaves import canonical

# COSE's numbers of what browsers sign with and can check again, as receipts name them.
ALGORITHMS = {-7: "ES256", -9: "ES256", -8: "Ed25519", -19: "Ed25519", -257: "RS256"}
ED25519_CURVE = 6
# What reading bytes that are no CBOR, JSON or authenticator data ends with.
UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, struct.error)


class NotSigned(ValueError):
    """The assertion does not show that the member allowed this mandate."""


@dataclass(frozen=True, slots=True)
class Assertion:
    """An assertion as the browser gave it, and the key that it has to be of (COSE, in CBOR)."""

    credential_id: bytes
    authenticator_data: bytes
    client_data: bytes
    signature: bytes
    public_key: bytes

    @property
    def plain(self) -> dict[str, Any]:
        """What a receipt says of it: base64, and the key as a JWK. Raises `NotSigned` for an unknown key."""
        algorithm, key = _as_jwk(self.public_key)
        return {
            "alg": algorithm, "key": key, "authenticator_data": _b64(self.authenticator_data),
            "client_data": _b64(self.client_data), "credential_id": _b64(self.credential_id),
            "signature": _b64(self.signature),
        }  # fmt: skip

    @property
    def digest(self) -> str:
        """The hash by which an opening cites it, in hex. Raises `NotSigned`."""
        return sha256(canonical(self.plain)).hexdigest()

    def prove(self, mandate_hash: str) -> None:
        """Raise `NotSigned` unless the key's owner, made sure of, allowed the mandate of this hash (hex)."""
        _as_jwk(self.public_key)
        try:
            said = CollectedClientData(self.client_data)
            data = AuthenticatorData(self.authenticator_data)
            key = CoseKey.parse(_as_cose(self.public_key))
            right = said.type == CollectedClientData.TYPE.GET and said.challenge == bytes.fromhex(mandate_hash)
        except UNREADABLE as error:
            raise NotSigned("This is no assertion.") from error
        if not right:
            raise NotSigned("Another mandate was signed.")
        if not (data.is_user_present() and data.is_user_verified()):
            raise NotSigned("Nobody made sure of the member.")
        try:
            key.verify(self.authenticator_data + sha256(self.client_data).digest(), self.signature)
        except (InvalidSignature, NotImplementedError, *UNREADABLE) as error:
            raise NotSigned("The signature is wrong.") from error


def _as_jwk(public_key: bytes) -> tuple[str, dict[str, str]]:
    """The name of a key's algorithm, and the key as browsers read it."""
    try:
        key = _as_cose(public_key)
        algorithm = ALGORITHMS[key[3]]
        if algorithm == "ES256":
            return algorithm, {"kty": "EC", "crv": "P-256", "x": _url(key[-2]), "y": _url(key[-3])}
        if algorithm == "RS256":
            return algorithm, {"kty": "RSA", "n": _url(key[-1]), "e": _url(key[-2])}
        if key[-1] == ED25519_CURVE:
            return algorithm, {"kty": "OKP", "crv": "Ed25519", "x": _url(key[-2])}
    except UNREADABLE as error:
        raise NotSigned("No receipt can show this kind of key.") from error
    raise NotSigned("No receipt can show this kind of key.")


def _as_cose(public_key: bytes) -> Mapping[int, Any]:
    """A key's numbered parts. Raises ValueError."""
    key = cbor.decode(public_key)
    if not isinstance(key, Mapping):
        raise ValueError("This is no key.")
    return key


def _b64(data: bytes) -> str:
    return b64encode(data).decode()


def _url(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
