"""Where a request comes from, as far as that can be believed."""

import ipaddress
from collections.abc import Callable
from contextvars import ContextVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse

# Of an address the part that says where it comes from, not whose it is.
KEPT_BITS = {4: 24, 6: 48}
_network: ContextVar[str] = ContextVar("network", default="")


def client_address(request: HttpRequest) -> str:
    """The caller's address. Behind a proxy the last one that it names: all others anybody can write."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "") if settings.BEHIND_PROXY else ""
    return str(forwarded.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", ""))


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
