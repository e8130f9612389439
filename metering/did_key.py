"""did:key: a public key of Ed25519 as its own name, in base58btc (multicodec `ed01`), and what such a key signed.

https://w3c-ccg.github.io/did-key-spec/; signatures are those of RFC 8032.
"""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
ED25519 = bytes([0xED, 0x01])
KEY_BYTES = 32
PREFIX = "did:key:"


class BadIdentity(ValueError):
    """A text names no key that is known here."""


def base58(content: bytes) -> str:
    """Bytes in base58 with Bitcoin's alphabet.

    >>> base58(bytes([0, 0, 58]))
    '1121'
    """
    number, found = int.from_bytes(content, "big"), ""
    while number:
        number, digit = divmod(number, len(ALPHABET))
        found = ALPHABET[digit] + found
    return "1" * (len(content) - len(content.lstrip(b"\0"))) + found


def of_base58(text: str) -> bytes:
    """What base58 stands for. Raises `BadIdentity`."""
    number = 0
    for one in text:
        digit = ALPHABET.find(one)
        if digit < 0:
            raise BadIdentity(f"{text[:60]} is no base58.")
        number = number * len(ALPHABET) + digit
    return bytes(len(text) - len(text.lstrip("1"))) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def multibase(public: bytes) -> str:
    """An Ed25519 public key as Multikey writes it."""
    return f"z{base58(ED25519 + public)}"


def did_key(public: bytes) -> str:
    """The name of an Ed25519 public key."""
    return PREFIX + multibase(public)


def public_of(did: str) -> bytes:
    """The Ed25519 public key that a did:key names. Raises `BadIdentity`."""
    name = did.removeprefix(PREFIX)
    if name == did or not name.startswith("z"):
        raise BadIdentity(f"{did[:80]} is no did:key in base58.")
    found = of_base58(name[1:])
    if found[:2] != ED25519 or len(found) != 2 + KEY_BYTES:
        raise BadIdentity(f"{did[:80]} is no key of Ed25519.")
    return found[2:]


def has_signed(did: str, signature: bytes, message: bytes) -> bool:
    """Whether the key of this name signed the message. Raises `BadIdentity`."""
    try:
        Ed25519PublicKey.from_public_bytes(public_of(did)).verify(signature, message)
    except InvalidSignature:
        return False
    return True
