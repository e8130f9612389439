"""When a home's car charges and whether it will be ready, in words for its owner."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from community import figures
from market.agents.window_steps import IN_WINDOW, LACKS
from market.models import PlanStep


def car_lines(steps: Sequence[PlanStep]) -> list[str]:
    """For each car its windows; nothing for a car without any."""
    windows: dict[int, list[PlanStep]] = {}
    for step in sorted(steps, key=lambda step: step.start):
        if step.reason == IN_WINDOW and step.device_id is not None:
            windows.setdefault(step.device_id, []).append(step)
    return [_charges(found) for found in windows.values()]


def lack_lines(steps: Sequence[PlanStep]) -> list[str]:
    """For each car that will not be ready how much it will lack, why, and what would help."""
    return [_lacks(step) for step in steps if step.kind == LACKS]


def is_shown_above(step: PlanStep) -> bool:
    """Whether `lack_lines` says what the step says."""
    return step.kind == LACKS


def _charges(found: Sequence[PlanStep]) -> str:
    spans = [figures.span(step.start, step.end) for step in found]
    words = {"windows": spans[-1]}
    if len(spans) > 1:
        words["windows"] = _("%(windows)s and %(last)s") % {"windows": ", ".join(spans[:-1]), "last": spans[-1]}
    ready_by = found[0].facts.get("ready_by")
    if not ready_by:
        return _("Your car charges %(windows)s.") % words
    return _("Your car charges %(windows)s; ready by %(ready)s.") % {**words, "ready": _clock(ready_by)}


def _lacks(step: PlanStep) -> str:
    facts = step.facts
    ready_by = facts.get("ready_by") or step.end.isoformat()
    missing = {"energy": figures.kwh(step.energy_wh), "ready": _clock(ready_by)}
    if step.reason == "grid_full":
        said = _("Your car will lack %(energy)s at %(ready)s: %(full)s.") % {**missing, "full": _full(facts)}
    else:
        said = _("Your car will lack %(energy)s at %(ready)s: there is not enough time.") % missing
    if facts.get("ready_at"):
        cure = _("If it stays until %(time)s, it will be ready.") % {"time": _clock(facts["ready_at"])}
    else:
        cure = _("Plug it in earlier next time, or let it leave later.")
    return f"{said} {cure}"


def _full(facts: Mapping[str, Any]) -> str:
    """Which limit is full, and from when to when."""
    words = {
        "element": facts.get("element", ""),
        "start": _clock(facts["full_from"]),
        "end": _clock(facts["full_until"]),
    }
    kind = facts.get("limit_kind")
    if kind == "line":
        return _("the cable %(element)s is full from %(start)s to %(end)s") % words
    if kind == "import":
        return _("the street may take no more from the grid from %(start)s to %(end)s") % words
    if kind == "transformer":
        return _("the street's transformer is full from %(start)s to %(end)s") % words
    return _("the voltage at %(element)s allows no more from %(start)s to %(end)s") % words


def _clock(iso: str) -> str:
    instant = datetime.fromisoformat(iso)
    return figures.clock(timezone.localtime(instant))
