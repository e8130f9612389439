"""A community's month in sums: what statements are made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Count, F, Max, Q, Sum

from community.models import Community
from community.tariffs import month_span
from market.models import Account, Outcome, Posting, SettledHome, Slot, Statement


@dataclass(frozen=True, slots=True)
class HomeMonth:
    """One household's exact month: Wh, and n€ with + in the household's favour."""

    household_id: int
    slots: int
    provisional_slots: int
    bought_wh: int
    bought_neur: int
    sold_wh: int
    sold_neur: int
    retailer_import_wh: int
    retailer_import_neur: int
    retailer_export_wh: int
    retailer_export_neur: int
    shortfall_neur: int
    pool_neur: int
    saving_neur: int


def home_months(community: Community, month: date) -> list[HomeMonth]:
    """Every household's sums of the civil month that `month` lies in, by household id."""
    start, end = month_span(month.year, month.month, community.zone)
    rows = SettledHome.objects.filter(
        household__community=community, is_current=True, start__gte=start, start__lt=end
    )
    sums = (
        rows.values("household_id")
        .annotate(
            slots=Count("pk"),
            provisional_slots=Count("pk", filter=Q(provisional=True)),
            traded_in_wh=Sum("bought_wh"),
            cost_neur=Sum("paid_neur"),
            traded_out_wh=Sum("sold_wh"),
            brought_neur=Sum("earned_neur"),
            given_up_neur=Sum("shortfall_neur"),
            pooled_neur=Sum("pool_neur"),
            import_rest_wh=Sum(F("import_wh") - F("bought_wh")),
            import_rest_neur=Sum((F("import_wh") - F("bought_wh")) * F("import_ueur_kwh")),
            export_rest_wh=Sum(F("export_wh") - F("sold_wh")),
            export_rest_neur=Sum((F("export_wh") - F("sold_wh")) * F("feed_in_ueur_kwh")),
            saved_neur=Sum(F("baseline_neur") - F("actual_neur")),
        )
        .order_by("household_id")
    )
    return [_home_month(row) for row in sums]


def _home_month(row: Mapping[str, Any]) -> HomeMonth:
    return HomeMonth(
        household_id=row["household_id"],
        slots=row["slots"],
        provisional_slots=row["provisional_slots"],
        bought_wh=int(row["traded_in_wh"]),
        bought_neur=-int(row["cost_neur"]),
        sold_wh=int(row["traded_out_wh"]),
        sold_neur=int(row["brought_neur"]),
        retailer_import_wh=int(row["import_rest_wh"]),
        retailer_import_neur=-int(row["import_rest_neur"]),
        retailer_export_wh=int(row["export_rest_wh"]),
        retailer_export_neur=int(row["export_rest_neur"]),
        shortfall_neur=-int(row["given_up_neur"]),
        pool_neur=int(row["pooled_neur"]),
        saving_neur=int(row["saved_neur"]),
    )


def collected(community: Community, kind: str, start: datetime, end: datetime) -> int:
    """What an account of the community received for slots that start in `[start, end)`, n€."""
    rows = Posting.objects.filter(
        account__community=community,
        account__kind=kind,
        entry__settlement__slot__start__gte=start,
        entry__settlement__slot__start__lt=end,
    )
    return int(rows.aggregate(Sum("amount_neur", default=0))["amount_neur__sum"])


def rent_to_give_back(community: Community, until: datetime) -> int:
    """Congestion rent of all slots that start before `until`, less what was given back already, n€.

    Corrections of months that are closed count here; where they took more than came in since, it is negative.
    """
    rent = Posting.objects.filter(account__community=community, account__kind=Account.Kind.CONGESTION_RENT)
    settled_later = Q(entry__settlement__slot__start__gte=until)
    return int(rent.exclude(settled_later).aggregate(Sum("amount_neur", default=0))["amount_neur__sum"])


def lost_by_home(community: Community, start: datetime, end: datetime) -> dict[int, int]:
    """Gain that the cables cost each household in slots of `[start, end)`, n€; absent if nothing."""
    rows = Outcome.objects.filter(
        slot__community=community, slot__start__gte=start, slot__start__lt=end, lost_neur__gt=0
    )
    return dict(rows.values_list("order__household").annotate(Sum("lost_neur")))


def latest_statements(community: Community, month: date) -> dict[int, Statement]:
    """The newest statement of each household for a month with its lines, by household; none while it is open."""
    rows = Statement.objects.filter(household__community=community, month=month).order_by("version")
    return {statement.household_id: statement for statement in rows.prefetch_related("lines")}


SETTLED_AGAIN = """
SELECT m.month FROM unnest(%(months)s::date[], %(starts)s::timestamptz[], %(ends)s::timestamptz[],
    %(issued)s::timestamptz[]) AS m (month, start, until, issued_at)
WHERE EXISTS (
    SELECT FROM market_slot s JOIN market_settlement t ON t.slot_id = s.id
    WHERE s.community_id = %(community)s AND s.start >= m.start AND s.start < m.until
        AND t.settled_at > m.issued_at
)
ORDER BY m.month
"""


def months_to_correct(community: Community) -> list[date]:
    """Closed months with slots that were settled again after their newest statements, oldest first."""
    statements = Statement.objects.filter(household__community=community).values_list("month")
    issued = dict(statements.annotate(Max("issued_at")))
    spans = [month_span(month.year, month.month, community.zone) for month in issued]
    given: dict[str, Any] = {
        "community": community.pk,
        "months": list(issued),
        "starts": [start for start, _end in spans],
        "ends": [end for _start, end in spans],
        "issued": list(issued.values()),
    }
    with connection.cursor() as cursor:
        cursor.execute(SETTLED_AGAIN, given)
        return [month for (month,) in cursor.fetchall()]


def unclosed_months(community: Community, before: datetime) -> list[date]:
    """Past civil months that are wholly settled and have no statements yet, oldest first.

    A month counts as past when it ended by `before`.
    """
    zone = community.zone
    closed = Statement.objects.filter(household__community=community).order_by("-month")
    last = closed.values_list("month", flat=True).first()
    first_slot = Slot.objects.filter(community=community).order_by("start").first()
    if first_slot is None:
        return []
    begun = first_slot.start.astimezone(zone).date().replace(day=1)
    month = _following(last) if last is not None else begun
    answer = []
    while month_span(month.year, month.month, zone)[1] <= before and _is_settled(community, month, zone):
        answer.append(month)
        month = _following(month)
    return answer


def _following(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _is_settled(community: Community, month: date, zone: ZoneInfo) -> bool:
    start, end = month_span(month.year, month.month, zone)
    slots = Slot.objects.filter(community=community, start__gte=start, start__lt=end)
    return slots.exists() and not slots.filter(settlements__isnull=True).exists()
