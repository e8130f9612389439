"""A member's privacy: what it allowed for which meter, and the ways to its log, its copy and its erasure."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from community.access import member_of
from community.pages import page
from config import clock
from market.queries.consents import consents_of


@login_required
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What was allowed, each with the way to take it back."""
    member, at = member_of(request), clock.now()
    context = {"section": "more", "homes": consents_of(member, at), "at": at}
    return page(request, "market/privacy.html", context)
