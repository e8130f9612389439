"""Hours of the local clock, and what an owner asks for in them beyond the limits that always hold."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

PERIODS = frozenset({"P1", "P2", "P3"})
DAYS = frozenset({"every", "working", "rest"})
DAY_MINUTES = 24 * 60


class LocalTime(NamedTuple):
    """Where a slot starts on the wall clock: its day (an ordinal) and the minutes since that day's midnight.

    `rests` and `rested_before` say whether that day and the one before are weekend or holiday.
    """

    day: int
    minute: int
    rests: bool
    rested_before: bool


def local_times(
    starts: Sequence[datetime], zone: ZoneInfo, is_rest_day: Callable[[date], bool]
) -> tuple[LocalTime, ...]:
    """The local time of each start (aware).

    >>> start = datetime(2026, 6, 1, 21, 45, tzinfo=UTC)
    >>> local_times([start], ZoneInfo("Europe/Madrid"), lambda day: day.weekday() >= 5)
    (LocalTime(day=739768, minute=1425, rests=False, rested_before=True),)
    """
    answer = []
    kinds: dict[int, tuple[bool, bool]] = {}
    for start in starts:
        local = start.astimezone(zone)
        day = local.toordinal()
        if day not in kinds:
            kinds[day] = is_rest_day(date.fromordinal(day)), is_rest_day(date.fromordinal(day - 1))
        answer.append(LocalTime(day, local.hour * 60 + local.minute, *kinds[day]))
    return tuple(answer)


def next_local(after: datetime, minute: int, zone: ZoneInfo) -> datetime:
    """The first instant (UTC) later than `after` (aware) at which the wall clock shows `minute` of its day.

    >>> next_local(datetime(2026, 6, 1, 6, tzinfo=UTC), 7 * 60 + 30, ZoneInfo("Europe/Madrid")).isoformat()
    '2026-06-02T05:30:00+00:00'
    """
    today = after.astimezone(zone).date()
    for day in (today, today + timedelta(days=1)):
        instant = datetime.combine(day, time(minute // 60, minute % 60), zone).astimezone(UTC)
        if instant > after:
            return instant
    raise ValueError(f"No day has a minute number {minute}.")


@dataclass(frozen=True, slots=True)
class HoursRule:
    """Limits that hold in a tariff `period`, or else in hours of the owner's own.

    Own hours are `[from_minute, to_minute)` of the local clock on `days` (every, working, or rest: weekends and
    holidays). They cross midnight where `to_minute` is not after `from_minute`; what comes after midnight then
    still belongs to the day that they began on. A rule holds in every slot that it touches.
    Prices in µ€/kWh, None for no limit; without `may_trade` the agent neither buys nor sells.
    Raises ValueError for a rule that no owner can mean.

    >>> HoursRule(from_minute=600, to_minute=600, may_trade=False)
    Traceback (most recent call last):
    ...
    ValueError: Own hours must take time: they end when they begin.
    """

    period: str = ""
    days: str = "every"
    from_minute: int = 0
    to_minute: int = DAY_MINUTES
    min_sell_ueur_kwh: int | None = None
    max_buy_ueur_kwh: int | None = None
    may_trade: bool = True

    def __post_init__(self) -> None:
        if self.period and self.period not in PERIODS:
            raise ValueError(f"Unknown tariff period: {self.period}.")
        if self.days not in DAYS:
            raise ValueError(f"Unknown kind of day: {self.days}.")
        if not 0 <= self.from_minute < DAY_MINUTES or not 0 < self.to_minute <= DAY_MINUTES:
            raise ValueError(f"Own hours must lie within a day of {DAY_MINUTES} minutes.")
        if self.from_minute == self.to_minute:
            raise ValueError("Own hours must take time: they end when they begin.")
        if min(self.min_sell_ueur_kwh or 0, self.max_buy_ueur_kwh or 0) < 0:
            raise ValueError("The prices of a mandate must not be negative.")
        if self.may_trade and self.min_sell_ueur_kwh is None and self.max_buy_ueur_kwh is None:
            raise ValueError("Hours with limits must name a price, or rule out trading.")

    def holds(self, period: str, local: LocalTime | None, slot_minutes: int) -> bool:
        """Whether the rule touches a slot that starts at `local` in a tariff `period`."""
        if self.period:
            return period == self.period
        if local is None:
            raise ValueError("Own hours need the local time of the slots.")
        begins, ends = local.minute, local.minute + slot_minutes
        if self.from_minute < self.to_minute:
            return self._on(local.rests) and begins < self.to_minute and ends > self.from_minute
        tonight = self._on(local.rests) and ends > self.from_minute
        last_night = self._on(local.rested_before) and begins < self.to_minute
        return tonight or last_night

    def _on(self, rests: bool) -> bool:
        return self.days == "every" or (self.days == "rest") == rests
