"""The rest of a resident's home page: the month so far, the battery, the plan, the last statement."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from django.db.models import F, Max, Q, Sum

from community.models import Device, DeviceState, Household
from market.models import Mandate, PlanStep, SettledHome, Statement, StepDown
from market.queries.own_energy import Own, own_between
from metering.completeness import Freshness, freshness


@dataclass(frozen=True, slots=True)
class MonthSoFar:
    """Sums over the settled slots of a span; what stayed at home is told where the panels are measured."""

    saving_neur: int
    import_wh: int
    export_wh: int
    sold_wh: int
    bought_wh: int
    own: Own

    @property
    def neighbours_pct(self) -> float | None:
        """Share of what the home took from outside that neighbours delivered."""
        return 100 * self.bought_wh / self.import_wh if self.import_wh else None

    @property
    def given_pct(self) -> float | None:
        """Share of what the home gave away that neighbours took."""
        return 100 * self.sold_wh / self.export_wh if self.export_wh else None


@dataclass(frozen=True, slots=True)
class BatteryNow:
    """All batteries of a home together, as last reported."""

    soc_pct: float
    capacity_wh: int
    reported_at: datetime


def month_so_far(home: Household, first: datetime, until: datetime) -> MonthSoFar:
    """Sums of the home's settled slots that start in `[first, until)`, since it is in the hands that it is in."""
    first = home.own_from(first)
    rows = SettledHome.objects.filter(household=home, is_current=True, start__gte=first, start__lt=until)
    sums = rows.aggregate(
        saving=Sum(F("baseline_neur") - F("actual_neur")),
        imported=Sum("import_wh"),
        exported=Sum("export_wh"),
        sold=Sum("sold_wh"),
        bought=Sum("bought_wh"),
    )
    return MonthSoFar(
        saving_neur=sums["saving"] or 0,
        import_wh=sums["imported"] or 0,
        export_wh=sums["exported"] or 0,
        sold_wh=sums["sold"] or 0,
        bought_wh=sums["bought"] or 0,
        own=own_between(home, first, until),
    )


def freshness_of(home: Household, at: datetime) -> Freshness:
    """How fresh the street's readings are, and the home's, of which else its settled slots tell."""
    street = freshness(home.community_id, at, home.pk)
    if street.own is not None:
        return street
    slots = SettledHome.objects.filter(household=home, is_current=True, missing=False, start__lte=at)
    return replace(street, own=slots.order_by("-start").values_list("settlement__slot__end", flat=True).first())


def mandate_at(home: Household, at: datetime) -> Mandate | None:
    """The limits in force."""
    return Mandate.objects.filter(household=home, valid_from__lte=at).order_by("-valid_from").first()


def batteries(home: Household) -> list[Device]:
    """The home's batteries in use."""
    found = Device.objects.filter(household=home, kind=Device.Kind.BATTERY, retired_at__isnull=True)
    return list(found.order_by("pk"))


def charge_levels(
    stores: list[Device], first: datetime, until: datetime, length: timedelta
) -> dict[datetime, float]:
    """Percent stored in all batteries together by slot start, in slots where every one of them reported."""
    capacity = sum(device.capacity_wh or 0 for device in stores)
    if not capacity:
        return {}
    rows = DeviceState.objects.filter(device__in=stores, at__gte=first, at__lt=until, soc_wh__isnull=False)
    found: dict[datetime, dict[int, int]] = {}
    for device, instant, soc_wh in rows.order_by("at").values_list("device_id", "at", "soc_wh"):
        start = first + (instant - first) // length * length
        found.setdefault(start.astimezone(UTC), {})[device] = soc_wh or 0
    complete = {at: parts for at, parts in found.items() if len(parts) == len(stores)}
    return {at: 100 * sum(parts.values()) / capacity for at, parts in complete.items()}


def battery_at(stores: list[Device], at: datetime, since: datetime | None = None) -> BatteryNow | None:
    """What the home's batteries last reported by `at`, but not before `since`; None if not all of them did."""
    if not stores:
        return None
    found = DeviceState.objects.filter(device__in=stores, at__lte=at, soc_wh__isnull=False)
    if since is not None:
        found = found.filter(at__gte=since)
    states = list(found.order_by("device_id", "-at").distinct("device_id"))
    if since is not None and len(states) < len(stores):
        return None
    capacity = sum(device.capacity_wh or 0 for device in stores)
    if not states or not capacity:
        return None
    stored = sum(state.soc_wh or 0 for state in states)
    return BatteryNow(100 * stored / capacity, capacity, max(state.at for state in states))


def plan_steps(home: Household, at: datetime) -> list[PlanStep]:
    """What the newest plan still means to do, in order."""
    newest = PlanStep.objects.filter(household=home, planned_at__lte=at).aggregate(at=Max("planned_at"))["at"]
    if newest is None:
        return []
    rows = PlanStep.objects.filter(household=home, planned_at=newest, end__gt=at).select_related("device")
    return list(rows.order_by("position"))


def step_down(home: Household, at: datetime) -> StepDown | None:
    """Why the home's agent decides on a lower level just now: its own reason first, then the street's."""
    under_way = StepDown.objects.filter(community=home.community_id, since__lte=at, until__isnull=True)
    return (
        under_way.filter(Q(household=home) | Q(household__isnull=True)).order_by("household_id", "since").first()
    )


def latest_statement(home: Household) -> Statement | None:
    """The newest closed month, if all of it is the present member's."""
    own = Statement.objects.filter(household=home, month__gte=home.own_since)
    return own.order_by("-month", "-version").first()
