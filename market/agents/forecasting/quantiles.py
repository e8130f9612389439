"""How far a forecast may be off: quantiles of residuals that the model had not been fitted on.

A residual counts in widths: how far that home usually strays at that time of day. Its quantiles are taken
over all homes, by how far ahead the slot lay and by its hour. So a calm home gets a narrow band, an evening a
wider one, tomorrow a wider one than the next hour; that the bands hold what they promise is measured, not
assumed (split conformal prediction: Lei et al., JASA 2018, section 5).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from market.agents.forecasting.calendar import Floats, Ints

PROBABILITIES = (0.1, 0.5, 0.9)
REACH_H = (1, 2, 6, 12, 24)  # hours ahead at which the next group begins
HOURS = 24
FEWEST = 200  # residuals of an hour; with fewer it takes the quantiles of all hours


def group_of(step: int, per_hour: int) -> int:
    """The group of a slot `step` slots ahead: those that lie about equally far."""
    return int(np.searchsorted(REACH_H, step // per_hour, side="right"))


@dataclass(slots=True)
class Residuals:
    """Residuals in widths, gathered by group and hour."""

    _found: dict[tuple[int, int], list[Floats]] = field(default_factory=dict)

    def add(self, group: int, hours: Ints, residual: Floats, width: Floats) -> None:
        """Residuals and widths (homes x slots, Wh; NaN or a width of 0 is passed over) of slots in `hours`."""
        counts = ~np.isnan(residual) & (width > 0)
        relative = np.where(counts, residual / np.where(width > 0, width, 1.0), np.nan)
        for hour in np.unique(hours).tolist():
            part = relative[:, hours == hour]
            self._found.setdefault((group, hour), []).append(part[~np.isnan(part)])

    def table(self) -> Floats:
        """Quantiles in widths: groups x hours x probabilities."""
        answer = np.zeros((len(REACH_H) + 1, HOURS, len(PROBABILITIES)))
        for group in range(len(REACH_H) + 1):
            by_hour = [_together(self._found.get((group, hour), [])) for hour in range(HOURS)]
            all_hours = _quantiles(_together(by_hour))
            for hour, found in enumerate(by_hour):
                answer[group, hour] = _quantiles(found) if len(found) >= FEWEST else all_hours
        return answer


def _together(parts: Sequence[Floats]) -> Floats:
    return np.concatenate(parts) if parts else np.empty(0)


def _quantiles(values: Floats) -> Floats:
    return np.quantile(values, PROBABILITIES) if len(values) else np.zeros(len(PROBABILITIES))
