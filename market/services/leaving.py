"""A member leaves: an end with a day, after which nothing runs for it any more and its homes are free.

What was settled stays in the books, open months close as they would. Whoever gets the home next sees nothing of
the time before.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet

from community.models import Community, Household, Member, What
from community.roles import RANK, Can, NotAllowed, may, only_those_who
from community.services.audit import record, record_for
from community.services.members import withdraw_all_of
from market.models import BankAccount, GestorMandate
from market.services.mandates import give_mandate
from metering.models import ApiToken, Consent, HandOver
from metering.services.datadis import revoke_consent
from metering.services.tokens import revoke_token


@transaction.atomic
def leave(*, member_id: int, by: Member, at: datetime) -> Member:
    """End a membership; once more changes nothing. Nobody ends his own, nor one above himself.

    Raises `NotAllowed`, and `Member.DoesNotExist` for a member of another community.
    """
    only_those_who(Can.END_MEMBERSHIPS, by)
    # The community's row first: two administrators cannot end each other at the same moment. Not its key: whoever
    # holds a home and notes in the trail what was done to it would wait for us, and we for the home.
    Community.objects.select_for_update(no_key=True).get(pk=by.community_id)
    by.refresh_from_db(fields=["role", "left_at"])
    only_those_who(Can.END_MEMBERSHIPS, by)
    member = Member.objects.select_related("user").get(pk=member_id, community=by.community_id)
    if member.pk == by.pk or RANK.index(Member.Role(member.role)) > RANK.index(Member.Role(by.role)):
        raise NotAllowed(by.pk)
    if member.left_at is not None:
        return member
    homes = list(member.households.select_for_update(no_key=True).order_by("pk"))
    # Noted while the homes are still its own, so that the member finds it among its records.
    record_for(homes, What.LEFT, at=at, by=by, about=member)
    if not homes:
        record(What.LEFT, community=by.community, at=at, by=by, about=member)
    for home in homes:
        end_home(home, at)
    withdraw_all_of(member, by=by, at=at)
    if may(member, Can.GIVE_TOKENS):
        # Nobody remembers who has seen which code, and another one is soon made.
        _void(HandOver.objects.filter(community=by.community, token=None))
    member.left_at = at
    member.save(update_fields=["left_at"])
    return member


def end_home(home: Household, at: datetime) -> None:
    """End what runs for a home in its member's name, and set it free."""
    give_mandate(household=home, given_by=None, at=at, paused=True)
    for consent in Consent.objects.filter(metering_point__household=home, revoked_at=None):
        revoke_consent(consent=consent, at=at)
    GestorMandate.objects.filter(household=home, revoked_at=None).update(revoked_at=at)
    _lock_out(home, at)
    # Nobody may collect from an account for what the next neighbour takes.
    BankAccount.objects.filter(household=home, replaced_at=None).update(replaced_at=at)
    home.member, home.records_from = None, at
    home.save(update_fields=["member", "records_from"])


def _lock_out(home: Household, at: datetime) -> None:
    """Tokens of this home alone end; those of several homes no longer reach it."""
    points = list(home.metering_points.all())
    for token in ApiToken.objects.filter(metering_points__in=points).distinct():
        if token.metering_points.exclude(household=home).exists():
            token.metering_points.remove(*points)
        else:
            revoke_token(token=token, at=at)
            ApiToken.objects.filter(pk=token.pk).update(name=f"azt_{token.key_id}", broker_hash="")
    _void(HandOver.objects.filter(metering_points__in=points, token=None))


def _void(codes: QuerySet[HandOver]) -> None:
    """Make codes worth nothing, for a call that came before and is answered after, too."""
    HandOver.objects.filter(pk__in=codes.values("pk")).update(expires_at=F("created_at"))
