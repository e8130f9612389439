"""Asking other computers without being led astray.

Only hosts that the operator named are asked, by https, at an address that is looked up once and is public; no
redirect is followed, no cookie kept, and no answer is waited for longer, read further or unpacked to more than is
reasonable. A host that the operator names as local may be in the own network and may be asked by http: a witness
next door.
"""

import ipaddress
import math
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import httpcore
import httpx

PATIENCE_S = 5.0
MOST_BYTES = 64 * 1024
PORTS = {"http": 80, "https": 443}
# Public by its number, but inside a cloud it answers its own machines with their secrets.
METADATA = frozenset({ipaddress.ip_address("168.63.129.16")})
NAT64 = ipaddress.ip_network("64:ff9b::/96")
# All of IPv6 that is given out to the open network; what is outside is local, of translators or not in use yet.
UNICAST = ipaddress.ip_network("2000::/3")
# Not for the open network, though Python's tables of some versions say otherwise: for protocols between a home and
# its provider, the relays of 6to4 that were switched off, and examples in books.
RESERVED = [ipaddress.ip_network(one) for one in ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20")]
PACKINGS = frozenset({"gzip", "x-gzip", "deflate"})

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Refused(Exception):
    """An address that must not be asked; nothing was sent."""


class NoAnswer(Exception):
    """The other side is away, too slow, says too much, or no TLS connection with it holds."""


class TooSlow(NoAnswer):
    """Its time is over: for the name, the connection and the whole answer together."""


class TooMuch(NoAnswer):
    """The answer is longer than is read, or unpacks to more."""


class Answer(NamedTuple):
    """What came back; whether the status is a good one is for the asker to say."""

    status: int
    content: bytes


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host. Raises OSError."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def is_public(address: Address) -> bool:
    """Whether an address is one of the open network: not private, loopback, link-local, multicast or metadata.

    >>> [is_public(ipaddress.ip_address(one)) for one in ("9.9.9.9", "10.0.0.1", "::ffff:127.0.0.1", "224.0.0.1")]
    [True, False, False, False]
    """
    inner = _carried(address)
    if inner is not None:
        return is_public(inner)
    if address.version == 6 and address not in UNICAST:
        return False
    reserved = address in METADATA or any(address in network for network in RESERVED)
    return address.is_global and not address.is_multicast and not reserved


def _carried(address: Address) -> Address | None:
    """The IPv4 address that an IPv6 address only carries."""
    if not isinstance(address, ipaddress.IPv6Address):
        return None
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


@dataclass(frozen=True, slots=True)
class Outbound:
    """Who may be asked: `hosts` by https in the open network, `local` ones also by http in the own."""

    hosts: frozenset[str]
    local: frozenset[str] = frozenset()
    patience_s: float = PATIENCE_S
    most_bytes: int = MOST_BYTES
    resolver: Callable[[str, int], list[str]] = field(default=resolve)
    # On the clock of `time.monotonic`: nothing is asked after it.
    until: float = math.inf

    @classmethod
    def to(
        cls, urls: Iterable[str], local: str = "", *, patience_s: float = PATIENCE_S, most_bytes: int = MOST_BYTES
    ) -> "Outbound":
        """Only the hosts of the operator's own URLs; `local` names some of them, separated by commas."""
        hosts = frozenset(httpx.URL(url).host for url in urls)
        near = frozenset(filter(None, (one.strip() for one in local.split(","))))
        return cls(hosts, near, patience_s, most_bytes)

    def within(self, seconds: float) -> "Outbound":
        """The same, with so much time for all that is asked from now on, of which each host has its share."""
        patience_s = min(self.patience_s, seconds / max(len(self.hosts), 1))
        return replace(self, until=time.monotonic() + seconds, patience_s=patience_s)

    def ask(
        self,
        url: str,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        """GET a URL, with a query if one is given, or POST what is given. Raises `Refused` and `NoAnswer`."""
        until = min(time.monotonic() + self.patience_s, self.until)
        where = self._allowed(url)
        if time.monotonic() >= self.until:
            raise NoAnswer(f"There was no time left to ask {where.host}.")
        port = where.port or PORTS[where.scheme]
        wire = _Wire(self._addresses(where.host, port, until), until)
        where = where.copy_with(params=query) if query else where
        context = ssl.create_default_context() if where.scheme == "https" else None
        told = {"Host": where.netloc.decode(), "User-Agent": "azotea", "Accept-Encoding": "identity"}
        told |= {"Connection": "close", **(headers or {})}
        if content is not None:
            told["Content-Length"] = str(len(content))
        lines = list(told.items())
        method = "GET" if content is None else "POST"
        limits = {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), self.patience_s)}
        try:
            with (
                httpcore.ConnectionPool(ssl_context=context, network_backend=wire, retries=0) as pool,
                pool.stream(method, str(where), headers=lines, content=content, extensions=limits) as response,
            ):
                return Answer(response.status, self._read(response))
        except httpcore.TimeoutException as error:
            raise TooSlow(f"{where.host}: {type(error).__name__} {error}".strip()) from error
        except (httpcore.NetworkError, httpcore.ProtocolError, zlib.error, OSError) as error:
            raise NoAnswer(f"{where.host}: {type(error).__name__} {error}".strip()) from error

    def _allowed(self, url: str) -> httpx.URL:
        try:
            where = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise Refused(f"{url[:100]} is no URL.") from error
        if where.host not in self.hosts | self.local:
            raise Refused(f"{where.host or url[:100]} is not among the hosts that the operator named.")
        if where.userinfo:
            raise Refused(f"A password for {where.host} does not belong into a URL.")
        if where.scheme != "https" and not (where.scheme == "http" and where.host in self.local):
            raise Refused(f"{where.host} is asked by https only.")
        return where

    def _addresses(self, host: str, port: int, until: float) -> list[str]:
        """Where a host is, looked up once: those very addresses are connected to."""
        try:
            found = _in_time(self.resolver, host, port, until)
            addresses = [ipaddress.ip_address(one.partition("%")[0]) for one in found]
        except TimeoutError as error:
            raise TooSlow(f"{host} was not found in time.") from error
        except (OSError, ValueError) as error:
            raise NoAnswer(f"{host} has no address.") from error
        if host not in self.local and not all(is_public(one) for one in addresses):
            raise Refused(f"{host} is in a network of its own, where nothing of ours is asked.")
        if not addresses:
            raise NoAnswer(f"{host} has no address.")
        return [str(one) for one in addresses]

    def _read(self, response: httpcore.Response) -> bytes:
        """The answer, unpacked; it is measured as it comes and as it unfolds, since little can stand for much."""
        packing = next((value for name, value in response.headers if name.lower() == b"content-encoding"), b"")
        unpack = _unpacking(packing.decode("latin-1").strip().lower())
        content, came = bytearray(), 0
        for chunk in response.iter_stream():
            came += len(chunk)
            content += unpack.decompress(chunk, self.most_bytes + 1 - len(content)) if unpack else chunk
            if max(came, len(content)) > self.most_bytes:
                raise TooMuch(f"An answer of more than {self.most_bytes} bytes is not read.")
        if unpack and came and (not unpack.eof or unpack.unused_data):
            raise NoAnswer("A packed answer that does not end where it ends is not read.")
        return bytes(content)


