"""How many homes a sum must be of, so that no resident reads another home's day in it."""

from community.access import empowered
from community.models import Member
from community.queries import count_active_households
from community.roles import Can

FEWEST_HOMES = 5


def hides(homes: int) -> bool:
    """Whether a sum over so many homes tells nothing of one of them; a sum of none tells nothing either."""
    return homes == 0 or homes >= FEWEST_HOMES


def street_hides(community_id: int) -> bool:
    """Whether sums over all homes of a street may be seen by those who live there."""
    return count_active_households(community_id) >= FEWEST_HOMES


def may_see_sums(member: Member) -> bool:
    """Whether a member sees the street's sums: those who see homes' months do, residents where they hide each."""
    return empowered(member, Can.SEE_MONTHS) or street_hides(member.community_id)
