"""The street's figures for everybody, where the community opened the page: sums of days gone by, no names."""

from dataclasses import asdict
from datetime import datetime, timedelta

from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from community.models import Community
from community.pages import page
from community.tariffs import local_day, month_span
from config import clock
from config.tenancy import across_all, within
from market.queries.log import latest_head
from market.queries.public import PublicSums, public_sums

# A year of a large street takes a moment to add up, and anybody may ask.
KEPT_S = 3_600


@require_safe
def public_figures(request: HttpRequest, slug: str) -> HttpResponse:
    """This month and this year up to the last midnight."""
    community = _opened(slug)
    zone = community.zone
    today = clock.now().astimezone(zone).date()
    midnight = local_day(today, zone)[0]
    month, year = month_span(today.year, today.month, zone)[0], month_span(today.year, 1, zone)[0]
    with within(community.pk):
        context = {
            "community": community,
            "until": today - timedelta(days=1),
            "first": today.replace(day=1),
            "month": _kept(community, month, midnight),
            "year": _kept(community, year, midnight),
            "head": latest_head(community.pk),
        }
    return page(request, "market/public_figures.html", context)


@require_safe
def public_checkpoint(request: HttpRequest, slug: str) -> HttpResponse:
    """The newest signed head of the community's log (C2SP tlog-checkpoint): its length and its hash."""
    community = _opened(slug)
    with within(community.pk):
        head = latest_head(community.pk)
    if head is None:
        raise Http404("Nothing is signed yet.")
    return HttpResponse(head.cosigned, content_type="text/plain; charset=utf-8")


def _opened(slug: str) -> Community:
    """Whoever asks, member of another community or of none, sees this one's sums and nothing else of it."""
    with across_all():
        return get_object_or_404(Community, slug=slug, figures_public=True)


def _kept(community: Community, first: datetime, until: datetime) -> PublicSums | None:
    key = f"public:{community.pk}:{first:%Y%m%d}:{until:%Y%m%d}"
    found = cache.get(key)
    if found is None:
        sums = public_sums(community, first, until)
        found = asdict(sums) if sums else {}
        cache.set(key, found, KEPT_S)
    return PublicSums(**found) if found else None
