"""What anybody may know of a community: its name in the world, with its log's keys."""

from django.conf import settings
from django.http import Http404, HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_safe

from community.models import Community
from config.tenancy import across_all, within
from market.ledger.identity import did_web, document
from market.queries.log import keys_of, latest_head


@require_safe
def did_document(request: HttpRequest, slug: str) -> JsonResponse:
    """The community's `did:web` document, once its log has a signed head: the keys that signed heads name."""
    with across_all():
        community = get_object_or_404(Community, slug=slug)
    with within(community.pk):
        head = latest_head(community.pk)
        if head is None:
            raise Http404("Nothing is signed yet.")
        keys = keys_of(community.pk, head.size)
    log = f"https://{settings.LEDGER_HOST}{reverse('log-checkpoint')}"
    found = document(did_web(settings.LEDGER_HOST, slug), log, keys)
    return JsonResponse(found, content_type="application/did+json", json_dumps_params={"indent": 1})
