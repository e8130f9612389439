"""Roles and what they include, in words."""

from typing import NamedTuple

from django.utils.translation import gettext as _

from community.models import Member
from community.roles import MAY, RANK, Can


class PowerRow(NamedTuple):
    """One thing to do, and for each role from the most to the least whether it may."""

    what: str
    roles: list[bool]


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


def role_names() -> list[str]:
    """The roles from the most to the least, as the table's columns."""
    return [str(Member.Role(role).label) for role in reversed(RANK)]


def power_rows() -> list[PowerRow]:
    """Who may do what, straight from the table that decides it."""
    return [PowerRow(what, [can in MAY[role] for role in reversed(RANK)]) for can, what in powers().items()]


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
