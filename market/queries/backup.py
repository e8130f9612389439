"""How long a home's battery would last it in a power cut."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Count, Sum

from community.models import Device, Household
from market.models import SettledHome
from market.queries.own_energy import own_between

USUAL = timedelta(days=28)


class Backup(NamedTuple):
    """Energy of the full batteries as it reaches the home's sockets (Wh), and what the home usually uses (W)."""

    capacity_wh: int
    usual_w: int


def backup_of(home: Household, at: datetime) -> Backup | None:
    """Of the four weeks before `at`; None without a battery or without readings.

    What a home uses is what its meter took and what of its own roof it kept, where the panels are measured.
    """
    batteries = Device.objects.filter(household=home, kind=Device.Kind.BATTERY, retired_at=None)
    sizes = [(one.capacity_wh or 0, one.efficiency_ppm or 1_000_000) for one in batteries]
    capacity_wh = sum(size * ppm // 1_000_000 for size, ppm in sizes)
    since = home.own_from(at - USUAL)
    rows = SettledHome.objects.filter(
        household=home, is_current=True, missing=False, start__gte=since, start__lt=at
    )
    taken = rows.aggregate(wh=Sum("import_wh"), slots=Count("pk"))
    hours = taken["slots"] * home.community.slot_minutes / 60
    if not capacity_wh or not hours:
        return None
    own = own_between(home, since, at)
    kept_wh = max(own.kept_wh, 0) / own.slots * taken["slots"] if own.slots else 0
    usual_w = round((taken["wh"] + kept_wh) / hours)
    return Backup(capacity_wh, usual_w) if usual_w > 0 else None
