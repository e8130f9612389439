"""Reports of batteries and cars."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from community.models import DeviceState


@dataclass(frozen=True, slots=True)
class StateReport:
    """What one device said at one instant, Wh.

    `energy_wh` is what its own meter counted since the report before (+ taken, − given, at the AC side),
    `soc_wh` what a battery stores, `need_wh` what a car still wants.
    """

    device_id: int
    at: datetime
    energy_wh: int | None = None
    soc_wh: int | None = None
    plugged_in: bool = False
    need_wh: int = 0
    ready_by: datetime | None = None


def record_states(reports: Iterable[StateReport]) -> None:
    """Keep the reports; one that is already known (same device and instant) changes nothing."""
    DeviceState.objects.bulk_create(
        [
            DeviceState(
                device_id=report.device_id,
                at=report.at,
                energy_wh=report.energy_wh,
                soc_wh=report.soc_wh,
                plugged_in=report.plugged_in,
                need_wh=report.need_wh,
                ready_by=report.ready_by,
            )
            for report in reports
        ],
        ignore_conflicts=True,
    )
