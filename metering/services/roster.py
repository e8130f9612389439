"""Taking over a list of neighbours: all of it or nothing, and once more without doing anything twice."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from community.models import Community, Household, Invitation, Member, What
from community.roles import Can
from community.services.audit import record
from community.services.feeders import Connection, connect_homes
from community.services.homes import set_priority
from community.services.invitations import ask_for_letters
from community.services.members import invite_held, revoke
from community.services.powers import hold
from community.services.tariffs import give_contract
from metering.models import MeteringPoint
from metering.roster import RosterLine
from metering.services.roster_plan import PlannedRow, plan_roster


class RosterHasFaults(ValueError):
    """Rows of the list have faults: nothing of it was taken over."""

    def __init__(self, rows: Sequence[PlannedRow]) -> None:
        super().__init__(f"{len(rows)} rows have faults")
        self.rows = rows


@dataclass(frozen=True, slots=True)
class TakenOver:
    """How many rows changed something or nothing, how often each change was made, and who is invited now."""

    changed: int
    unchanged: int
    made: Counter[str]
    invited: list[int]


@transaction.atomic
def take_over(*, by: Member, lines: Sequence[RosterLine], at: datetime, site: str = "") -> TakenOver:
    """Do what the rows say, all or none; `site` is the address under which letters invite (empty: none are sent).

    Raises `NotAllowed`, and `RosterHasFaults` by the state of this moment, which may not be that of the preview.
    """
    community = hold(Can.INVITE, by)
    rows = plan_roster(community, lines, at)
    faulty = [row for row in rows if row.faults]
    if faulty:
        raise RosterHasFaults(faulty)
    invited = [pk for row in rows if row.changes and (pk := _apply(row, by, at)) is not None]
    _connect(community, rows)
    if site:
        ask_for_letters(invitation_ids=invited, site=site, at=at)
    changed = sum(bool(row.changes) for row in rows)
    made = Counter(change.code for row in rows for change in row.changes)
    if changed:
        said = ", ".join(f"{code} {number}" for code, number in sorted(made.items()))
        record(What.NEIGHBOURS_IMPORTED, community=community, at=at, by=by, reason=said)
    return TakenOver(changed, len(rows) - changed, made, invited)


def _apply(row: PlannedRow, by: Member, at: datetime) -> int | None:
    """Do what one row says; the id of the invitation that it made."""
    line, home = row.line, row.home
    if home is None:
        home = Household.objects.create(community=by.community, name=line.home)
        row.home = home
        record(What.HOME_ADDED, community=by.community, at=at, by=by, about=home, household=home)
    if row.does("renamed"):
        Household.objects.filter(pk=home.pk).update(name=line.home)
        # Neither name: it may be a person's, and nothing that was noted can be changed.
        record(What.HOME_CHANGED, community=by.community, at=at, by=by, household=home, reason="renamed")
    if row.does("contract") and row.tariff is not None:
        today = at.astimezone(by.community.zone).date()
        since = today if home.contracts.exists() else _first_day(today)
        give_contract(by=by, household_id=home.pk, tariff_id=row.tariff.pk, valid_from=since, at=at)
    if row.does("new-meter"):
        code = "".join(line.cups.split()).upper()
        point = MeteringPoint.objects.create(household=home, cups=code)
        said = f"CUPS …{code[-4:]}"
        record(What.HOME_CHANGED, community=by.community, at=at, by=by, about=point, household=home, reason=said)
    if row.does("priority"):
        set_priority(by=by, household_id=home.pk, priority=int(line.priority), at=at)
    return _hand_over(row, home, by, at)


def _hand_over(row: PlannedRow, home: Household, by: Member, at: datetime) -> int | None:
    email = row.line.email.lower()
    ours = Invitation.objects.filter(community=by.community, accepted_at=None, revoked_at=None)
    if row.does("handed-over"):
        member = Member.objects.get(community=by.community, user__email=email, left_at=None)
        Household.objects.filter(pk=home.pk, member=None).update(member=member)
        record(What.JOINED, community=by.community, at=at, by=by, about=member, household=home)
    for change in row.changes:
        if change.code == "invitation-ended":
            revoke(invitation=ours.get(email=change.after), by=by, at=at)
    if row.does("invitation-moved"):
        ours.filter(email=email).update(household=home)
    if row.does("addressee"):
        ours.filter(email=email).update(name=row.line.name)
    if not row.does("invited"):
        return None
    invitation, _secret = invite_held(invited_by=by, email=email, household=home, at=at, name=row.line.name)
    return invitation.pk


def _connect(community: Community, rows: Sequence[PlannedRow]) -> None:
    """Connect homes where the rows say so; their phase stays."""
    moved = [row for row in rows if row.home is not None and row.does("node")]
    connections = [Connection(row.home.pk, row.line.node, row.home.phase) for row in moved if row.home is not None]
    if connections:
        connect_homes(community=community, connections=connections)


def _first_day(today: date) -> date:
    """A home's first contract reaches back over all slots not settled yet, so that none waits for its prices."""
    return (today.replace(day=1) - timedelta(days=1)).replace(day=1)
