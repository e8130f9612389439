"""Everything that is not about today's energy."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from community.access import member_of
from community.pages import page
from community.roles import MAY
from community.wording.running import running


@login_required
@require_safe
def more(request: HttpRequest) -> HttpResponse:
    """The account, and ways to the rarer pages."""
    me = member_of(request)
    return page(request, "community/more.html", {"section": "more", "me": me, "running": running(MAY[me.role])})
