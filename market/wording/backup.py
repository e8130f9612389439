"""How long a battery's reserve lasts, in words."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from community import figures
from market.queries.backup import Backup

STEPS_PCT = (10, 25, 50, 75, 100)


@dataclass(frozen=True, slots=True)
class BackupWords:
    """The usual use, the hours that the reserve and the full battery last, and a line for some reserves."""

    usual: str
    hours: str
    full_hours: float
    steps: tuple[str, ...]


def backup(found: Backup | None, reserve_pct: Any) -> BackupWords | None:
    """For the reserve as it stands in the form; None where there is nothing to reckon with."""
    if found is None or not str(reserve_pct).isdecimal():
        return None
    full = found.capacity_wh / found.usual_w
    line = _("%(reserve)s: about %(hours)s hours")
    return BackupWords(
        usual=figures.power(found.usual_w),
        hours=_hours(full, min(int(str(reserve_pct)[:4]), 100)),
        full_hours=round(full, 2),
        steps=tuple(line % {"reserve": figures.percent(pct), "hours": _hours(full, pct)} for pct in STEPS_PCT),
    )


def _hours(full: float, reserve_pct: int) -> str:
    return figures.decimal(full * reserve_pct / 100, 1)
