"""How safe the equipment of homes looks: what is registered, when it was last heard, and what is known of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max

from community.models import Device
from metering.firmware import LEVELS, Told, Verdict, judge
from metering.models import ApiToken, Equipment


@dataclass(frozen=True, slots=True)
class Looked:
    """A piece of equipment with its verdict; `seen_at` is when its token or its device last spoke."""

    equipment: Equipment
    seen_at: datetime | None
    verdict: Verdict


def equipment_of(household_ids: Sequence[int], at: datetime) -> list[Looked]:
    """What is in use in homes, as it looks at `at`: what needs somebody first, then by home."""
    found = (
        Equipment.objects.filter(household__in=household_ids, retired_at__isnull=True)
        .select_related("household__community", "device", "token")
        .annotate(reported_at=Max("device__states__at"))
    )
    looked = [_looked(one, at) for one in found]
    return sorted(
        looked, key=lambda one: (LEVELS.index(one.verdict.level), one.equipment.household.name, one.equipment.pk)
    )


def _looked(equipment: Equipment, at: datetime) -> Looked:
    token = equipment.token
    heard = [token.last_used_at if token else None, equipment.reported_at]  # type: ignore[attr-defined]
    seen_at = max((one for one in heard if one is not None and one <= at), default=None)
    told = Told(
        maker=equipment.maker,
        model=equipment.model,
        firmware=equipment.firmware,
        reached=equipment.reached,
        reports=token is not None or equipment.device_id is not None,
        seen_at=seen_at,
        checked_at=equipment.checked_at,
    )
    return Looked(equipment, seen_at, judge(told, at))


def tokens_for(household_ids: Sequence[int]) -> list[ApiToken]:
    """Tokens that reach meters of these homes and are not locked out."""
    found = ApiToken.objects.filter(metering_points__household__in=household_ids, revoked_at__isnull=True)
    return list(found.distinct().order_by("name", "pk"))


def devices_without_equipment(household_ids: Sequence[int], but: int | None = None) -> list[Device]:
    """Devices in use whose electronics nobody has registered; those of the equipment `but` count as free."""
    taken = Equipment.objects.filter(retired_at__isnull=True, device__isnull=False)
    if but is not None:
        taken = taken.exclude(pk=but)
    free = Device.objects.filter(household__in=household_ids, retired_at__isnull=True)
    return list(free.exclude(pk__in=taken.values("device")).select_related("household").order_by("pk"))
