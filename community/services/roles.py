"""Giving members their part in the community."""

from datetime import datetime

from django.db import transaction

from community.models import Community, Member, What
from community.roles import RANK, Can, NotAllowed, may, only_those_who
from community.services.audit import record
from community.services.members import withdraw_all_of


@transaction.atomic
def give_role(*, by: Member, member_id: int, role: str, at: datetime) -> Member:
    """Give a member another role. Nobody changes his own, nor anything above himself.

    Where a community has no owner yet, an administrator may name one. Who may invite no longer has invited nobody.
    Raises `NotAllowed`; `Member.DoesNotExist` for one of another community or who has left; ValueError for what is
    no role.
    """
    only_those_who(Can.GIVE_ROLES, by)
    wanted = Member.Role(role)
    # The community's row is locked first: two administrators cannot demote each other at the same moment. Not its
    # key: who notes something in the trail meanwhile waits for nobody.
    community = Community.objects.select_for_update(no_key=True).get(pk=by.community_id)
    members = Member.objects.filter(community=community, left_at__isnull=True)
    member = members.select_related("user").get(pk=member_id)
    by.refresh_from_db(fields=["role", "left_at"])
    only_those_who(Can.GIVE_ROLES, by)
    reach = RANK.index(Member.Role(by.role))
    if by.role == Member.Role.ADMIN and not members.filter(role=Member.Role.OWNER).exists():
        reach = RANK.index(Member.Role.OWNER)
    if member.pk == by.pk or max(RANK.index(Member.Role(member.role)), RANK.index(wanted)) > reach:
        raise NotAllowed(by.pk)
    said = f"{member.role} → {wanted}"
    member.role = wanted
    member.save(update_fields=["role"])
    if not may(member, Can.INVITE):
        withdraw_all_of(member, by=by, at=at)
    record(What.ROLE_CHANGED, community=community, at=at, by=by, about=member, reason=said)
    return member
