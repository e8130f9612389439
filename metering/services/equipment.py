"""Keeping the register of equipment: by people on a page, and by what devices say of themselves."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from community.models import Device, Household, Member, What
from community.services.audit import record
from community.services.devices import StateReport, record_states
from community.services.homes import lock_all_as_seen, lock_as_seen
from metering.models import ApiToken, Equipment

KIND_OF = {
    Device.Kind.PV: Equipment.Kind.INVERTER,
    Device.Kind.BATTERY: Equipment.Kind.BATTERY,
    Device.Kind.EV_CHARGER: Equipment.Kind.CHARGER,
    Device.Kind.LOAD: Equipment.Kind.OTHER,
}


class DeviceTaken(ValueError):
    """The device's electronics are registered already."""


class NotOfThisHome(ValueError):
    """The device stands in another home, or the token does not reach this one."""


@dataclass(frozen=True, slots=True)
class DeviceReport:
    """What a device says: its state, and of its electronics the model and version if it tells them."""

    state: StateReport
    model: str = ""
    firmware: str = ""


@transaction.atomic
def keep_equipment(
    *,
    household: Household,
    at: datetime,
    equipment: Equipment | None = None,
    device: Device | None = None,
    token: ApiToken | None = None,
    by: Member | None = None,
    **facts: Any,
) -> Equipment:
    """Register equipment of a home, or change what is told of it; in another's home that is noted there.

    Raises `NotOfThisHome`, `DeviceTaken`, `HomeChangedHands`.
    """
    if device is not None and device.household_id != household.pk:
        raise NotOfThisHome(str(device))
    if token is not None and not token.metering_points.filter(household=household).exists():
        raise NotOfThisHome(token.name)
    kept = equipment or Equipment(household=household)
    homes = {home.pk: home for home in (kept.household, household)}  # it may go from one home to another
    lock_all_as_seen(homes.values())
    kept.household, kept.device, kept.token, kept.checked_at = household, device, token, at
    for name, value in facts.items():
        setattr(kept, name, value)
    try:
        with transaction.atomic():
            kept.save()
    except IntegrityError as error:
        raise DeviceTaken(str(device)) from error
    for home in homes.values():
        _note_for_home(What.EQUIPMENT_CHANGED, kept, home, at, by)
    return kept


@transaction.atomic
def retire_equipment(*, equipment: Equipment, at: datetime, by: Member | None = None) -> None:
    """Take equipment out of the register; it stays as what once was. Raises `HomeChangedHands`."""
    lock_as_seen(equipment.household)
    if Equipment.objects.filter(pk=equipment.pk, retired_at__isnull=True).update(retired_at=at):
        _note_for_home(What.EQUIPMENT_REMOVED, equipment, equipment.household, at, by)


def _note_for_home(what: What, about: Equipment, home: Household, at: datetime, by: Member | None) -> None:
    """Note what a member did to another's home; one's own home's list is one's own affair."""
    if by is not None and home.member_id != by.pk:
        record(what, community=home.community, at=at, by=by, about=about, household=home)


@transaction.atomic
def take_reports(*, reports: Iterable[DeviceReport], at: datetime) -> None:
    """Keep what devices report, and what they say of their electronics: the newest report of each counts.

    Who reports a version for the first time is registered by it.
    """
    reports = list(reports)
    record_states(report.state for report in reports)
    newest: dict[int, DeviceReport] = {}
    for report in sorted(reports, key=lambda one: one.state.at):
        if report.model or report.firmware:
            newest[report.state.device_id] = report
    for device in Device.objects.select_for_update(no_key=True).filter(pk__in=newest).order_by("pk"):
        _note(device, newest[device.pk], at)


def _note(device: Device, report: DeviceReport, at: datetime) -> None:
    """The caller holds the device's lock. What an older report says does not undo what is known since."""
    told_at = min(report.state.at, at)
    known = Equipment.objects.filter(device=device, retired_at__isnull=True).first()
    if known is None:
        kind = KIND_OF[Device.Kind(device.kind)]
        known = Equipment(household_id=device.household_id, device=device, kind=kind)
    elif known.checked_at > told_at:
        return
    known.model, known.firmware = report.model or known.model, report.firmware or known.firmware
    known.checked_at = told_at
    known.save()
