"""Writing down who saw or changed what, in the transaction of what it tells of."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Model

from community.models import AuditEvent, Community, Household, Member, User, What
from config.middleware.client_address import present_network

# Somebody who looks again within this time has not looked twice; a gateway asks all day long.
LOOKED_AGAIN = timedelta(hours=1)
ASKED_AGAIN = timedelta(days=1)

Actor = Member | User | str | None


def record(
    what: What,
    *,
    community: Community,
    at: datetime,
    by: Actor = None,
    about: Model | None = None,
    household: Household | None = None,
    reason: str = "",
) -> AuditEvent:
    """Note what happened; call it in the same transaction. `by`: a person, a token's name, or the site itself."""
    return AuditEvent.objects.create(
        community=community,
        at=at,
        household=household,
        reason=reason[:300],
        what=what,
        **_who(by),
        **_about(about),
    )


def record_for(
    homes: Iterable[Household],
    what: What,
    *,
    at: datetime,
    by: Actor = None,
    about: Model | None = None,
    reason: str = "",
) -> None:
    """Note what concerns several homes: an event for each, so that each finds its own."""
    facts = {"at": at, "what": what, "reason": reason[:300], **_who(by), **_about(about)}
    AuditEvent.objects.bulk_create(
        [AuditEvent(community_id=home.community_id, household=home, **facts) for home in homes]
    )


def note_look(
    homes: Iterable[Household],
    what: What,
    *,
    at: datetime,
    by: Actor,
    about: Model | None = None,
    reason: str = "",
) -> None:
    """Note that somebody sees what belongs to single homes, except to those who live there.

    Looking again soon is the same look: within `LOOKED_AGAIN`, for tokens within `ASKED_AGAIN`.
    """
    member = by.pk if isinstance(by, Member) else None
    seen = [home for home in homes if member is None or home.member_id != member]
    who, span = _who(by), ASKED_AGAIN if isinstance(by, str) else LOOKED_AGAIN
    known = AuditEvent.objects.filter(
        household__in=seen, what=what, at__gt=at - span, at__lte=at, network=who["network"],
        user=who["user"], token=who["token"], reason=reason[:300], **_about(about),
    )  # fmt: skip
    noted = set(known.values_list("household_id", flat=True)) if seen else set()
    record_for([home for home in seen if home.pk not in noted], what, at=at, by=by, about=about, reason=reason)


def _who(by: Actor) -> dict[str, Any]:
    network = present_network()
    if by is None:
        return {"who": AuditEvent.Who.SYSTEM, "user": None, "token": "", "network": network}
    if isinstance(by, str):
        return {"who": AuditEvent.Who.TOKEN, "user": None, "token": by[:140], "network": network}
    user = by.user if isinstance(by, Member) else by
    return {"who": AuditEvent.Who.PERSON, "user": user, "token": "", "network": network}


def _about(about: Model | None) -> dict[str, str]:
    """The kind and the public id of what it is about; its number where it has no other."""
    if about is None:
        return {"object_kind": "", "object_id": ""}
    return {
        "object_kind": str(about._meta.model_name),
        "object_id": str(getattr(about, "public_id", None) or about.pk),
    }
