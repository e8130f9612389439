"""Asking a member's own passkey to sign something of ours, beside logging in with it."""

import struct
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth
from fido2 import cbor
from fido2.utils import websafe_encode
from fido2.webauthn import AuthenticationResponse, UserVerificationRequirement

from community.models import User


class NoSignature(ValueError):
    """What the browser sent is not this member's signature under what it was asked to sign."""


class Signed(NamedTuple):
    """What a passkey signed, with the key's name and the public key (COSE, in CBOR) that shows it."""

    key_name: str
    credential_id: bytes
    authenticator_data: bytes
    client_data: bytes
    signature: bytes
    public_key: bytes


def has_passkey(user: User) -> bool:
    """Whether the user has a passkey or security key."""
    return bool(Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).exists())


def to_sign(user: User, challenge: bytes) -> dict[str, Any]:
    """What the browser has to ask a passkey of the user for, so that it signs the challenge."""
    options, _state = auth.get_server().authenticate_begin(
        credentials=auth.get_credentials(user),
        user_verification=UserVerificationRequirement.REQUIRED,
        challenge=challenge,
    )
    return {"request_options": dict(options)}


def signed(user: User, challenge: bytes, response: Mapping[str, Any]) -> Signed:
    """The signature that the browser brought, checked: site, challenge, owner made sure of, key of this user.

    Raises `NoSignature`.
    """
    state = {"challenge": websafe_encode(challenge), "user_verification": UserVerificationRequirement.REQUIRED}
    server = auth.get_server()
    try:
        answer = AuthenticationResponse.from_dict(response)
        key = server.authenticate_complete(state, auth.get_credentials(user), answer)
    except (ValueError, LookupError, TypeError, AttributeError, struct.error) as error:
        raise NoSignature from error
    if urlsplit(answer.response.client_data.origin).hostname != server.rp.id:
        raise NoSignature  # where the origin's scheme is not looked at, its host is
    own = auth.get_authenticator_by_credential_id(user, key.credential_id)
    if own is None:
        raise NoSignature
    own.record_usage()
    said = answer.response
    parts = (said.authenticator_data, said.client_data, said.signature, cbor.encode(dict(key.public_key)))
    return Signed(own.wrap().name, key.credential_id, *map(bytes, parts))
