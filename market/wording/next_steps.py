"""What a home's agent does now and means to do next, in rows."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from community import figures
from market import plan_reasons
from market.models import PlanStep
from market.wording.charging import is_shown_above
from market.wording.home import Row

NEXT_STEPS = 6


def plan_rows(steps: Sequence[PlanStep], at: datetime) -> list[Row]:
    """What the agent does now and means to do next, and why, soonest first."""
    answer = []
    told = [step for step in steps if not is_shown_above(step)]
    for step in sorted(told, key=lambda step: (step.start, step.position))[:NEXT_STEPS]:
        title, note = plan_reasons.plan_step(
            step.reason,
            step.facts,
            start=step.start,
            energy_wh=step.energy_wh,
            limit_ueur_kwh=step.limit_ueur_kwh,
        )
        answer.append(Row(step.start, step.end, title, note, when=_when(step, at)))
    return answer


def _when(step: PlanStep, at: datetime) -> str:
    """The times of a step; of one that has begun only how long it still goes on."""
    if step.start <= at < step.end:
        return _("now until %(time)s") % {"time": figures.clock(step.end)}
    return figures.span(step.start, step.end)
