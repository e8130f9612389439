"""The entrance examination: what a policy from elsewhere must show in a street's own weeks.

While nothing is known of a street, the policy that ships decides on trust. As soon as some weeks of readings are
there, it lives through them beside the planner and the rule by tariff and goes through the gate as any other. If
it fails, the planner alone decides.
"""

from datetime import datetime

from market.agents.policy.weights import planner_only
from market.agents.training.course import Course
from market.agents.training.gate import CHALLENGER, PLANNER, RULE, judge
from market.agents.yardsticks.rule import tuned
from market.models import Policy
from market.queries.policies import champion_weights, has_decided
from market.services.policies import admit

FEWEST_WEEKS = 4
SEED = 1


def examine(*, community_id: int, course: Course, at: datetime) -> Policy | None:
    """Examine what decides on trust, once; the policy that decides from now on, or None where nothing was done."""
    examined = champion_weights(community_id)
    known = examined.digest == planner_only().digest
    if known or len(course.usable) < FEWEST_WEEKS or has_decided(community_id):
        return None
    before = course.lesson.pick(course.training or course.held_out)
    rule = tuned(before.fleet, before.weeks, before.end_ueur_kwh)
    report = judge(
        course.lesson.pick(course.held_out),
        course.homes,
        {RULE: rule, PLANNER: planner_only(), CHALLENGER: examined},
        seed=SEED,
        against=(RULE,),
    )
    return admit(community_id=community_id, weights=examined, report=report, at=at)
