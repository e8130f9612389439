"""Living the months of pilots, for workers that may load the solver."""

import logging
from dataclasses import replace

from django.db import transaction

from config.patience import let_think
from market.agents.policy.weights import prior
from market.models import PilotMonth
from market.pilot.month import live_month
from market.pilot.scenario import Scenario
from market.services.solvers import solver

logger = logging.getLogger(__name__)

# A year with less sun and more need, and the other way round: how far the answer may stray.
SUN_PCT = {"dull": 90, "bright": 110}
LOAD_PCT = {"dull": 107, "bright": 93}
# What every home would aim at, and the battery's reserve that goes with it (percent).
OBJECTIVES = {"savings": 10, "revenue": 10, "resilience": 50}


@transaction.atomic
def live(*, month_id: int) -> bool:
    """Live one month of a pilot, once; says whether this call did.

    The row is locked meanwhile, so a second worker passes it by, and one that is killed leaves it as it was.
    """
    claimed = PilotMonth.objects.select_for_update(skip_locked=True, of=("self",)).select_related("pilot")
    row = claimed.filter(pk=month_id, lived__isnull=True, failed="").first()
    if row is None:
        return False
    let_think()
    try:
        scenario = varied(Scenario.of(row.pilot.scenario), row.variant)
        lived, _alone = live_month(scenario, row.month, prior(), solver())
        row.lived = lived.as_json()
    except ArithmeticError as error:  # the solver found no answer
        logger.exception("Month %s of pilot %s could not be lived", row.month, row.pilot_id)
        row.failed = str(error) or type(error).__name__
    row.save(update_fields=["lived", "failed"])
    return True


def varied(scenario: Scenario, variant: str) -> Scenario:
    """The scenario in a duller or brighter year, or with one objective for all homes."""
    if variant in OBJECTIVES:
        aimed = (replace(home, objective=variant, reserve_pct=OBJECTIVES[variant]) for home in scenario.homes)
        return replace(scenario, homes=tuple(aimed))
    sun, load = SUN_PCT.get(variant, 100), LOAD_PCT.get(variant, 100)
    homes = tuple(
        replace(
            home,
            pv_yield_wh_w=home.pv_yield_wh_w * sun // 100,
            yearly_wh=home.yearly_wh * load // 100,
            load_wh=tuple(energy_wh * load // 100 for energy_wh in home.load_wh),
        )
        for home in scenario.homes
    )
    return replace(scenario, homes=homes)
