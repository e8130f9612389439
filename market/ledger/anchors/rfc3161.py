"""RFC 3161: a time-stamping authority signs a digest with the time.

What a qualified one signs is presumed to be right (eIDAS, article 41).
"""

from dataclasses import dataclass
from datetime import UTC

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from market.ledger.anchors.anchor import Ask, BadAnchor, Evidence, good

HEADERS = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}


@dataclass(frozen=True, slots=True)
class TimeStampAuthority:
    """An authority, and the roots that its stamps must lead to."""

    url: str
    roots: tuple[x509.Certificate, ...]

    @classmethod
    def of(cls, url: str, pem: bytes) -> "TimeStampAuthority":
        """With the roots in a PEM file. Raises ValueError if there are none in it."""
        return cls(url, tuple(x509.load_pem_x509_certificates(pem)))

    @property
    def kind(self) -> str:
        """Its name."""
        return "rfc3161"

    @property
    def urls(self) -> tuple[str, ...]:
        """Whom it asks."""
        return (self.url,)

    def submit(self, note: bytes, ask: Ask) -> Evidence:
        """Have the digest signed; the answer is checked before it is kept. Raises `BadAnchor`."""
        request = (
            TimestampRequestBuilder()
            .data(note)
            .hash_algorithm(HashAlgorithm.SHA256)
            .nonce(nonce=True)
            .cert_request(cert_request=True)
            .build()
        )
        content = good(ask(self.url, request.as_bytes(), HEADERS))
        if decoded(content).tst_info.nonce != request.nonce:
            raise BadAnchor("The stamp answers another request.")
        return self.verify(note, content)

    def poll(self, note: bytes, content: bytes, ask: Ask) -> Evidence:
        """A stamp is whole from the start."""
        return self.verify(note, content)

    def verify(self, note: bytes, content: bytes) -> Evidence:
        """Check a stamp against the head and the roots. Raises `BadAnchor`."""
        response = decoded(content)
        try:
            VerifierBuilder(roots=list(self.roots)).build().verify_message(response, note)
        except (VerificationError, ValueError) as error:
            raise BadAnchor(str(error)[:200]) from error
        at = response.tst_info.gen_time
        return Evidence(content, True, self.url, at if at.tzinfo else at.replace(tzinfo=UTC))


def decoded(content: bytes) -> TimeStampResponse:
    """An authority's answer, if it holds a stamp; nothing of it is believed yet. Raises `BadAnchor`."""
    try:
        response = decode_timestamp_response(content)
        response.tst_info.gen_time  # noqa: B018  # a refusal has none, and says so only here
    except ValueError as error:
        raise BadAnchor(f"This is no stamp: {error}"[:200]) from error
    return response
