"""Neighbours who ask to join: noted once, then accepted with an invitation, or declined with a reason."""

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from community.models import Community, Household, Invitation, JoinRequest, Member, What
from community.roles import Can, only_those_who
from community.services.audit import record
from config.sealing import seal, unseal
from metering.models.sealed import lookup_of
from metering.roster import RosterLine
from metering.services.roster import take_over

# So many wishes may wait in one community: more are nobody's neighbours.
MOST_WAITING = 300


class NotOpen(Exception):
    """The community does not take wishes, or too many wait already."""


class AlreadyDecided(Exception):
    """Somebody has accepted or declined this wish meanwhile."""


@transaction.atomic
def ask(*, community: Community, name: str, email: str, place: str, cups: str, at: datetime) -> None:
    """Note that somebody wants to join; of one address one wish waits. Raises `NotOpen`."""
    waiting = JoinRequest.objects.filter(community=community, state=JoinRequest.State.WAITING)
    if not community.join_open or waiting.count() >= MOST_WAITING:
        raise NotOpen
    facts = {"name": name, "place": place, "sealed_cups": seal(cups) if cups else "", "asked_at": at}
    try:
        with transaction.atomic():
            wish = JoinRequest.objects.create(community=community, email=email.strip().lower(), **facts)
    except IntegrityError:
        return
    record(What.JOIN_ASKED, community=community, at=at, about=wish)


@transaction.atomic
def accept(
    *, wish_id: int, by: Member, home: str, cups: str, tariff: str, at: datetime, site: str = ""
) -> Invitation | None:
    """Accept a wish: the home is added if it is new, its meter too, and its neighbour is invited.

    The invitation; None for somebody who is a member already and has the home at once. Raises `NotAllowed`,
    `AlreadyDecided`, `metering.services.roster.RosterHasFaults`, `JoinRequest.DoesNotExist`.
    """
    wish = _waiting(wish_id, by)
    homes = Household.objects.filter(community=by.community)
    if (
        homes.filter(metering_points__cups_lookup=lookup_of(cups)).exists()
        and not homes.filter(name=home).exists()
    ):
        home = ""  # the meter says which one it is; what a neighbour calls it does not rename it
    line = RosterLine(1, wish.name, wish.email, home, cups, tariff)
    take_over(by=by, lines=[line], at=at, site=site)
    ours = Invitation.objects.filter(community=by.community, email=wish.email, accepted_at=None, revoked_at=None)
    wish.invitation = ours.filter(join_request=None).first()
    _decide(wish, JoinRequest.State.ACCEPTED, by, at)
    record(What.JOIN_ACCEPTED, community=by.community, at=at, by=by, about=wish)
    return wish.invitation


@transaction.atomic
def decline(*, wish_id: int, by: Member, reason: str, at: datetime) -> JoinRequest:
    """Decline a wish, with the reason that its neighbour is told. Raises as `accept` does."""
    wish = _waiting(wish_id, by)
    wish.reason = reason
    _decide(wish, JoinRequest.State.DECLINED, by, at)
    record(What.JOIN_DECLINED, community=by.community, at=at, by=by, about=wish)
    return wish


def wishes_of(community_id: int) -> Sequence[JoinRequest]:
    """A community's wishes: those that wait first, the longest waiting before; then decided ones, newest first."""
    found = JoinRequest.objects.filter(community=community_id).select_related("decided_by__user", "invitation")
    waiting = found.filter(state=JoinRequest.State.WAITING).order_by("asked_at", "pk")
    return [*waiting, *found.exclude(state=JoinRequest.State.WAITING).order_by("-decided_at", "-pk")[:100]]


def cups_of(wish: JoinRequest) -> str:
    """The code of the meter, if it was given."""
    return unseal(wish.sealed_cups) if wish.sealed_cups else ""


def _waiting(wish_id: int, by: Member) -> JoinRequest:
    only_those_who(Can.INVITE, by)
    wish = JoinRequest.objects.select_for_update().get(pk=wish_id, community=by.community_id)
    if wish.state != JoinRequest.State.WAITING:
        raise AlreadyDecided(wish.pk)
    return wish


def _decide(wish: JoinRequest, state: str, by: Member, at: datetime) -> None:
    wish.state, wish.decided_by, wish.decided_at = state, by, at
    # The meter has the code now, or nobody needs it.
    wish.sealed_cups = ""
    wish.save()
