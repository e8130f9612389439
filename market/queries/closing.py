"""A community's months as an administrator closes them: what is settled, what is missing, what was issued."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Exists, Min, OuterRef, Q
from django.db.models.functions import TruncMonth

from community.models import Community
from community.tariffs import month_span
from market.models import SettledHome, Settlement, Slot, Statement
from market.queries.month import months_to_correct
from market.settlement import MEASURED


@dataclass(frozen=True, slots=True)
class MonthState:
    """One civil month: its slots so far, those settled and those provisional, and what was issued.

    `over` says that its last slot has ended, `to_correct` that slots were settled again since it was issued.
    """

    month: date
    slots: int
    settled: int
    provisional: int
    over: bool
    issued_at: datetime | None
    corrections: int
    to_correct: bool

    @property
    def closable(self) -> bool:
        """Whether it may be closed now."""
        return self.over and self.issued_at is None and 0 < self.slots == self.settled


@dataclass(frozen=True, slots=True)
class HomeGaps:
    """A household's slots of a month that were settled without all readings, or with ones that may change."""

    missing: int
    unmeasured: int


def month_states(community: Community, at: datetime) -> list[MonthState]:
    """Every month with slots that have ended by `at`, newest first."""
    settled = Settlement.objects.filter(slot=OuterRef("pk"), is_current=True)
    months = (
        Slot.objects.filter(community=community, end__lte=at)
        .annotate(month=TruncMonth("start", tzinfo=community.zone))
        .values("month")
        .annotate(
            slots=Count("pk"),
            settled=Count("pk", filter=Q(Exists(settled))),
            provisional=Count("pk", filter=Q(Exists(settled.filter(provisional=True)))),
        )
        .order_by("-month")
    )
    statements = Statement.objects.filter(household__community=community).values_list("month")
    corrections = Count("pk", filter=Q(version__gt=1))
    issued = {row[0]: row[1:] for row in statements.annotate(at=Min("issued_at"), corrections=corrections)}
    again = set(months_to_correct(community))
    answer = []
    for row in months:
        month = row["month"].date()
        issued_at, corrected = issued.get(month, (None, 0))
        over = month_span(month.year, month.month, community.zone)[1] <= at
        sums = (row["slots"], row["settled"], row["provisional"])
        answer.append(MonthState(month, *sums, over, issued_at, corrected, month in again))
    return answer


def home_gaps(community: Community, month: date) -> dict[int, HomeGaps]:
    """By household what of a month's settled slots is missing or not measured; households without are absent."""
    start, end = month_span(month.year, month.month, community.zone)
    rows = SettledHome.objects.filter(
        household__community=community, is_current=True, start__gte=start, start__lt=end
    )
    missing = Count("pk", filter=Q(missing=True))
    unmeasured = Count("pk", filter=Q(missing=False) & ~Q(quality=MEASURED))
    found = rows.values_list("household").annotate(gaps=missing, doubts=unmeasured)
    return {home: HomeGaps(gaps, doubts) for home, gaps, doubts in found if gaps or doubts}
