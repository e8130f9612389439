"""What the whole street did, in sums that tell nothing of one home, for those who are not in it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from community import anonymity
from community.models import Community

# Each number of homes counts those that were measured in the span: a home without readings hides nobody.
SUMS = """
SELECT count(DISTINCT s.household_id) FILTER (WHERE NOT s.missing), coalesce(sum(s.import_wh), 0),
    coalesce(sum(s.export_wh), 0), coalesce(sum(s.bought_wh), 0), coalesce(sum(s.sold_wh), 0),
    min(s.price_ueur_kwh) FILTER (WHERE s.sold_wh > 0), max(s.price_ueur_kwh) FILTER (WHERE s.sold_wh > 0)
FROM community_household h JOIN market_settledhome s ON s.household_id = h.id
WHERE h.community_id = %s AND s.is_current AND s.start >= %s AND s.start < %s
"""


@dataclass(frozen=True, slots=True)
class PublicSums:
    """Sums of a span over at least `FEWEST_HOMES` homes: Wh, and the range of the neighbours' price, µ€/kWh."""

    homes: int
    import_wh: int
    export_wh: int
    bought_wh: int
    sold_wh: int
    low_ueur_kwh: int | None
    high_ueur_kwh: int | None

    @property
    def used_pct(self) -> float | None:
        """How much of what the roofs left over the neighbours used."""
        return 100 * self.sold_wh / self.export_wh if self.export_wh else None

    @property
    def covered_pct(self) -> float | None:
        """How much of what the homes took at their meters came from neighbours."""
        return 100 * self.bought_wh / self.import_wh if self.import_wh else None


def public_sums(community: Community, first: datetime, until: datetime) -> PublicSums | None:
    """The sums of what is settled in `[first, until)`; None if they would be of too few homes."""
    with connection.cursor() as cursor:
        cursor.execute(SUMS, [community.pk, first, until])
        row: tuple[Any, ...] = cursor.fetchone()
    homes, *sums = row
    if homes < anonymity.FEWEST_HOMES:
        return None
    taken, given, bought, sold, low, high = sums
    return PublicSums(homes, int(taken), int(given), int(bought), int(sold), low, high)
