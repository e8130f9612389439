"""Reads of who lives where and what the retailer charges; all SQL of the app."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from community.models import Device, DeviceState, Household, SupplyContract, TariffVersion
from community.tariffs import period


@dataclass(frozen=True, slots=True)
class Prices:
    """What a household's own retailer charges and pays in one slot, taxes included (µ€/kWh)."""

    period: str
    import_ueur_kwh: int
    feed_in_ueur_kwh: int


class MissingContract(LookupError):
    """A household has no supply contract or tariff version valid on a day; name both in the message."""


class TariffBook:
    """Every contract and tariff version of a community, resolved per household and local day."""

    def __init__(self, community_id: int, zone: ZoneInfo) -> None:
        self.zone = zone
        self._contracts: dict[int, list[tuple[date, int]]] = defaultdict(list)
        contracts = SupplyContract.objects.filter(household__community_id=community_id)
        for household, valid_from, tariff in contracts.order_by("valid_from").values_list(
            "household_id", "valid_from", "tariff_id"
        ):
            self._contracts[household].append((valid_from, tariff))
        self._versions: dict[int, list[tuple[date, dict[str, int], int]]] = defaultdict(list)
        versions = TariffVersion.objects.filter(
            tariff__in={tariff for dated in self._contracts.values() for _, tariff in dated}
        )
        for version in versions.order_by("valid_from"):
            charged = {
                "P1": version.import_p1_ueur_kwh,
                "P2": version.import_p2_ueur_kwh,
                "P3": version.import_p3_ueur_kwh,
            }
            self._versions[version.tariff_id].append((version.valid_from, charged, version.feed_in_ueur_kwh))

    def prices(self, household_id: int, start: datetime) -> Prices:
        """Prices of a household in the slot that starts at `start` (aware). Raises `MissingContract`."""
        day = start.astimezone(self.zone).date()
        contracts = [tariff for valid_from, tariff in self._contracts[household_id] if valid_from <= day]
        versions = [v for v in self._versions[contracts[-1]] if v[0] <= day] if contracts else []
        if not versions:
            raise MissingContract(
                f"Household {household_id} has no supply contract with prices on {day}: add one."
            )
        band = period(start, self.zone)
        return Prices(band, versions[-1][1][band], versions[-1][2])

    def series(self, household_id: int, starts: Sequence[datetime]) -> list[Prices]:
        """`prices` for many slots; computed once per local hour, since periods change on the hour."""
        known: dict[int, Prices] = {}
        answer = []
        for start in starts:
            hour = int(start.timestamp()) // 3600
            if hour not in known:
                known[hour] = self.prices(household_id, start)
            answer.append(known[hour])
        return answer


def active_households(community_id: int) -> list[Household]:
    """Households that trade: those with a metering point, by id."""
    return list(
        Household.objects.filter(community_id=community_id, metering_points__isnull=False)
        .distinct()
        .select_related("node")
        .order_by("pk")
    )


def devices_of(household_ids: Iterable[int]) -> dict[int, list[Device]]:
    """Devices in use of each household, by id."""
    found: dict[int, list[Device]] = defaultdict(list)
    for device in Device.objects.filter(household__in=household_ids, retired_at__isnull=True).order_by("pk"):
        found[device.household_id].append(device)
    return found


def latest_states(device_ids: Sequence[int], at: datetime) -> dict[int, DeviceState]:
    """The newest report of each device that was known at `at`."""
    states = (
        DeviceState.objects.filter(device__in=device_ids, at__lte=at)
        .order_by("device_id", "-at")
        .distinct("device_id")
    )
    return {state.device_id: state for state in states}
