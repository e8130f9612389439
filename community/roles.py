"""Who may do what in a community: one table, shown on a page as it stands here.

Integrators hold tokens instead of a role, whose scopes `metering/api/access.py` asks for; operators of the site
are Django's staff (`community/access.py`).
"""

from enum import StrEnum

from django.db.models import TextChoices

from community.models import Member


class Can(StrEnum):
    """What somebody may do with others' data or money."""

    SEE_STREET = "see_street"
    SEE_METERS = "see_meters"
    SEE_MONTHS = "see_months"
    SEE_AUDIT = "see_audit"
    INVITE = "invite"
    END_MEMBERSHIPS = "end_memberships"
    ANNOUNCE = "announce"
    GIVE_ROLES = "give_roles"
    BRING_METERS = "bring_meters"
    GIVE_TOKENS = "give_tokens"
    SET_CABLES = "set_cables"
    SET_RULES = "set_rules"
    SET_TARIFFS = "set_tariffs"
    SET_SHARING = "set_sharing"
    RUN_AGENTS = "run_agents"
    RUN_PILOTS = "run_pilots"
    CLOSE_MONTHS = "close_months"
    PAY = "pay"
    ERASE = "erase"


class Own(StrEnum):
    """What every member may: see to the own home, and see of others what is told in sums."""

    SEE_HOME = "see_home"
    SET_OWN_RULES = "set_own_rules"
    SEE_STATEMENTS = "see_statements"
    SEE_SUMS = "see_sums"
    CHECK_PROOFS = "check_proofs"
    TAKE_RECORDS = "take_records"


class TokenScope(TextChoices):
    """What a token may do with the meters that it was made for."""

    READINGS_WRITE = "readings:write"
    READINGS_FORCE = "readings:force"
    READINGS_READ = "readings:read"
    PLANS_READ = "plans:read"
    STATES_WRITE = "states:write"


class Operate(StrEnum):
    """What whoever runs the site may, over all communities."""

    SEE_SITE = "see_site"
    SEE_RECORDS = "see_records"
    FOUND_COMMUNITIES = "found_communities"
    REPEAT_JOBS = "repeat_jobs"


_READS = frozenset({Can.SEE_STREET, Can.SEE_METERS, Can.SEE_MONTHS})
MAY: dict[str, frozenset[Can]] = {
    Member.Role.OWNER: frozenset(Can),
    Member.Role.ADMIN: frozenset(Can),
    Member.Role.BILLING: _READS | {Can.SET_TARIFFS, Can.CLOSE_MONTHS, Can.PAY},
    Member.Role.READER: _READS,
    Member.Role.RESIDENT: frozenset(),
}
INTEGRATOR, OPERATOR = "integrator", "operator"
# Everything that anybody may do, of all who come in: members by their role, a token's holder, who runs the site.
INCLUDED: dict[str, frozenset[Can | Own | TokenScope | Operate]] = {
    **{role: powers | frozenset(Own) for role, powers in MAY.items()},
    INTEGRATOR: frozenset(TokenScope),
    OPERATOR: frozenset(Operate) | {Can.RUN_PILOTS},
}
# Whom somebody with a role may give a role to, or take one from, besides "nobody above oneself".
RANK = [Member.Role.RESIDENT, Member.Role.READER, Member.Role.BILLING, Member.Role.ADMIN, Member.Role.OWNER]


def may(member: Member, can: Can) -> bool:
    """Whether the member may do it now; who has left may do nothing."""
    return member.left_at is None and can in MAY[member.role]


def sees_others(role: str) -> bool:
    """Whether the role sees other members' data or money, and so needs a second factor."""
    return bool(MAY[role])


class NotAllowed(PermissionError):
    """The member's part in the community does not include this, or it has left."""


def only_those_who(can: Can, by: Member) -> None:
    """Raise `NotAllowed` unless the member may do it now; services ask once more what the page has asked."""
    if not may(by, can):
        raise NotAllowed(by.pk)
