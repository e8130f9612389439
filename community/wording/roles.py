"""Roles and what they include, in words."""

from typing import NamedTuple

from django.utils.translation import gettext as _

from community.models import Member
from community.roles import INCLUDED, INTEGRATOR, MAY, OPERATOR, RANK, Can, Operate, Own, TokenScope

Ability = Can | Own | TokenScope | Operate


class RoleLists(NamedTuple):
    """What somebody with a role can do, and what not."""

    code: str
    name: str
    about: str
    can: list[str]
    cannot: list[str]


def powers() -> dict[Can, str]:
    """What each permission lets people do."""
    return {
        Can.SEE_STREET: _("See the street's forecasts"),
        Can.SEE_METERS: _("See which meters are missing"),
        Can.SEE_MONTHS: _("See every home's month and what the cables cost it"),
        Can.SEE_AUDIT: _("Read who did what in the community"),
        Can.INVITE: _("Invite neighbours and give homes priority"),
        Can.END_MEMBERSHIPS: _("End the membership of somebody who leaves"),
        Can.ANNOUNCE: _("Announce something to all members"),
        Can.GIVE_ROLES: _("Give roles, none above one's own"),
        Can.BRING_METERS: _("Hand in meter files, declare changed meters, ask Datadis, remind members"),
        Can.GIVE_TOKENS: _("Give gateways and integrators their tokens"),
        Can.SET_CABLES: _("Describe the cables and connect homes"),
        Can.SET_RULES: _("Set the rules of the street, its place and law"),
        Can.SET_TARIFFS: _("Keep offers, contracts and published prices"),
        Can.SET_SHARING: _("Prepare the ways of sharing"),
        Can.RUN_AGENTS: _("Train agents and take policies back"),
        Can.RUN_PILOTS: _("Try streets in the pilot studio"),
        Can.CLOSE_MONTHS: _("Close and correct months, send statements"),
        Can.PAY: _("Make payment files for the bank"),
        Can.ERASE: _("Confirm that a member is erased"),
    }


def abilities() -> dict[Ability, str]:
    """Everything that anybody may do, in words: for the own home first, then what is more than that."""
    return {
        Own.SEE_HOME: _("See the own home's energy and market"),
        Own.SET_OWN_RULES: _("Set the own home's rules"),
        Own.SEE_STATEMENTS: _("Read the own home's statements"),
        Own.SEE_SUMS: _("See the street's sums"),
        Own.CHECK_PROOFS: _("Check the proofs"),
        Own.TAKE_RECORDS: _("Take along everything that is kept about oneself"),
        **dict[Ability, str](powers().items()),
        TokenScope.READINGS_WRITE: _("Send in readings of the meters that the token names"),
        TokenScope.READINGS_FORCE: _("Send in readings of these meters although they look impossible"),
        TokenScope.READINGS_READ: _("Read the readings of these meters through the API"),
        TokenScope.PLANS_READ: _("Read the plans of these meters' homes"),
        TokenScope.STATES_WRITE: _("Report the state of batteries and cars of these homes"),
        Operate.SEE_SITE: _("See how the site and all its communities do"),
        Operate.SEE_RECORDS: _("Look up records of all communities; the home sees that it was looked at"),
        Operate.FOUND_COMMUNITIES: _("Found communities"),
        Operate.REPEAT_JOBS: _("Repeat work that failed"),
    }


def lists() -> list[RoleLists]:
    """What everybody can and cannot do, straight from the table that decides it; the most powerful role first."""
    words = abilities()
    return [
        RoleLists(
            code,
            name,
            about,
            [text for ability, text in words.items() if ability in INCLUDED[code]],
            [text for ability, text in words.items() if ability not in INCLUDED[code]],
        )
        for code, name, about in _everybody()
    ]


def _everybody() -> list[tuple[str, str, str]]:
    return [(role, str(Member.Role(role).label), "") for role in reversed(RANK)] + [
        (
            INTEGRATOR,
            _("Integrator"),
            _("Has no role but a token, for named meters and some or all of this, until it expires."),
        ),
        (
            OPERATOR,
            _("Operator of the site"),
            _("Keeps the machines and what is stored; the proofs show if anything was changed."),
        ),
    ]


def changes(before: Member.Role, after: Member.Role) -> tuple[list[str], list[str]]:
    """What somebody may in addition with another role, and what no longer."""
    gained, lost = MAY[after] - MAY[before], MAY[before] - MAY[after]
    return [text for can, text in powers().items() if can in gained], [
        text for can, text in powers().items() if can in lost
    ]


def nobody_may() -> list[str]:
    """What no role includes, whatever its name."""
    return [
        _("See another home's rules, orders or quarter-hours on the pages of residents"),
        _("Change or delete what is booked: a mistake is corrected by a further booking"),
        _("Give an order outside the limits that a home's owner set"),
        _("See another community of the same site"),
    ]
