"""Pilots as pages and workers ask for them."""

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from community.models import User
from market.models import Pilot, PilotMonth
from market.pilot.lived import MonthLived
from market.pilot.report import MONTHS, StreetYear, year_of_months
from market.pilot.scenario import Scenario


@dataclass(frozen=True, slots=True)
class PilotState:
    """How far a pilot has got: months lived and to be lived, a failure, the year by variant once it is whole."""

    done: int
    total: int
    failed: str
    years: dict[str, StreetYear]

    @property
    def usual(self) -> StreetYear | None:
        """The year as expected, or None while it is being lived."""
        return self.years.get(PilotMonth.Variant.USUAL)

    @property
    def under_way(self) -> bool:
        """Whether months are still to be lived."""
        return self.done < self.total and not self.failed


def state_of(pilot: Pilot) -> PilotState:
    """A pilot's months put together."""
    rows = list(PilotMonth.objects.filter(pilot=pilot).order_by("month"))
    years = {}
    scenario = Scenario.of(pilot.scenario)
    for variant in PilotMonth.Variant.values:
        lived = [MonthLived.of(row.lived) for row in rows if row.variant == variant and row.lived is not None]
        if len(lived) == MONTHS:
            years[variant] = year_of_months(scenario, lived)
    failed = next((row.failed for row in rows if row.failed), "")
    return PilotState(sum(row.lived is not None for row in rows), len(rows), failed, years)


def pilots_of(owner: User) -> QuerySet[Pilot]:
    """A user's pilots, newest first, with how many months are lived (`done`) of how many (`total`)."""
    return (
        Pilot.objects.filter(owner=owner)
        .annotate(done=Count("months", filter=Q(months__lived__isnull=False)), total=Count("months"))
        .defer("scenario")
        .order_by("-created_at", "-pk")
    )


def months_to_live(limit: int) -> list[int]:
    """Months that nobody has lived, the expected years first, oldest pilots first."""
    order = ("pilot__created_at", "pk")
    waiting = PilotMonth.objects.filter(lived__isnull=True, failed="")
    usual = waiting.filter(variant=PilotMonth.Variant.USUAL).order_by(*order)
    other = waiting.exclude(variant=PilotMonth.Variant.USUAL).order_by(*order)
    return [pk for rows in (usual, other) for pk in rows.values_list("pk", flat=True)[:limit]][:limit]
