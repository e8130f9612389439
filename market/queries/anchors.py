"""What stands outside of a community's log: the newest anchors, which one covers an entry, how old they are."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection
from django.db.models import Count, F, Min, Sum

from community.models import Community
from market.models import LogAnchor, LogLeaf, OutboxMessage, Trade

# Over so many days trades are counted.
COUNTED_DAYS = 30

# Since an anchor of a kind was last complete, as a promise is none; before the first, since the first head.
AGES = """
SELECT c.id, kind, extract(epoch FROM %(at)s - coalesce(
    (SELECT max(a.complete_at) FROM market_loganchor a JOIN market_loghead h ON h.id = a.head_id
        WHERE h.community_id = c.id AND a.kind = kinds.kind),
    first.signed_at))
FROM community_community c
    JOIN LATERAL (
        SELECT signed_at FROM market_loghead WHERE community_id = c.id ORDER BY size LIMIT 1
    ) first ON true
    CROSS JOIN unnest(%(kinds)s::text[]) AS kinds(kind)
ORDER BY c.id, kind
"""


class Usual(NamedTuple):
    """Trades a day, and what one is worth (n€), on the last days."""

    trades_a_day: int
    worth_neur: int


def newest_anchors(community_id: int) -> list[LogAnchor]:
    """Of each kind the newest that is complete, and the newest of all if that is another; newest first."""
    own = LogAnchor.objects.filter(head__community=community_id).select_related("head")
    complete = own.filter(complete_at__isnull=False).order_by("kind", "-head__size").distinct("kind")
    found = {one.pk: one for one in [*complete, *own.order_by("kind", "-head__size").distinct("kind")]}
    return sorted(found.values(), key=lambda one: (one.asked_at, one.kind), reverse=True)


def anchors_over(leaf: LogLeaf) -> list[LogAnchor]:
    """The complete anchors of the oldest head over a leaf that has any."""
    complete = LogAnchor.objects.filter(
        head__community=leaf.community_id, head__size__gt=leaf.seq, complete_at__isnull=False
    )
    first = complete.order_by("head__size").first()
    if first is None:
        return []
    return list(complete.filter(head=first.head_id).select_related("head").order_by("kind"))


def anchor_ages(kinds: Iterable[str], at: datetime) -> list[tuple[int, str, float]]:
    """Community (by its number), kind and seconds since one was last complete, for the kinds that are set up."""
    with connection.cursor() as cursor:
        cursor.execute(AGES, {"at": at, "kinds": list(kinds)})
        return [(community, kind, float(seconds)) for community, kind, seconds in cursor.fetchall()]


def messages_given_up() -> int:
    """How much of what had to be told outside was given up."""
    return OutboxMessage.objects.filter(state=OutboxMessage.State.PARKED).count()


def usual_trades(community: Community, at: datetime) -> Usual | None:
    """Of the last days, or of as many as there were trades; None if nothing was traded."""
    lately = Trade.objects.filter(
        slot__community=community, slot__start__gt=at - timedelta(days=COUNTED_DAYS), slot__start__lte=at
    )
    said = lately.aggregate(
        count=Count("pk"), neur=Sum(F("energy_wh") * F("price_ueur_kwh")), first=Min("slot__start")
    )
    if not said["count"]:
        return None
    days = max(-((said["first"] - at) // timedelta(days=1)), 1)
    return Usual(max(said["count"] // days, 1), said["neur"] // said["count"])
