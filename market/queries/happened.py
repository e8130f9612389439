"""What happened in a community lately that somebody may want to be told of."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from allauth.usersessions.models import UserSession
from django.db import connection
from django.db.models import F, Max, Min, OuterRef, Subquery
from django.db.models.functions import Now

from community.models import Community, Household, Member
from community.services.announcements import standing
from community.tariff_book import MissingContract, TariffBook
from community.tariffs import local_day, slots_of
from config.middleware.client_address import network_of
from config.tenancy import at_the_door
from market.agents.window_steps import LACKS
from market.models import Event, Mandate, PlanStep, Statement
from market.queries.health import USUAL_WITHIN

A_DAY, AN_HOUR = timedelta(days=1), timedelta(hours=1)
# A site that was down for a weekend still tells of a statement.
NEWS = timedelta(days=3)
ENDS_SOON = timedelta(days=3)
# Two hours against the mean of the fortnight before.
WINDOW_HOURS = 2
DAYS_BEFORE = 14
CHEAP_PCT, DEAR_PCT = 60, 150
# A few minutes of charging are no reason to wake anybody.
LEAST_LACK_WH = 500

# As in `health.py` a meter is silent once it is later than it usually is, here by a day.
SILENT = """
WITH usual AS (
    SELECT f.household_id, percentile_disc(0.5) WITHIN GROUP (ORDER BY f.issued_at - f.known_until) AS delay
    FROM market_forecast f WHERE f.household_id = ANY(%(homes)s) AND f.issued_at > %(usual_since)s
        AND f.issued_at <= %(at)s AND f.known_until IS NOT NULL
    GROUP BY f.household_id
),
heard AS (
    SELECT p.household_id, min(r.until) AS until
    FROM metering_meteringpoint p CROSS JOIN LATERAL (
        SELECT start + make_interval(mins => resolution_minutes) AS until FROM metering_reading
        WHERE metering_point_id = p.id AND channel = 'import' AND start <= %(at)s ORDER BY start DESC LIMIT 1
    ) AS r
    WHERE p.household_id = ANY(%(homes)s) GROUP BY p.household_id
)
SELECT h.household_id, h.until FROM heard h LEFT JOIN usual u ON u.household_id = h.household_id
WHERE h.until + greatest(coalesce(u.delay, '0'), '0') + interval '1 day' < %(at)s
"""


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing that one member may be told; `subject` is the same whenever it is found again."""

    member: Member
    event: Event
    subject: str
    facts: dict[str, Any] = field(default_factory=dict)
    void_after: datetime | None = None


Watched = Sequence[Member]
Finder = Callable[[Community, Watched, datetime], Iterable[Happened]]


def happened(community: Community, wanted: dict[Event, list[Member]], at: datetime) -> Iterator[Happened]:
    """Everything lately, for the members who want to be told of each event."""
    for event, find in FINDERS.items():
        members = wanted.get(event, [])
        if members:
            yield from find(community, members, at)


def _homes(members: Watched) -> dict[int, tuple[Household, Member]]:
    """The members' homes by id, each with who looks after it."""
    homes = Household.objects.filter(member__in=members).select_related("member", "community").order_by("pk")
    return {home.pk: (home, home.member) for home in homes if home.member is not None}


def _named(home: Household, **facts: Any) -> dict[str, Any]:
    return {"home": home.name, "home_id": home.pk, **facts}


def _statements(event: Event) -> Finder:
    """Statements of the members' homes; the digest comes with a month's first one only."""

    def find(_community: Community, members: Watched, at: datetime) -> Iterator[Happened]:
        issued = Statement.objects.filter(
            household__member__in=members, issued_at__gt=at - NEWS, issued_at__lte=at
        )
        if event == Event.DIGEST:
            issued = issued.filter(version=1)
        homes = _homes(members)
        for one in issued.order_by("pk"):
            home, member = homes[one.household_id]
            if one.month < home.own_since:
                continue  # a correction of what somebody else took there
            facts = _named(home, month=one.month.isoformat(), version=one.version, saving_neur=one.saving_neur)
            yield Happened(member, event, str(one.public_id), facts)

    return find


def _months(community: Community, members: Watched, at: datetime) -> Iterator[Happened]:
    closed = Statement.objects.filter(household__community=community, version=1).values_list("month")
    for month, issued_at in closed.annotate(at=Min("issued_at")).filter(at__gt=at - NEWS).order_by("month"):
        if issued_at <= at:
            facts = {"month": month.isoformat()}
            yield from (Happened(one, Event.MONTH_CLOSED, f"{month:%Y-%m}", facts) for one in members)


def _rules(_community: Community, members: Watched, at: datetime) -> Iterator[Happened]:
    homes = _homes(members)
    newest = Mandate.objects.filter(household__in=homes, valid_from__lte=at)
    rows = newest.order_by("household_id", "-valid_from").distinct("household_id")
    for mandate in rows:
        ends = mandate.valid_until
        if ends is not None and at < ends <= at + ENDS_SOON:
            home, member = homes[mandate.household_id]
            facts = _named(home, until=ends.isoformat())
            yield Happened(member, Event.RULES_EXPIRE, str(mandate.pk), facts, void_after=ends)


