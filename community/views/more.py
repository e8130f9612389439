"""Everything that is not about today's energy."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from community.access import member_of
from community.pages import page


@login_required
@require_safe
def more(request: HttpRequest) -> HttpResponse:
    """The account, and ways to the rarer pages."""
    return page(request, "community/more.html", {"section": "more", "me": member_of(request)})
