"""Web push: a text for one browser, sealed after RFC 8291 and signed for its push service after RFC 8292 (VAPID).

The push service, which the browser chose, learns that there is a message and from whom, and not what it says.
"""

import base64
import json
import os
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from config.outbound import Outbound

CURVE = ec.SECP256R1()
RECORD_BYTES = 4096
MOST_BYTES = 3_000  # of a text; services take 4,096 sealed ones
POINT_BYTES, SECRET_BYTES = 65, 16
ADDRESS = re.compile(r"[!-~]{1,1000}")
SIGNED_FOR_S = 12 * 3600
KEPT_FOR_S = 24 * 3600  # how long a service keeps a message for a phone that is off
GONE = frozenset({404, 410})


class PushRefused(Exception):
    """The push service did not take the message, or the browser's address is none of a known service."""


class BrowserGone(Exception):
    """The browser no longer takes messages at this address; it will never again."""


class BadBrowser(ValueError):
    """What came from a browser is no subscription."""


@dataclass(frozen=True, slots=True)
class Browser:
    """Where a browser is reached, and the two values that seal what it is told."""

    endpoint: str
    p256dh: bytes
    auth: bytes

    @classmethod
    def read(cls, text: str) -> "Browser":
        """From the JSON that browsers make of a subscription. Raises `BadBrowser`."""
        try:
            told = json.loads(text)
            found = cls(str(told["endpoint"]), unlined(told["keys"]["p256dh"]), unlined(told["keys"]["auth"]))
            ec.EllipticCurvePublicKey.from_encoded_point(CURVE, found.p256dh)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise BadBrowser("This is no subscription of a browser.") from error
        sizes = len(found.p256dh), len(found.auth)
        if sizes != (POINT_BYTES, SECRET_BYTES) or not ADDRESS.fullmatch(found.endpoint):
            raise BadBrowser("This is no subscription of a browser.")
        return found

    def text(self) -> str:
        """As `read` reads it."""
        keys = {"p256dh": lined(self.p256dh), "auth": lined(self.auth)}
        return json.dumps({"endpoint": self.endpoint, "keys": keys})


def lined(content: bytes) -> str:
    """Base64 for addresses, without padding.

    >>> lined(b"azotea"), unlined("YXpvdGVh")
    ('YXpvdGVh', b'azotea')
    """
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def unlined(text: str) -> bytes:
    """What `lined` wrote. Raises ValueError."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def new_key() -> str:
    """A site's private key, as `PUSH_KEY` holds it."""
    return lined(ec.generate_private_key(CURVE).private_numbers().private_value.to_bytes(32))


def public_key(key: str) -> str:
    """What browsers are told of a site's key: its point, in base64."""
    return lined(_point(_private(key).public_key()))


def _private(key: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(unlined(key)), CURVE)


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def sealed(
    content: bytes,
    browser: Browser,
    *,
    own: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> bytes:
    """The text as only this browser can read it, one record of `aes128gcm`; key and salt are fresh each time."""
    if len(content) > MOST_BYTES:
        raise ValueError(f"A message of more than {MOST_BYTES} bytes is not sent.")
    own, salt = own or ec.generate_private_key(CURVE), salt or os.urandom(16)
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, browser.p256dh)
    point = _point(own.public_key())
    both = _derived(own.exchange(ec.ECDH(), theirs), browser.auth, b"WebPush: info\0" + browser.p256dh + point, 32)
    key = _derived(both, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(both, salt, b"Content-Encoding: nonce\0", 12)
    head = salt + RECORD_BYTES.to_bytes(4) + bytes([len(point)]) + point
    return head + AESGCM(key).encrypt(nonce, content + b"\x02", None)


def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)


def signature(endpoint: str, key: str, contact: str) -> str:
    """What shows a push service who sends: a token for its origin alone, good for half a day of the real time."""
    parts = urlsplit(endpoint)
    claims = {"aud": f"{parts.scheme}://{parts.netloc}", "exp": int(time.time()) + SIGNED_FOR_S, "sub": contact}
    told = ".".join(lined(json.dumps(one).encode()) for one in ({"typ": "JWT", "alg": "ES256"}, claims))
    r, s = decode_dss_signature(_private(key).sign(told.encode(), ec.ECDSA(hashes.SHA256())))
    return f"vapid t={told}.{lined(r.to_bytes(32) + s.to_bytes(32))}, k={public_key(key)}"


def is_known_service(endpoint: str, services: Iterable[str], local: Iterable[str] = ()) -> bool:
    """Whether a browser's address is one of the named services (`*.example.org` for all below), by https.

    >>> is_known_service("https://a.push.example/x", ["*.push.example"])
    True
    >>> is_known_service("https://push.example.evil/x", ["*.push.example"])
    False
    """
    try:
        parts = urlsplit(endpoint)
        host = parts.hostname or ""
    except ValueError:
        return False
    if host in local:
        return parts.scheme in {"http", "https"}
    return parts.scheme == "https" and any(fnmatchcase(host, service) for service in services)


@dataclass(frozen=True, slots=True)
class Pusher:
    """The site as push services know it: its key, whom to write to, and which services are spoken to."""

    key: str
    contact: str
    services: tuple[str, ...]
    local: tuple[str, ...] = ()

    def push(self, content: bytes, browser: Browser, *, topic: str, urgency: str = "normal") -> None:
        """Hand a text over for one browser; a later one of the same topic takes its place if it still waits.

        Raises `BrowserGone`, `PushRefused`, and what `Outbound.ask` raises.
        """
        if not is_known_service(browser.endpoint, self.services, self.local):
            raise PushRefused("The browser's push service is not among those that the operator named.")
        headers = {
            "Authorization": signature(browser.endpoint, self.key, self.contact),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(KEPT_FOR_S),
            "Topic": topic,
            "Urgency": urgency,
        }
        outbound = Outbound.to([browser.endpoint], ",".join(self.local))
        answer = outbound.ask(browser.endpoint, sealed(content, browser), headers)
        if answer.status in GONE:
            raise BrowserGone
        if not 200 <= answer.status < 300:
            raise PushRefused(f"The push service answered {answer.status}.")
