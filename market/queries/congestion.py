"""The congestion log of a community's month: its limits, what they held back from whom, and how evenly."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from community.anonymity import hides
from community.models import Community, Feeder, Household
from community.tariffs import month_span
from market.grid.congestion import ElementLog, LoggedSlot, ReachedLimit, StreetLog, street_log
from market.grid.fairness import gini, jain, min_over_max, quality_of_experience, quality_of_service
from market.models import Slot
from market.queries.held_back import Held, HomeLog, cleared_slots, cleared_so_far, home_logs
from market.queries.limits_told import told_limits
from market.queries.street import TradedSlot, tells, traded_slots

KINDS = ("sun", "wishes", "battery")


@dataclass(frozen=True, slots=True)
class Fairness:
    """How evenly a month fell to the homes; each from 0 to 1, None where there is nothing to compare, or too few.

    `jain_passed` and `gini_held` look at the parts that the cables let through and held back of what each home
    would have moved while they were full; the others at energy and mean prices of all trades.
    """

    jain_passed: float | None
    gini_held: float | None
    qos: float | None
    qoe: float | None
    min_over_max: float | None


@dataclass(frozen=True, slots=True)
class StreetHeld:
    """What was held back from all homes together, kind by kind; None where it would tell of few."""

    sun: Held | None
    wishes: Held | None
    battery: Held | None
    lost_neur: int | None

    @property
    def held(self) -> Held:
        """Of the kinds that are told, together."""
        return sum(filter(None, (self.sun, self.wishes, self.battery)), Held())

    @property
    def whole(self) -> bool:
        """Whether every kind is told."""
        return None not in {self.sun, self.wishes, self.battery}


@dataclass(frozen=True, slots=True)
class CongestionMonth:
    """A month of the street. `band_pu` is the feeder's voltage band, `rule` how energy was shared at its end."""

    month: date
    start: datetime
    end: datetime
    log: StreetLog
    homes: tuple[HomeLog, ...]
    fairness: Fairness
    band_pu: tuple[float, float] | None
    limits_known: bool
    rule: str
    cap_pct: int
    community: Community
    with_rent: tuple[TradedSlot, ...]

    @property
    def rent_neur(self) -> int | None:
        """Congestion rent of the street; None where fewer homes paid it or sold for it than a sum has to be of."""
        return self.log.rent_neur if tells(self.with_rent) else None

    def limits(self, mine: Iterable[Household] = ()) -> list[ElementLog]:
        """The limits without figures of few homes, as who looks after `mine` may see them."""
        return told_limits(self.community, self.log.elements, frozenset(home.pk for home in mine))

    @property
    def total(self) -> HomeLog:
        """All homes together, without a name."""
        return HomeLog(
            household_id=0,
            sun=sum((home.sun for home in self.homes), Held()),
            wishes=sum((home.wishes for home in self.homes), Held()),
            battery=sum((home.battery for home in self.homes), Held()),
            passed_wh=sum(home.passed_wh for home in self.homes),
            lost_neur=sum(home.lost_neur for home in self.homes),
        )

    @property
    def told(self) -> StreetHeld:
        """The total without what fewer homes asked for, or were held back, than a sum has to be of."""
        total = self.total
        kinds = {kind: [getattr(home, kind) for home in self.homes] for kind in KINDS}
        told = {
            kind: all(hides(sum(getattr(one, wh) > 0 for one in every)) for wh in ("held_wh", "asked_wh"))
            for kind, every in kinds.items()
        }
        lost = hides(sum(home.lost_neur != 0 for home in self.homes))
        return StreetHeld(
            **{kind: getattr(total, kind) if told[kind] else None for kind in KINDS},
            lost_neur=total.lost_neur if lost else None,
        )

    def home(self, household: Household) -> HomeLog:
        """One home's part; of a home without orders, zeros."""
        found = (home for home in self.homes if home.household_id == household.pk)
        return next(found, HomeLog(household.pk, household.name))


