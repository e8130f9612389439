"""How far a community has come on its way to the first settlement, counted from what is there."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef

from community.models import Community, Feeder, Household, Invitation, Member, SupplyContract
from market.models import SettledHome
from metering.models import MeteringPoint, Upload


@dataclass(frozen=True, slots=True)
class Progress:
    """Homes, and how many of them have a contract, a meter, readings and a neighbour or an invitation."""

    homes: int
    contracts: int
    meters: int
    heard: int
    neighbours: int
    cables: bool
    settled: bool


def progress_of(community: Community, at: datetime) -> Progress:
    """The counts of today, in one look over the homes."""
    today = at.astimezone(community.zone).date()
    home = OuterRef("pk")
    open_ones = Invitation.objects.filter(household=home, accepted_at=None, revoked_at=None, expires_at__gt=at)
    homes = Household.objects.filter(community=community).annotate(
        has_contract=Exists(SupplyContract.objects.filter(household=home, valid_from__lte=today)),
        has_meter=Exists(MeteringPoint.objects.filter(household=home)),
        is_heard=Exists(Upload.objects.filter(metering_point__household=home)),
        is_invited=Exists(open_ones),
        is_lived_in=Exists(Member.objects.filter(households=home, left_at=None)),
    )
    rows = list(homes.values_list("has_contract", "has_meter", "is_heard", "is_invited", "is_lived_in"))
    return Progress(
        homes=len(rows),
        contracts=sum(row[0] for row in rows),
        meters=sum(row[1] for row in rows),
        heard=sum(row[2] for row in rows),
        neighbours=sum(row[3] or row[4] for row in rows),
        cables=Feeder.objects.filter(community=community).exists(),
        settled=SettledHome.objects.filter(household__community=community).exists(),
    )
