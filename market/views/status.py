"""The operator's page of how the site does: the same figures as the metrics, in words, and each community."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from community.access import operators_only
from community.pages import page
from config.clock import now
from market.queries.status import communities
from market.wording import status as wording
from metering.wording.freshness import updated_line


@never_cache
@operators_only
@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """Slots, work that waits, meters, books, room and versions; for operators with a second factor."""
    at = now()
    groups, streets = wording.status(at), communities(at)
    context = {
        "sentence": wording.headline(groups, streets),
        "updated": updated_line(at),
        "troubles": wording.troubles(groups, streets),
        "groups": groups,
        "communities": [(one, wording.trouble(one)) for one in streets],
    }
    return page(request, "market/status.html", context)
