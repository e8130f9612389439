"""What machines ask the site: whether it lives, whether it is ready, and figures for the operator's alerts."""

import logging
from functools import cache
from ipaddress import ip_address
from secrets import compare_digest

from django.conf import settings
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from config import queues
from config.clock import now
from config.tenancy import across_all
from market.queries.operations import slots_to_clear
from market.queries.whole import applied_migrations, known_migrations
from market.wording.metrics import exposition

logger = logging.getLogger(__name__)
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP")


@never_cache
@require_safe
def live(_request: HttpRequest) -> JsonResponse:
    """The process answers; nothing else is asked."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def ready(_request: HttpRequest) -> JsonResponse:
    """Whether database, migrations, broker and clearing are as they should be; 503 if one of them is not.

    It says which part fails and no more: anybody may ask.
    """
    checks = {"database": False, "migrations": False, "broker": queues.waiting() is not None, "slots": False}
    try:
        applied = {(app, name) for app, name in applied_migrations()}
        checks["database"] = True
        checks["migrations"] = applied >= _known()
        with across_all():
            checks["slots"] = checks["migrations"] and not slots_to_clear(now())["late"]
    except DatabaseError:
        logger.exception("The database does not answer")
    good = all(checks.values())
    told = {name: "ok" if holds else "failed" for name, holds in checks.items()}
    return JsonResponse({"status": "ok" if good else "failed", "checks": told}, status=200 if good else 503)


@cache
def _known() -> set[tuple[str, str]]:
    return known_migrations()


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures in Prometheus's text format, for whoever has the token; without a token for this machine alone."""
    if not _may_read(request):
        raise Http404
    with across_all():
        figures = exposition(now())
    return HttpResponse(figures, content_type=CONTENT_TYPE_LATEST)


def _may_read(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "")
        return compare_digest(given.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())
    # What a proxy on this machine passes on comes from loopback too, and is somebody else's.
    if any(header in request.META for header in FORWARDED):
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
