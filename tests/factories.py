"""Small neighbourhoods for tests, built through the services where there is one."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from community.models import (
    Community,
    Device,
    Household,
    Member,
    SupplyContract,
    Tariff,
    TariffVersion,
    User,
)
from market.models import Slot
from market.services.mandates import give_mandate
from market.services.slots import open_slots
from metering.models import ApiToken, MeteringPoint
from metering.services.readings import ReadingRow, store_readings
from metering.services.tokens import issue_token

NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)  # a Monday, 12:00 in Madrid: peak
QUARTER = timedelta(minutes=15)
PASSWORD = "una frase bastante larga"


def community(**fields: Any) -> Community:
    return Community.objects.create(
        **{"slug": "calle", "name": "Calle", "created_at": NOON - timedelta(days=90), **fields}
    )


def member(street: Community, name: str, role: str = Member.Role.RESIDENT) -> Member:
    user = User.objects.create_user(f"{name.lower()}@example.org", PASSWORD, name=name)
    return Member.objects.create(community=street, user=user, role=role, joined_at=street.created_at)


def tariff(
    name: str = "Tres", p1: int = 200_000, p2: int = 150_000, p3: int = 100_000, feed_in: int = 50_000
) -> Tariff:
    offer = Tariff.objects.create(retailer="Luz", name=name)
    TariffVersion.objects.create(
        tariff=offer,
        valid_from=date(2026, 1, 1),
        import_p1_ueur_kwh=p1,
        import_p2_ueur_kwh=p2,
        import_p3_ueur_kwh=p3,
        feed_in_ueur_kwh=feed_in,
    )
    return offer


def home(street: Community, name: str, offer: Tariff, owner: Member | None = None, **mandate: Any) -> Household:
    """A home with a meter, a contract and a mandate."""
    household = Household.objects.create(community=street, member=owner, name=name)
    SupplyContract.objects.create(household=household, tariff=offer, valid_from=date(2026, 1, 1))
    number = Household.objects.count()
    MeteringPoint.objects.create(household=household, cups=f"ES9999{number:012d}DS0F")
    give_mandate(household=household, given_by=owner, at=street.created_at, **mandate)
    return household


def battery(household: Household, **fields: Any) -> Device:
    figures = {"capacity_wh": 10_000, "charge_w": 5_000, "discharge_w": 5_000, "efficiency_ppm": 950_000}
    return Device.objects.create(household=household, kind="battery", name="Batería", **{**figures, **fields})


def meter(household: Household) -> MeteringPoint:
    return household.metering_points.get()


def token(*households: Household) -> str:
    """The text of a token with every scope for the homes' meters."""
    points = [meter(household) for household in households]
    issued = issue_token(
        community=households[0].community,
        name="test",
        scopes=ApiToken.Scope.values,
        metering_points=points,
        at=NOON - timedelta(days=1),
    )
    return issued[1]


def slot(street: Community, start: datetime = NOON) -> Slot:
    open_slots(community=street, first=start, until=start + QUARTER)
    return Slot.objects.get(community=street, start=start)


def read(
    household: Household, start: datetime, import_wh: int, export_wh: int, at: datetime | None = None
) -> None:
    """Store one quarter of an hour of both channels."""
    store_readings(
        metering_point=meter(household),
        rows=[ReadingRow("import", start, import_wh), ReadingRow("export", start, export_wh)],
        source="api",
        content_sha256="0" * 64,
        at=at or start + QUARTER + timedelta(minutes=1),
    )


def history(household: Household, net_wh: int, days: int = 7, until: datetime = NOON) -> None:
    """Days of readings in which every quarter took (+) or gave (−) the same."""
    rows = []
    for i in range(days * 96):
        start = until - QUARTER * (i + 1)
        rows += [ReadingRow("import", start, max(net_wh, 0)), ReadingRow("export", start, max(-net_wh, 0))]
    store_readings(metering_point=meter(household), rows=rows, source="api", content_sha256="0" * 64, at=until)
