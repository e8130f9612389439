"""The line that says until when a page's figures are true, for the layout of all pages."""

from django import template
from django.template import Context

from config import clock
from metering.completeness import freshness
from metering.wording.freshness import until_line

register = template.Library()


@register.simple_tag(takes_context=True)
def readings_until(context: Context) -> str:
    """Until when the reader's community has told its readings, and how many meters are behind; nothing for
    whoever belongs to none, and on the operator's pages, which are about all of them.
    """
    member = context.get("member")
    if member is None or context.get("operating"):
        return ""
    at = clock.now()
    return until_line(freshness(member.community_id, at), at)
