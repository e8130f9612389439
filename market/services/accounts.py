"""The accounts that money is booked on."""

from community.models import Community
from market.models import Account

# One per purpose of the community; every household has its own beside them.
PURPOSES = (Account.Kind.GRID_FEE.value, Account.Kind.CONGESTION_RENT.value)


def open_accounts(community: Community) -> dict[tuple[str, int | None], int]:
    """Account ids by (kind, household); accounts that do not exist yet are opened."""
    wanted: list[tuple[str, int | None]] = [(kind, None) for kind in PURPOSES]
    wanted += [(Account.Kind.HOUSEHOLD.value, home.pk) for home in community.households.all()]
    Account.objects.bulk_create(
        [Account(community=community, kind=kind, household_id=home) for kind, home in wanted],
        ignore_conflicts=True,
    )
    rows = Account.objects.filter(community=community).values_list("kind", "household_id", "pk")
    return {(kind, home): pk for kind, home, pk in rows}
