"""What a list of neighbours would change, row by row; nothing is stored here.

A row is matched to a home by its meter's CUPS, else by the home's name, and to a person by the e-mail address. A
person's name matches nothing: two people may bear the same one.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Q

from community.models import Community, Household, Invitation, Member, Node, SupplyContract, Tariff
from config.tenancy import across_all
from metering.cups import validate_cups
from metering.models import MeteringPoint
from metering.models.sealed import lookup_of
from metering.roster import RosterLine

PRIORITIES = set("0123456789")
LONGEST_NAME = 120


class Change(NamedTuple):
    """One thing that a row does: a stable code, what is there before and after."""

    code: str
    before: str = ""
    after: str = ""


class CellFault(NamedTuple):
    """Why a row cannot be taken over: the column, a stable code, and what the cure has to name."""

    column: str
    code: str
    told: str = ""


@dataclass(slots=True)
class PlannedRow:
    """A row of the list with its home (None: a new one) and what it does; it does nothing if it has faults."""

    line: RosterLine
    home: Household | None = None
    changes: list[Change] = field(default_factory=list)
    faults: list[CellFault] = field(default_factory=list)
    tariff: Tariff | None = None

    def does(self, code: str) -> bool:
        """Whether a change of this kind is among them."""
        return any(change.code == code for change in self.changes)


def plan_roster(community: Community, lines: Sequence[RosterLine], at: datetime) -> list[PlannedRow]:
    """What each row would do, in the list's order, in a handful of queries."""
    street = _Street(community, lines, at)
    return [street.plan(line) for line in lines]


