"""How full each cable was in slots that have cleared, by power flow over the street's cables as they are today."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache

import numpy as np
from django.db.models import F, Sum

from community.models import Community, Household
from market.cable_privacy import STEP_PCT
from market.grid import SHARES, AcFlow, Feeder, Home, VoltageCollapse, ac_flow, assumed_phases, line_flows_w
from market.grid.feeder import Floats
from market.models import Outcome

# Homes with the place of their node, their reactive share and their phase.
Placed = tuple[tuple[int, int, float, str], ...]


def placed_homes(community: Community, feeder: Feeder) -> Placed:
    """Where the homes are connected, and how."""
    homes = Household.objects.filter(community=community).order_by("pk")
    rows = list(homes.values_list("pk", "node__code", "phase", "contracted_w", "tan_phi"))
    phases = assumed_phases(Home(pk, node or "", phase, watts) for pk, node, phase, watts, _tan_phi in rows)
    return tuple((pk, feeder.index[node or feeder.root], tan_phi, phases[pk]) for pk, node, *_, tan_phi in rows)


def drawn_by(
    feeder: Feeder, placed: Placed, minutes: int, slots: Sequence[int]
) -> Mapping[int, tuple[Floats, Floats]]:
    """Mean withdrawals of each slot, W and var per node and phase; what was sold counts as given."""
    drawn = {slot: np.zeros((2, len(feeder.nodes), 3)) for slot in slots}
    energies = (
        # Both by slot: so the database finds a day of each, instead of looking every order up.
        Outcome.objects.filter(slot__in=slots, order__slot__in=slots)
        .values_list("slot_id", "order__household_id", "order__side")
        .annotate(flowed_wh=Sum(F("local_wh") + F("retailer_wh")))
    )
    flows: dict[tuple[int, int], int] = defaultdict(int)
    for slot_id, home, side, flowed_wh in energies:
        flows[slot_id, home] += flowed_wh if side == "buy" else -flowed_wh
    hours = minutes / 60
    at = {home: node for home, node, _tan_phi, _phase in placed}
    shares = {home: np.array([[1.0], [tan_phi]]) * SHARES[phase] / hours for home, _n, tan_phi, phase in placed}
    for (slot_id, home), net_wh in flows.items():
        drawn[slot_id][:, at[home]] += net_wh * shares[home]
    return {slot: (power[0], power[1]) for slot, power in drawn.items()}


@lru_cache(maxsize=32)
def day_loads(
    feeder: Feeder, placed: Placed, minutes: int, cleared: tuple[tuple[int, datetime | None], ...]
) -> dict[int, tuple[Floats, float]]:
    """By slot, how full each cable was (%), and the power of the whole street, W.

    What a slot cleared never changes, so a day's power flows hold for every reader until another slot has cleared.
    """
    drawn = drawn_by(feeder, placed, minutes, [slot for slot, _at in cleared])
    return {slot: (_slot_loadings(feeder, *power), float(power[0].sum())) for slot, power in drawn.items()}


def ac_or_none(feeder: Feeder, drawn_w: Floats, drawn_var: Floats) -> AcFlow | None:
    """The street under AC; None where no voltage could carry the load."""
    try:
        return ac_flow(feeder, drawn_w, drawn_var)
    except VoltageCollapse:
        return None


def loadings_pct(feeder: Feeder, currents_a: Floats, transformer_va: Floats) -> Floats:
    """How full the cable into each node is in its fullest phase (root: the transformer); not finite if unknown."""
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = currents_a.max(axis=1) / feeder.line_limits_a
    shares[np.isinf(feeder.line_limits_a)] = np.nan
    rated_va = feeder.transformer.s_va
    shares[feeder.index[feeder.root]] = (
        np.nan if rated_va is None else float(transformer_va.max()) / (rated_va / 3)
    )
    return np.asarray(100 * shares)


def _slot_loadings(feeder: Feeder, drawn_w: Floats, drawn_var: Floats) -> Floats:
    exact = ac_or_none(feeder, drawn_w, drawn_var)
    if exact is not None:
        return loadings_pct(feeder, exact.currents_a, exact.transformer_va)
    flows = np.abs(line_flows_w(feeder, drawn_w))
    return loadings_pct(feeder, flows / feeder.phase_v, flows[feeder.index[feeder.root]])


def fullest_pct(loadings: Floats, hidden: Sequence[int]) -> float:
    """The fullest cable; of the hidden ones only the lower end of their step counts."""
    seen = loadings.copy()
    seen[hidden] = np.minimum(np.floor(seen[hidden] / STEP_PCT) * STEP_PCT, 100.0)
    return float(seen[np.isfinite(seen)].max(initial=0.0))
