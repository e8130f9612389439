"""Looking back at a closed month, once."""

from datetime import date, datetime, timedelta

from community.models import Community
from community.tariffs import is_off_peak_day, month_span
from market.agents.training.course import Course, course_of
from market.agents.training.hindsight import look_back
from market.models import Hindsight
from market.queries.lessons import read_past
from market.queries.policies import champion_weights

WEEK = timedelta(days=7)
WEEKS_BEFORE = 3  # that forecasts of the month's first hours learn from


def look_back_at(*, community: Community, month: date, at: datetime) -> None:
    """Live the month's whole weeks again and store what they would have cost; a second call changes nothing."""
    if Hindsight.objects.filter(community=community, month=month).exists():
        return
    start, end = month_span(month.year, month.month, community.zone)
    weeks = (end - start) // WEEK
    past = read_past(community, end, at, weeks + WEEKS_BEFORE)
    course = None if past is None else course_of(past, is_off_peak_day, weeks)
    chosen = [] if course is None else _inside(course, start, end)
    found = {}
    if course is not None and chosen:
        costs = look_back(course.lesson.pick(chosen), champion_weights(community.pk))
        found = {
            "alone_neur": round(costs.alone_eur * 1e9),
            "rule_neur": round(costs.rule_eur * 1e9),
            "agents_neur": round(costs.agents_eur * 1e9),
            "foresight_neur": round(costs.foresight_eur * 1e9),
        }
    Hindsight.objects.get_or_create(
        community=community, month=month, defaults={"weeks": len(chosen), "computed_at": at, **found}
    )


def _inside(course: Course, start: datetime, end: datetime) -> list[int]:
    """The usable weeks that lie in the month."""
    return [week for week in course.usable if start <= course.starts[week] and course.starts[week] + WEEK <= end]
