"""A member's passkeys by their names for the world."""

from allauth.mfa.models import Authenticator

from community.models import User
from market.ledger.identity import did_key_p256
from metering.did_key import did_key

# COSE (RFC 9053): algorithms, and where a key has its coordinates.
ES256, EDDSA = -7, -8
ALGORITHM, X, Y = 3, -2, -3


def names_of_passkeys(user: User) -> list[tuple[str, str]]:
    """What each passkey is called here and its did:key; other kinds of keys have none and are left out."""
    found = []
    for one in Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).order_by("pk"):
        key = one.wrap().authenticator_data.credential_data.public_key
        if key[ALGORITHM] == ES256:
            found.append((str(one), did_key_p256(key[X], key[Y])))
        elif key[ALGORITHM] == EDDSA:
            found.append((str(one), did_key(key[X])))
    return found
