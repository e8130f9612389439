"""Reads of who lives where."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, F, Func, Max, OuterRef, QuerySet, Subquery, TextField, Value

from community.models import Device, DeviceState, Household, Invitation, Member, Node


def active_households(community_id: int) -> list[Household]:
    """Households that trade: those with a metering point, by id."""
    return list(_active(community_id).select_related("node").order_by("pk"))


def count_active_households(community_id: int) -> int:
    """How many households trade."""
    return _active(community_id).values("pk").count()


def active_households_of(community: OuterRef) -> Subquery:
    """How many households of the street that a row of another query names trade: no query of its own."""
    own = _active(community).order_by().values("community")
    return Subquery(own.annotate(homes=Count("pk", distinct=True)).values("homes"))


def _active(community_id: int | OuterRef) -> QuerySet[Household]:
    return Household.objects.filter(community_id=community_id, metering_points__isnull=False).distinct()


def language_of(member: Member | None) -> str:
    """The language that letters to a member are written in: the one it chose, else the site's.

    The choice lies with what the member is told of, which the market keeps.
    """
    chosen = getattr(member, "notice_choices", None)
    return chosen.language if chosen else settings.LANGUAGE_CODE


def devices_of(household_ids: Iterable[int]) -> dict[int, list[Device]]:
    """Devices in use of each household, by id."""
    found: dict[int, list[Device]] = defaultdict(list)
    for device in Device.objects.filter(household__in=household_ids, retired_at__isnull=True).order_by("pk"):
        found[device.household_id].append(device)
    return found


# A report older than this says nothing about now.
STALE_AFTER = timedelta(hours=6)


def latest_states(device_ids: Sequence[int], at: datetime) -> dict[int, DeviceState]:
    """The newest report of each device that was known at `at` and is not stale."""
    # Plain SQL: agents ask this before every slot, and building the query took longer than running it.
    states = DeviceState.objects.raw(
        "SELECT DISTINCT ON (device_id) * FROM community_devicestate "
        "WHERE device_id = ANY(%s) AND at <= %s AND at > %s ORDER BY device_id, at DESC",
        [list(device_ids), at, at - STALE_AFTER],
    )
    return {state.device_id: state for state in states}


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One home as the administrator's list shows it."""

    household: Household
    devices: tuple[Device, ...]
    cups: str
    invitation: Invitation | None
    delivered_at: datetime | None

    @property
    def masked_cups(self) -> str:
        """The code with all but its last four characters hidden."""
        return f"…{self.cups[-4:]}" if self.cups else ""


def neighbours(community_id: int, at: datetime) -> list[Neighbour]:
    """Every home of a community with its member, devices, meter and open invitation, by name."""
    homes = list(
        Household.objects.filter(community_id=community_id)
        .select_related("member__user")
        .prefetch_related("metering_points")
        .annotate(delivered_at=Max("metering_points__uploads__received_at"))
    )
    homes.sort(key=lambda home: street_order(home.name))
    devices = devices_of(home.pk for home in homes)
    invitations = {row.household_id: row for row in open_invitations(community_id, at) if row.household_id}
    return [
        Neighbour(
            home,
            tuple(devices[home.pk]),
            ", ".join(point.cups for point in home.metering_points.all()),
            invitations.get(home.pk),
            home.delivered_at,
        )
        for home in homes
    ]


@dataclass(frozen=True, slots=True)
class ConnectedHome:
    """Where a home is connected: its node's code (empty: at the transformer) and its phase (empty: not known)."""

    id: int
    name: str
    node: str
    phase: str


def connected_homes(community_id: int) -> list[ConnectedHome]:
    """Every home of a community with its connection, in the street's order."""
    rows = Household.objects.filter(community_id=community_id).values_list("pk", "name", "node__code", "phase")
    homes = [ConnectedHome(pk, name, node or "", phase) for pk, name, node, phase in rows]
    return sorted(homes, key=lambda home: street_order(home.name))


def nodes_of(community_id: int) -> list[tuple[str, str]]:
    """Code and title of every node of a community's feeder, in the street's order."""
    rows = Node.objects.filter(feeder__community_id=community_id).values_list("code", "name")
    titled = [(code, f"{code} · {name}" if name and name != code else code) for code, name in rows]
    return sorted(titled, key=lambda node: street_order(node[0]))


def in_street_order(field: str = "name") -> Func:
    """`street_order` for a query's `order_by`: numbers are filled up to ten digits before they are compared."""
    longer = Func(F(field), Value(r"\d+"), Value(r"0000000000\&"), Value("g"), function="regexp_replace")
    cut = (longer, Value(r"\d*(\d{10})(?!\d)"), Value(r"\1"), Value("g"))
    return Func(*cut, function="regexp_replace", output_field=TextField())


def street_order(name: str) -> list[tuple[int, str]]:
    """Sorting key that counts numbers as numbers: house 3 stands before house 11."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d+)", name)]


def open_invitations(community_id: int, at: datetime) -> list[Invitation]:
    """Invitations that may still be accepted at `at`, newest first."""
    return list(
        Invitation.objects.filter(
            community_id=community_id, accepted_at__isnull=True, revoked_at__isnull=True, expires_at__gt=at
        )
        .select_related("household", "invited_by__user")
        .order_by("-created_at")
    )
