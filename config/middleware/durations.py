"""How long answers take, by the name of their address: never by the address itself, which names homes and days.

Each web process counts for itself. With several of them, `PROMETHEUS_MULTIPROC_DIR` names a folder (emptied before
the start) in which they keep their counts, and whichever is asked adds them up.
"""

import os
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.multiprocess import MultiProcessCollector

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_own = CollectorRegistry()
DURATIONS = Histogram(
    "azotea_http_request_duration_seconds",
    "How long answers took, by the name of their address.",
    ["route", "method", "status"],
    buckets=(0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0),
    registry=_own,
)


class RequestDurations:
    """Counts every answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begun = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        route = (match.view_name if match is not None else None) or "other"
        # Anybody may invent methods; each would be a series of its own.
        method = request.method if request.method in METHODS else "other"
        DURATIONS.labels(route, method, f"{response.status_code // 100}xx").observe(time.perf_counter() - begun)
        return response


def registry() -> CollectorRegistry:
    """The counts of this process, or of all if they share a folder."""
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return _own
    shared = CollectorRegistry()
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
    return shared
