"""A car's windows as steps of its home's plan, and what it will lack as one more."""

from datetime import datetime, timedelta

from market.agents.decision import PlanStep
from market.agents.devices import EvCharger
from market.agents.observation import Observation
from market.agents.windows import Lack

IN_WINDOW = "in_window"
LACKS = "ev_lacks"


def window_steps(seen: Observation, charger: EvCharger) -> list[PlanStep]:
    """One step for each window from the observation's first slot on; none for a car without windows.

    Reasons: in_window with `ready_by`, `price_ueur_kwh` and `late_s` (seconds after `start` that the car begins);
    of what will be missing no_time or grid_full, with `ready_by`, `full_from`, `full_until`, `limit_kind`,
    `element` and `ready_at` where they are known (instants ISO, UTC).
    """
    windows = charger.windows
    if windows is None:
        return []
    length = timedelta(minutes=seen.slot_minutes)
    ready = {} if charger.ready_by is None else {"ready_by": charger.ready_by.isoformat()}
    steps = []
    for first, end in windows.spans:
        price = max(seen.import_ueur_kwh[first:end])
        facts: dict[str, int | str] = {**ready, "price_ueur_kwh": price, "late_s": windows.late_s.get(first, 0)}
        span = seen.start + first * length, seen.start + end * length
        energy_wh = sum(windows.energy_wh[first:end])
        steps.append(PlanStep(charger.id, "ev_charge", *span, energy_wh, price, IN_WINDOW, facts))
    if windows.lack is not None:
        until = max(charger.ready_by or seen.start, seen.start + length)
        facts = {**ready, **_why(windows.lack, seen.start, length)}
        missing_wh, reason = windows.lack.missing_wh, windows.lack.reason
        steps.append(PlanStep(charger.id, LACKS, seen.start, until, missing_wh, None, reason, facts))
    return steps


def _why(lack: Lack, start: datetime, length: timedelta) -> dict[str, int | str]:
    facts: dict[str, int | str] = {}
    if lack.kind:
        facts |= {"limit_kind": lack.kind, "element": lack.element}
        facts["full_from"] = (start + lack.full_from * length).isoformat()
        facts["full_until"] = (start + lack.full_until * length).isoformat()
    if lack.ready is not None:
        facts["ready_at"] = (start + lack.ready * length).isoformat()
    return facts
