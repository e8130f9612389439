"""A passkey made of nothing but a P-256 key, for tests that need no browser."""

import json
from hashlib import sha256

from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

from market.ledger.assertions import Assertion

HOST = "testserver"
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


class Passkey:
    """Signs whatever it is asked to, as a phone would whose owner says yes."""

    def __init__(self, name="Móvil"):
        self.name = name
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.credential_id = sha256(name.encode()).digest()

    def registered(self, user):
        """The key as one of the user's."""
        data = AttestedCredentialData.create(
            b"\0" * 16, self.credential_id, ES256.from_cryptography_key(self.private.public_key())
        )
        seen = AuthenticatorData.create(sha256(HOST.encode()).digest(), PRESENT | VERIFIED | ATTESTED, 0, data)
        client = self._client_data("webauthn.create", b"\1" * 32, f"https://{HOST}")
        answer = {
            "clientDataJSON": websafe_encode(client),
            "attestationObject": websafe_encode(AttestationObject.create("none", seen, {})),
        }
        Authenticator.objects.create(
            user=user, type=Authenticator.Type.WEBAUTHN, data={"name": self.name, "credential": self._sent(answer)}
        )
        return self

    def answer(self, challenge, *, origin=f"https://{HOST}", flags=PRESENT | VERIFIED, host=HOST):
        """What a browser sends after the passkey signed the challenge."""
        client = self._client_data("webauthn.get", challenge, origin)
        data = AuthenticatorData.create(sha256(host.encode()).digest(), flags, 1)
        signature = self.private.sign(bytes(data) + sha256(client).digest(), ec.ECDSA(SHA256()))
        parts = {"clientDataJSON": client, "authenticatorData": bytes(data), "signature": signature}
        return json.dumps(self._sent({name: websafe_encode(part) for name, part in parts.items()}))

    def _sent(self, response):
        own = websafe_encode(self.credential_id)
        return {
            "id": own, "rawId": own, "type": "public-key", "clientExtensionResults": {}, "response": response,
            "authenticatorAttachment": "platform",
        }  # fmt: skip

    @staticmethod
    def _client_data(kind, challenge, origin):
        said = {"type": kind, "challenge": websafe_encode(challenge), "origin": origin, "crossOrigin": False}
        return json.dumps(said).encode()


def assertion(passkey, challenge, **how):
    """What a passkey signed, as it is kept with a mandate."""
    said = json.loads(passkey.answer(challenge, **how))["response"]
    parts = [websafe_decode(said[name]) for name in ("authenticatorData", "clientDataJSON", "signature")]
    key = cbor.encode(dict(ES256.from_cryptography_key(passkey.private.public_key())))
    return Assertion(passkey.credential_id, *parts, key)
