"""Reading who saw or changed what."""

from datetime import datetime

from django.db.models import F, Q, QuerySet

from community.models import AuditEvent, Community, Member


def events_about(member: Member, or_of: Q | None = None) -> QuerySet[AuditEvent]:
    """What was noted about a member and the homes that it looks after, since it joined, newest first.

    `or_of`: of other homes, too.
    """
    since = Q(household__records_from=None) | Q(at__gte=F("household__records_from"))
    its_own = (Q(household__member=member) & since) | Q(object_kind="member", object_id=str(member.pk))
    if or_of is not None:
        its_own |= or_of
    found = AuditEvent.objects.filter(its_own, community=member.community_id, at__gte=member.joined_at)
    return found.select_related("user", "household").order_by("-at", "-pk")


def events_of(community: Community, first: datetime, until: datetime, what: str = "") -> QuerySet[AuditEvent]:
    """What was noted in a community in `[first, until)`, of one kind or all, newest first."""
    found = AuditEvent.objects.filter(community=community, at__gte=first, at__lt=until)
    if what:
        found = found.filter(what=what)
    return found.select_related("user", "household").order_by("-at", "-pk")