class _Street:
    """What is there, by the keys that rows are matched with."""

    def __init__(self, community: Community, lines: Sequence[RosterLine], at: datetime) -> None:
        self.today = at.astimezone(community.zone).date()
        homes = list(Household.objects.filter(community=community).select_related("member__user", "node"))
        self.by_name = {home.name.casefold(): home for home in homes}
        by_pk = {home.pk: home for home in homes}
        wanted = [lookup_of(line.cups) for line in lines if line.cups]
        known = MeteringPoint.objects.filter(Q(cups_lookup__in=wanted) | Q(household__in=by_pk))
        with across_all():  # a supply of another community has to be named, not found out by a broken rule
            rows = list(known.values_list("cups_lookup", "household_id"))
        self.by_cups = {lookup: by_pk.get(household) for lookup, household in rows}
        self.metered = {home.pk for home in self.by_cups.values() if home is not None}
        self.contracts = _contracts(by_pk, self.today)
        self.nodes = set(Node.objects.filter(feeder__community=community).values_list("code", flat=True))
        self.tariffs = list(Tariff.objects.filter(Q(community=None) | Q(community=community)))
        open_ones = Invitation.objects.filter(
            community=community, accepted_at=None, revoked_at=None, expires_at__gt=at
        )
        self.invited = {one.email: one for one in open_ones}
        self.invited_to = {one.household_id: one for one in open_ones if one.household_id}
        members = Member.objects.filter(community=community, left_at=None).select_related("user")
        self.members = {member.user.email: member for member in members}
        self.seen: dict[str, Counter[str]] = {
            column: Counter(key for line in lines if (key := _key(line, column)))
            for column in ("home", "cups", "email")
        }
        self.first: dict[str, int] = {}

    def plan(self, line: RosterLine) -> PlannedRow:
        row = PlannedRow(line)
        self._match(row)
        self._meter(row)
        self._contract(row)
        self._place(row)
        self._person(row)
        return row

    def _match(self, row: PlannedRow) -> None:
        """Find the home by its meter, else by its name."""
        line = row.line
        named = self.by_name.get(line.home.casefold()) if line.home else None
        metered = self.by_cups.get(lookup_of(line.cups)) if line.cups else None
        row.home = metered or named
        for column in ("home", "cups"):
            if self.seen[column][_key(line, column)] > 1:
                row.faults.append(CellFault(column, "twice", getattr(line, column)))
        if len(line.home) > LONGEST_NAME:
            row.faults.append(CellFault("home", "long"))
        if metered and named and metered != named:
            row.faults.append(CellFault("home", "other-home", metered.name))
        elif metered and line.home and metered.name != line.home:
            row.changes.append(Change("renamed", metered.name, line.home))
        elif row.home is None and not line.home:
            row.faults.append(CellFault("home", "missing"))
        elif row.home is None:
            row.changes.append(Change("new-home", "", line.home))

    def _meter(self, row: PlannedRow) -> None:
        code = row.line.cups
        if not code:
            return
        try:
            validate_cups(code)
        except ValidationError as error:
            row.faults.append(CellFault("cups", "said", error.messages[0]))
            return
        lookup = lookup_of(code)
        if lookup in self.by_cups:
            if self.by_cups[lookup] is None:
                row.faults.append(CellFault("cups", "elsewhere"))
        elif row.home is not None and row.home.pk in self.metered:
            row.faults.append(CellFault("cups", "other-meter", row.home.name))
        else:
            row.changes.append(Change("new-meter", "", f"…{code[-4:]}"))

    def _contract(self, row: PlannedRow) -> None:
        """A metered home without a contract would keep the whole street's slots from being settled."""
        before = self.contracts.get(row.home.pk) if row.home else None
        if not row.line.tariff:
            if row.does("new-meter") and before is None:
                row.faults.append(CellFault("tariff", "needed", self._offers()))
            return
        wish = row.line.tariff.casefold()
        found = [one for one in self.tariffs if wish in {str(one).casefold(), one.name.casefold()}]
        exact = [one for one in found if str(one).casefold() == wish]
        if len(exact or found) != 1:
            row.faults.append(CellFault("tariff", "unclear" if found else "unknown", self._offers()))
            return
        row.tariff = (exact or found)[0]
        if before != row.tariff:
            row.changes.append(Change("contract", str(before or ""), str(row.tariff)))

    def _offers(self) -> str:
        return ", ".join(sorted({str(one) for one in self.tariffs})[:6])

    def _place(self, row: PlannedRow) -> None:
        """Priority and connection; what is left empty stays as it is."""
        line, home = row.line, row.home
        before = home.priority if home else 0
        if line.priority and line.priority not in PRIORITIES:
            row.faults.append(CellFault("priority", "priority", line.priority))
        elif line.priority and int(line.priority) != before:
            row.changes.append(Change("priority", str(before), line.priority))
        connected = home.node.code if home and home.node else ""
        if line.node and line.node not in self.nodes:
            row.faults.append(CellFault("node", "node" if self.nodes else "no-cables", line.node))
        elif line.node and line.node != connected:
            row.changes.append(Change("node", connected, line.node))

    def _person(self, row: PlannedRow) -> None:
        """Whom the home is handed to: somebody who is a member, or somebody who is invited."""
        line, home = row.line, row.home
        email = line.email.lower()
        if not email:
            return
        try:
            validate_email(email)
        except ValidationError:
            row.faults.append(CellFault("email", "email", line.email))
            return
        owner = home.member if home else None
        member = self.members.get(email)
        if owner is not None:
            if owner.user.email != email:
                row.faults.append(CellFault("email", "looked-after", owner.user.name))
        elif member is not None:
            row.changes.append(Change("handed-over", "", member.user.name))
        elif self.first.setdefault(email, line.row) != line.row:
            row.faults.append(CellFault("email", "one-home", str(self.first[email])))
        else:
            self._invitation(row, self.invited.get(email))

    def _invitation(self, row: PlannedRow, invitation: Invitation | None) -> None:
        home, line = row.home, row.line
        before = self.invited_to.get(home.pk) if home else None
        if before is not None and before.email != line.email.lower() and before.email not in self.seen["email"]:
            row.changes.append(Change("invitation-ended", "", before.email))
        if invitation is None:
            row.changes.append(Change("invited", "", line.email.lower()))
            return
        if home is None or invitation.household_id != home.pk:
            row.changes.append(Change("invitation-moved", "", line.email.lower()))
        if line.name and line.name != invitation.name:
            row.changes.append(Change("addressee", invitation.name, line.name))


def _key(line: RosterLine, column: str) -> str:
    if column == "cups":
        return "".join(line.cups.split()).upper()
    return str(getattr(line, column)).casefold()


def _contracts(homes: dict[int, Household], today: Any) -> dict[int, Tariff]:
    """The tariff that supplies each home today."""
    found: dict[int, Tariff] = defaultdict()
    contracts = SupplyContract.objects.filter(household__in=homes, valid_from__lte=today).select_related("tariff")
    for contract in contracts.order_by("valid_from"):
        found[contract.household_id] = contract.tariff
    return found
