"""Setting a community up: everything at once or nothing, by whoever runs the site."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.text import slugify

from community.models import Community, Household, Invitation, Member, Region, SupplyContract, User, What
from community.services.audit import record
from community.services.feeders import store_feeder, usual_feeder
from community.services.members import INVITATION_LIFETIME, hash_of, new_secret
from community.services.tariffs import Offer, keep_offer

CLOCKS = {Region.CANARY: "Atlantic/Canary"}
MAINLAND = "Europe/Madrid"


@dataclass(frozen=True, slots=True)
class NewCommunity:
    """What a community begins with; without an offer its homes have no contracts, without `cables` no feeder."""

    name: str
    region: str
    legal_mode: str
    offer: Offer | None
    homes: Sequence[str]
    cables: str
    owner_name: str
    owner_email: str


@dataclass(frozen=True, slots=True)
class Founded:
    """A community that has just been set up, and the secret of the link for its first administrator."""

    community: Community
    invitation: Invitation
    secret: str


@transaction.atomic
def found(*, by: User, plan: NewCommunity, at: datetime) -> Founded:
    """Set a community up with its offer, homes, contracts and cables, and invite its first administrator."""
    community = Community.objects.create(
        slug=free_slug(plan.name),
        name=plan.name,
        region=plan.region,
        timezone=clock_of(plan.region),
        legal_mode=plan.legal_mode,
        created_at=at,
    )
    record(What.COMMUNITY_FOUNDED, community=community, at=at, by=by)
    homes = Household.objects.bulk_create([Household(community=community, name=name) for name in plan.homes])
    if plan.offer is not None:
        tariff = keep_offer(community=community, offer=plan.offer, at=at, by=by)
        first = plan.offer.valid_from
        SupplyContract.objects.bulk_create(
            [SupplyContract(household=home, tariff=tariff, valid_from=first) for home in homes]
        )
    if plan.cables and homes:
        store_feeder(community=community, described=usual_feeder(community=community, kind=plan.cables))
    secret = new_secret()
    invitation = Invitation.objects.create(
        community=community,
        email=plan.owner_email.strip().lower(),
        name=plan.owner_name.strip(),
        role=Member.Role.OWNER,
        secret_hash=hash_of(secret),
        created_at=at,
        expires_at=at + INVITATION_LIFETIME,
    )
    record(What.INVITED, community=community, at=at, by=by, about=invitation)
    return Founded(community, invitation, secret)


def clock_of(region: str) -> str:
    """The time zone on a region's walls."""
    return CLOCKS.get(Region(region), MAINLAND)


def free_slug(name: str) -> str:
    """A short name for addresses that no community has."""
    wish = slugify(name)[:40] or "street"
    taken = set(Community.objects.filter(slug__startswith=wish).values_list("slug", flat=True))
    return next(one for one in (wish, *(f"{wish}-{i}" for i in range(2, len(taken) + 3))) if one not in taken)