def _meters(_community: Community, members: Watched, at: datetime) -> Iterator[Happened]:
    homes = _homes(members)
    with connection.cursor() as cursor:
        cursor.execute(SILENT, {"homes": list(homes), "at": at, "usual_since": at - USUAL_WITHIN})
        silent = cursor.fetchall()
    for home_id, until in silent:
        home, member = homes[home_id]
        facts = _named(home, until=until.isoformat())
        subject = f"{home_id} {until.isoformat()}"
        yield Happened(member, Event.METER_SILENT, subject, facts, void_after=at + A_DAY)


def _prices(community: Community, members: Watched, at: datetime) -> Iterator[Happened]:
    """Homes whose retailer's price follows the hours, once tomorrow's are published."""
    book = TariffBook(community)
    today = at.astimezone(community.zone).date()
    day = today + A_DAY
    start, end = local_day(day, community.zone)
    hours = slots_of(start, end, 60)
    before = slots_of(start - A_DAY * DAYS_BEFORE, start, 60)
    for home, member in _homes(members).values():
        if not all(book.is_known(home.pk, hour) for hour in hours):
            continue
        try:
            usual = book.series(home.pk, before)[0]
        except MissingContract:
            continue
        found = unusual(book.series(home.pk, hours)[0], sum(usual) // len(usual))
        if found:
            facts = _named(home, day=day.isoformat())
            for kind, (place, price) in found.items():
                facts |= {f"{kind}_from": hours[place].isoformat(), f"{kind}_ueur_kwh": price}
            yield Happened(member, Event.PRICES, f"{home.pk} {day}", facts, void_after=end)


def unusual(prices: Sequence[int], usual: int) -> dict[str, tuple[int, int]]:
    """The cheapest and the dearest two hours of a day that are far from the usual mean: first hour and µ€/kWh.

    >>> unusual([100, 100, 40, 40, 100, 100], 100)
    {'low': (2, 40)}
    """
    if usual <= 0:
        return {}
    spans = [sum(prices[i : i + WINDOW_HOURS]) // WINDOW_HOURS for i in range(len(prices) - WINDOW_HOURS + 1)]
    low, high = min(spans), max(spans)
    found = {}
    if 100 * low <= CHEAP_PCT * usual:
        found["low"] = (spans.index(low), low)
    if 100 * high >= DEAR_PCT * usual:
        found["high"] = (spans.index(high), high)
    return found


def _cars(_community: Community, members: Watched, at: datetime) -> Iterator[Happened]:
    """Cars that the newest plan leaves short."""
    homes = _homes(members)
    own = PlanStep.objects.filter(household=OuterRef("household"), planned_at__lte=at).order_by()
    newest = own.values("household").annotate(at=Max("planned_at")).values("at")
    steps = PlanStep.objects.filter(
        household__in=homes, kind=LACKS, end__gt=at, energy_wh__gte=LEAST_LACK_WH, planned_at=Subquery(newest)
    )
    for step in steps.order_by("pk"):
        home, member = homes[step.household_id]
        facts = _named(home, end=step.end.isoformat(), energy_wh=step.energy_wh, reason=step.reason)
        facts["step"] = step.facts
        subject = f"{step.device_id} {step.end.isoformat()}"
        yield Happened(member, Event.CAR, subject, facts, void_after=step.end)


def _announcements(community: Community, members: Watched, at: datetime) -> Iterator[Happened]:
    """What stands on everybody's first page; whoever has put it away, or wrote it, knows."""
    for one in standing(community.pk, at).filter(written_at__gt=at - NEWS):
        knows = {one.written_by_id, *one.dismissals.values_list("member_id", flat=True)}
        facts = {"announcement": one.pk}
        for member in members:
            if member.pk not in knows:
                yield Happened(member, Event.ANNOUNCED, str(one.pk), facts, void_after=one.expires_at)


def _logins(_community: Community, members: Watched, at: datetime) -> Iterator[Happened]:
    """Browsers in networks that a member came in from; the same ones again are no news.

    Sessions know no other time than the real one, whatever the neighbourhood's clock says.
    """
    own = {member.user_id: member for member in members}
    lately = UserSession.objects.filter(user__in=own, created_at__gt=Now() - AN_HOUR)
    # Whoever has just accepted an invitation knows that.
    others = lately.exclude(user__joined_at__gt=F("created_at") - AN_HOUR).order_by("pk")
    with at_the_door():
        found = list(others)
    for one in found:
        network = network_of(one.ip)
        digest = hashlib.sha256(f"{one.user_agent} {network}".encode()).hexdigest()
        facts = {"at": one.created_at.isoformat(), "browser": one.user_agent[:200], "network": network}
        yield Happened(own[one.user_id], Event.NEW_LOGIN, digest, facts, void_after=at + A_DAY)


FINDERS: dict[Event, Finder] = {
    Event.STATEMENT: _statements(Event.STATEMENT),
    Event.DIGEST: _statements(Event.DIGEST),
    Event.MONTH_CLOSED: _months,
    Event.RULES_EXPIRE: _rules,
    Event.METER_SILENT: _meters,
    Event.PRICES: _prices,
    Event.CAR: _cars,
    Event.ANNOUNCED: _announcements,
    Event.NEW_LOGIN: _logins,
}
