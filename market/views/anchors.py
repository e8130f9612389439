"""Files of anchors for whoever wants to check them, and what anchoring costs."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from community.access import member_of
from community.anonymity import may_see_sums
from community.pages import page
from config import clock
from market.models import LogAnchor, LogHead
from market.queries.anchors import usual_trades
from market.wording import anchors as wording


@login_required
@require_safe
def anchored_head(request: HttpRequest, size: int) -> HttpResponse:
    """A head's note, byte for byte as it was anchored: without the witnesses' lines, which come later."""
    head = get_object_or_404(LogHead, community=member_of(request).community_id, size=size)
    return _file(head.note.encode(), wording.file_name(size), "text/plain; charset=utf-8")


@login_required
@require_safe
def anchor_file(request: HttpRequest, size: int, kind: str) -> HttpResponse:
    """What an anchor gave for a head, for its own tools."""
    community = member_of(request).community_id
    anchor = get_object_or_404(LogAnchor, head__community=community, head__size=size, kind=kind)
    return _file(bytes(anchor.content), wording.file_name(size, kind), "application/octet-stream")


@login_required
@require_safe
def anchor_costs(request: HttpRequest) -> HttpResponse:
    """What each kind of anchor costs a trade, for this street and for others."""
    member = member_of(request)
    usual = usual_trades(member.community, clock.now()) if may_see_sums(member) else None
    context = {
        "section": "more",
        "usual": usual,
        "streets": wording.streets(usual),
        "rows": wording.costs(usual),
    }
    return page(request, "market/anchor_costs.html", context)


def _file(content: bytes, name: str, content_type: str) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