def _unpacking(packing: str) -> "zlib._Decompress | None":
    """What unpacks an answer that came packed although it was asked for as it is. Raises `NoAnswer`."""
    if packing in {"", "identity"}:
        return None
    if packing not in PACKINGS:
        raise NoAnswer(f"An answer packed as {packing[:20]} is not read.")
    return zlib.decompressobj(wbits=32 + zlib.MAX_WBITS)


def _in_time(resolver: Callable[[str, int], list[str]], host: str, port: int, until: float) -> list[str]:
    """What the resolver finds. The system's waits as long as it likes: it does so beside, and may be left behind.

    Raises TimeoutError, and what the resolver raises.
    """
    found: Future[list[str]] = Future()

    def look() -> None:
        try:
            found.set_result(resolver(host, port))
        except Exception as error:
            found.set_exception(error)

    threading.Thread(target=look, daemon=True).start()
    return found.result(max(0.0, until - time.monotonic()))


class _Wire(httpcore.NetworkBackend):
    """Connects to the addresses that were looked up, whatever the name says by now; over when its time is."""

    def __init__(self, addresses: list[str], until: float) -> None:
        self._addresses, self._until = addresses, until
        self._own = httpcore.SyncBackend()

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None,
        local_address: str | None = None, socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:  # fmt: skip
        """The first address that answers."""
        for address in self._addresses[:-1]:
            try:
                return _Stream(self._own.connect_tcp(address, port, self._left() / 2), self._until)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return _Stream(self._own.connect_tcp(self._addresses[-1], port, self._left()), self._until)

    def _left(self) -> float:
        return _left(self._until)


class _Stream(httpcore.NetworkStream):
    """A connection whose every step has only what is left of the whole time, so that drops do not make a river."""

    def __init__(self, own: httpcore.NetworkStream, until: float) -> None:
        self._own, self._until = own, until

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Some bytes, within what is left."""
        return self._own.read(max_bytes, _left(self._until))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send, within what is left."""
        self._own.write(buffer, _left(self._until))

    def close(self) -> None:
        """Hang up."""
        self._own.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """TLS with the name that was asked for, not with the address."""
        return _Stream(self._own.start_tls(ssl_context, server_hostname, _left(self._until)), self._until)

    def get_extra_info(self, info: str) -> Any:
        """What is known of the connection."""
        return self._own.get_extra_info(info)


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("its time is over")
    return left
