"""The street's homes and people as administrators see them: invited, joined, active, paused or gone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from community.models import Household, Member
from community.queries import Neighbour, neighbours
from market.models import Mandate
from market.queries.mandates import mandates_at

# The first reading of each meter is found at the beginning of its index.
FIRST_READINGS = """
SELECT p.household_id, min(r.start) FROM metering_meteringpoint p
    JOIN community_household h ON h.id = p.household_id
    CROSS JOIN LATERAL (
        SELECT start FROM metering_reading WHERE metering_point_id = p.id AND channel = 'import'
        ORDER BY start LIMIT 1
    ) AS r
WHERE h.community_id = %s GROUP BY p.household_id
"""


@dataclass(frozen=True, slots=True)
class HomeState:
    """A home, how far its neighbour has come (`free invited joined active paused`) and since when."""

    neighbour: Neighbour
    code: str
    since: datetime | None

    @property
    def household(self) -> Household:
        """The home itself."""
        return self.neighbour.household


def home_states(community_id: int, at: datetime) -> list[HomeState]:
    """Every home in the street's order with the state that it has at `at`."""
    homes = neighbours(community_id, at)
    with connection.cursor() as cursor:
        cursor.execute(FIRST_READINGS, [community_id])
        metered: dict[int, datetime] = dict(cursor.fetchall())
    mandates = mandates_at([one.household.pk for one in homes], at)
    return [_state(one, metered.get(one.household.pk), mandates.get(one.household.pk)) for one in homes]


def _state(one: Neighbour, metered: datetime | None, mandate: Mandate | None) -> HomeState:
    member = one.household.member
    if member is None:
        invited = one.invitation
        return HomeState(one, "invited" if invited else "free", invited.created_at if invited else None)
    if mandate is not None and mandate.paused:
        return HomeState(one, "paused", mandate.valid_from)
    if metered is not None and mandate is not None:
        return HomeState(one, "active", max(metered, mandate.valid_from, member.joined_at))
    return HomeState(one, "joined", member.joined_at)


def members_of(community_id: int) -> Sequence[Member]:
    """Everybody who is or was a member, those who left last."""
    found = Member.objects.filter(community=community_id).select_related("user").prefetch_related("households")
    return sorted(found, key=lambda one: (one.left_at is not None, one.user.name.casefold(), one.pk))
