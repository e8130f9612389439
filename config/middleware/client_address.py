"""Where a request comes from, as far as that can be believed."""

import ipaddress
from collections.abc import Callable
from contextvars import ContextVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse

# Of an address the part that says where it comes from, not whose it is.
KEPT_BITS = {4: 24, 6: 48}
# In IPv6 whoever has an address has as many as there are in 64 bits.
ONES_OWN_BITS = 64
_network: ContextVar[str] = ContextVar("network", default="")


def client_address(request: HttpRequest) -> str:
    """The caller's address. Behind a proxy the last one that it names: all others anybody can write."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "") if settings.BEHIND_PROXY else ""
    return str(forwarded.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", ""))


def counted_address(request: HttpRequest) -> str:
    """What limits count a caller by: its address, or the first of those that it may take as it likes."""
    return whose(client_address(request))


def whose(address: str) -> str:
    """The address of a caller, of IPv6 that of its network; as it is told where it is none.

    >>> whose("203.0.113.77"), whose("2001:db8:1:2:a::b"), whose("::ffff:203.0.113.77"), whose("nobody")
    ('203.0.113.77', '2001:db8:1:2::', '203.0.113.77', 'nobody')
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, ONES_OWN_BITS), strict=False).network_address)


def network_of(address: str) -> str:
    """The network that an address belongs to; empty for what is no address.

    >>> network_of("203.0.113.77"), network_of("2001:db8:1:2::3"), network_of("nobody")
    ('203.0.113.0/24', '2001:db8:1::/48', '')
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    return str(ipaddress.ip_network((found, KEPT_BITS[found.version]), strict=False))


def present_network() -> str:
    """The network of the request that is being answered; empty outside any."""
    return _network.get()


class CallerNetworkMiddleware:
    """While a request is answered, whoever notes what happened can say from where it was asked for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        before = _network.set(network_of(client_address(request)))
        try:
            return self.get_response(request)
        finally:
            _network.reset(before)