def congestion_month(community: Community, month: date) -> CongestionMonth:
    """The log of the civil month, in the community's zone, that `month` lies in; of a running one, so far."""
    start, end = month_span(month.year, month.month, community.zone)
    slots = cleared_slots(community.pk, start, end)
    so_far = cleared_so_far(slots)
    homes, allowed = home_logs(community.pk, start, end, so_far)
    feeder: Feeder | None = getattr(community, "feeder", None)
    last = slots.order_by("-start").values_list("fairness_rule", "curtailment_cap_pct").first()
    rule, cap_pct = last or (community.fairness_rule, community.curtailment_cap_pct)
    limits = (community.import_limit_w, community.export_limit_w)
    return CongestionMonth(
        month=month.replace(day=1),
        start=start,
        end=end,
        log=_street_log(community.pk, start, end, community.zone, *so_far),
        homes=homes,
        fairness=_fairness(homes, allowed),
        band_pu=(feeder.v_min_pu, feeder.v_max_pu) if feeder else None,
        limits_known=feeder is not None or any(limit is not None for limit in limits),
        rule=rule,
        cap_pct=cap_pct,
        community=community,
        with_rent=_with_rent(community.pk, start, end, *so_far),
    )


@lru_cache(maxsize=64)
def _street_log(
    community_id: int, start: datetime, end: datetime, zone: ZoneInfo, _slots: int, _last: datetime | None
) -> StreetLog:
    """As sums of homes, it holds until another slot of the month is cleared."""
    return street_log(_logged(cleared_slots(community_id, start, end)), zone)


@lru_cache(maxsize=64)
def _with_rent(
    community_id: int, start: datetime, end: datetime, _slots: int, _last: datetime | None
) -> tuple[TradedSlot, ...]:
    """Who traded where trades brought rent; it holds as long as the log does."""
    return tuple(traded_slots(community_id, start, end, with_rent=True))


def _logged(slots: QuerySet[Slot]) -> list[LoggedSlot]:
    rows = slots.order_by("start").values_list(
        "start", "end", "bindings", "rent_neur", "loss_wh", "voltage_min_pu", "voltage_max_pu",
        "loading_max_pct", "reclears", "emergency", named=True,
    )  # fmt: skip
    return [
        LoggedSlot(
            start=row.start,
            end=row.end,
            limits=_reached(row.bindings),
            rent_neur=row.rent_neur,
            loss_wh=row.loss_wh,
            voltage_min_pu=row.voltage_min_pu,
            voltage_max_pu=row.voltage_max_pu,
            loading_max_pct=row.loading_max_pct,
            reclears=row.reclears,
            emergency=row.emergency,
        )
        for row in rows
    ]


def _reached(bindings: Sequence[dict[str, Any]]) -> tuple[ReachedLimit, ...]:
    """Stored bindings; those of before phases and rent were kept with them have neither."""
    return tuple(
        ReachedLimit(
            row["element"],
            row["kind"],
            row.get("phase") or "",
            row["loading_pct"],
            row["shadow_ueur_kwh"],
            row.get("rent_neur") or 0,
        )
        for row in bindings
    )


def _fairness(homes: Sequence[HomeLog], allowed_ueur_kwh: tuple[int, int]) -> Fairness:
    passed = [home.passed_share for home in homes if home.passed_share is not None]
    held = [1 - share for share in passed]
    prices = [home.price_ueur_kwh for home in homes if home.price_ueur_kwh is not None]
    traded = bool(prices) and hides(len(prices))
    # Of homes that gave up nothing, or everything, there is nothing to tell: the figure is of the others.
    compared = bool(passed) and all(hides(sum(part > 0 for part in parts)) for parts in (passed, held))
    return Fairness(
        jain_passed=jain(passed) if compared else None,
        gini_held=gini(held) if compared else None,
        qos=quality_of_service([home.exchanged_wh for home in homes]) if traded else None,
        qoe=quality_of_experience(prices, *allowed_ueur_kwh) if traded else None,
        min_over_max=min_over_max(prices) if traded else None,
    )
