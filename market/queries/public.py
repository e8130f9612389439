"""What the whole street did, in sums that tell nothing of one home, for those who are not in it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from community import anonymity
from community.models import Community

# A day counts if each of its sums is of enough homes, or of none: whoever reads the page every day, or takes the
# month from the year, learns sums of whole days. A home counts for a sum that it adds something to.
SUMS = """
WITH homes AS (
    SELECT (s.start AT TIME ZONE %(zone)s)::date AS day, s.household_id, bool_or(NOT s.missing) AS measured,
        sum(s.import_wh) AS taken, sum(s.export_wh) AS given, sum(s.bought_wh) AS bought, sum(s.sold_wh) AS sold,
        min(s.price_ueur_kwh) FILTER (WHERE s.sold_wh > 0) AS low,
        max(s.price_ueur_kwh) FILTER (WHERE s.sold_wh > 0) AS high
    FROM community_household h JOIN market_settledhome s ON s.household_id = h.id
    WHERE h.community_id = %(community)s AND s.is_current AND s.start >= %(first)s AND s.start < %(until)s
    GROUP BY day, s.household_id
), told AS (
    SELECT day FROM homes GROUP BY day
    HAVING NOT EXISTS (
        SELECT FROM unnest(ARRAY[
            count(*) FILTER (WHERE taken > 0), count(*) FILTER (WHERE given > 0),
            count(*) FILTER (WHERE bought > 0), count(*) FILTER (WHERE sold > 0)
        ]) AS had WHERE had > 0 AND had < %(fewest)s
    )
)
SELECT count(DISTINCT household_id) FILTER (WHERE measured), coalesce(sum(taken), 0), coalesce(sum(given), 0),
    coalesce(sum(bought), 0), coalesce(sum(sold), 0), min(low), max(high)
FROM homes JOIN told USING (day)
"""


@dataclass(frozen=True, slots=True)
class PublicSums:
    """Sums of days, each over at least `FEWEST_HOMES` homes: Wh, and the range of neighbours' price, µ€/kWh."""

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
    """The sums of what is settled in `[first, until)`, two midnights; None if they would be of too few homes."""
    asked: dict[str, Any] = {
        "community": community.pk,
        "first": first,
        "until": until,
        "zone": community.zone.key,
        "fewest": anonymity.FEWEST_HOMES,
    }
    with connection.cursor() as cursor:
        cursor.execute(SUMS, asked)
        row: tuple[Any, ...] = cursor.fetchone()
    homes, *sums = row
    if homes < anonymity.FEWEST_HOMES:
        return None
    taken, given, bought, sold, low, high = sums
    return PublicSums(homes, int(taken), int(given), int(bought), int(sold), low, high)
