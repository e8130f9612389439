"""The solver that the site is set to, for workers: web processes never load one."""

from importlib import import_module

from django.conf import settings

from market.clearing.congested import Solve

SOLVERS = {"highs": "market.clearing.simplex", "cvxpy": "market.clearing.specification"}


def solver() -> Solve:
    """What clears full cables; imported on first use."""
    return import_module(SOLVERS[settings.CLEARING_SOLVER]).solve  # type: ignore[no-any-return]
