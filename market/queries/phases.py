"""Which phase each home of a community is on, or is taken to be on."""

from community.models import Household
from market.grid import Home, assumed_phases


def street_phases(community_id: int) -> dict[int, str]:
    """The phase of every home of the community by its id; where it is not known, the assumed one."""
    rows = Household.objects.filter(community_id=community_id)
    homes = rows.values_list("pk", "node__code", "phase", "contracted_w")
    return assumed_phases(Home(pk, node or "", phase, watts) for pk, node, phase, watts in homes)
