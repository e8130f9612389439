"""Keys of meters: registered with proof of their possession, replaced, ended; and what they must sign.

A key says more than a token: whoever reads the token cannot send readings in the meter's name, and what was stored
can be held against the signature at any time. A signed call that is sent again changes nothing, as any other.
"""

import base64
from datetime import datetime

from django.db import transaction

from community.models import What
from community.services.audit import Actor, record_for
from community.services.homes import lock_as_seen
from metering.did_key import BadIdentity, has_signed
from metering.models import MeteringPoint, MeterKey, Upload, UploadSignature

REGISTERS, SENDS = "azotea-meter-key/1", "azotea-readings/1"
LONGEST_PATH = 500


class BadSignature(ValueError):
    """The named key has not signed this."""


class NotBase64(BadSignature):
    """The signature is not written as signatures are."""


class UnknownKey(BadSignature):
    """The name is not that of a key."""


class KeyExists(ValueError):
    """Another key is registered, and it did not sign its successor."""


def to_register(point: MeteringPoint, did: str) -> bytes:
    """What a new key signs, and the one before it."""
    return f"{REGISTERS}\n{point.public_id}\n{did}\n".encode()


def to_send(method: str, path: str, body_sha256: str) -> bytes:
    """What a key signs of a call: its method, its address with the query, and the SHA-256 of its body in hex."""
    return f"{SENDS}\n{method}\n{path}\n{body_sha256}\n".encode()


def key_of(point: MeteringPoint) -> MeterKey | None:
    """The key that has to sign what is sent for a metering point."""
    return MeterKey.objects.filter(metering_point=point, ended_at=None).first()


def check(did: str, signature: str, message: bytes) -> None:
    """Raises `BadSignature` unless the named key signed the message (base64)."""
    try:
        signed = base64.b64decode(signature, validate=True)
    except ValueError as error:
        raise NotBase64 from error
    # One signature has one spelling, by which it is known again.
    if base64.b64encode(signed).decode() != signature:
        raise NotBase64
    try:
        if has_signed(did, signed, message):
            return
    except BadIdentity as error:
        raise UnknownKey(did) from error
    raise BadSignature(did)


@transaction.atomic
def register_key(
    *, point: MeteringPoint, did: str, signature: str, before: str, at: datetime, by: Actor = None
) -> MeterKey:
    """Register a key that has signed for itself, in the place of one that has signed for it (`before`).

    The same key again changes nothing. Raises `BadSignature`, `KeyExists` and `HomeChangedHands`.
    """
    lock_as_seen(point.household)
    MeteringPoint.objects.select_for_update().get(pk=point.pk)
    check(did, signature, to_register(point, did))
    present = key_of(point)
    if present is not None and present.did == did:
        return present
    if present is not None:
        if not before:
            raise KeyExists(present.did)
        check(present.did, before, to_register(point, did))
        end_key(key=present, at=at, by=by)
    made = MeterKey.objects.create(metering_point=point, did=did, registered_at=at)
    record_for([point.household], What.METER_KEY_REGISTERED, at=at, by=by, about=made, reason=did)
    return made


@transaction.atomic
def end_key(*, key: MeterKey, at: datetime, by: Actor = None) -> None:
    """From now on nothing has to be signed; what was signed stays so. Ending it again changes nothing.

    Raises `HomeChangedHands`.
    """
    lock_as_seen(key.metering_point.household)
    if MeterKey.objects.filter(pk=key.pk, ended_at=None).update(ended_at=at):
        home = key.metering_point.household
        record_for([home], What.METER_KEY_ENDED, at=at, by=by, about=key, reason=key.did)


def signed_before(key: MeterKey, signature: str) -> Upload | None:
    """What came with this very signature of a key before; the caller holds the meter's lock."""
    kept = UploadSignature.objects.filter(
        signature=signature, key__did=key.did, key__metering_point=key.metering_point_id
    )
    found = kept.select_related("upload").order_by("pk").first()
    return None if found is None else found.upload


def keep_signature(*, upload: Upload, key: MeterKey, path: str, signature: str) -> None:
    """Keep what an upload was signed with; the same body sent again has the signature that it had."""
    UploadSignature.objects.get_or_create(
        upload=upload, defaults={"key": key, "path": path[:LONGEST_PATH], "signature": signature}
    )
