"""For which times a member looked after which homes, also after it left."""

from datetime import date, datetime
from typing import NamedTuple

from django.db.models import Q

from community.models import AuditEvent, Household, Member, What

# After these a home's records are those of whoever comes next.
GONE = (What.ERASED, What.LEFT)


class Tenure(NamedTuple):
    """A home, and from when until when its records are a member's own; None where there is no end to that side."""

    home: Household
    since: datetime | None
    until: datetime | None = None

    @property
    def is_taken_over(self) -> bool:
        """Whether the home, as it stands now, is somebody else's."""
        return self.until is not None and (self.home.member_id is not None or self.home.records_from != self.until)


def tenures(member: Member) -> list[Tenure]:
    """The homes that a member looks after, and those that it had until it left."""
    return [*(Tenure(home, since) for home, since in owned_homes(member)), *_former(member)]


def owned_homes(member: Member) -> list[tuple[Household, datetime | None]]:
    """The homes that a member looks after, and since when their records are its own, not an erased one's."""
    gone = AuditEvent.objects.filter(what__in=GONE, household__member=member).order_by("at")
    since = dict(gone.values_list("household_id", "at"))
    return [(home, since.get(home.pk)) for home in member.households.order_by("pk")]


def during(time: str, since: date | None, until: date | None) -> Q:
    """What lies within `[since, until)`, by the field `time`."""
    ends = {f"{time}__gte": since, f"{time}__lt": until}
    return Q(**{name: end for name, end in ends.items() if end is not None})


def _former(member: Member) -> list[Tenure]:
    left = AuditEvent.objects.filter(
        what=What.LEFT, object_kind="member", object_id=str(member.pk), household__isnull=False,
        community=member.community_id,
    )  # fmt: skip
    found = []
    for end in left.select_related("household__community").order_by("at", "pk"):
        assert end.household is not None
        before = AuditEvent.objects.filter(what__in=GONE, household=end.household, at__lt=end.at)
        found.append(Tenure(end.household, before.order_by("at").values_list("at", flat=True).last(), end.at))
    return found
