"""In the demo's street enough homes trade at once for a newcomer to see its sums: those of few are hidden."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from community.anonymity import FEWEST_HOMES
from community.demo.homes import curves
from market.demo.build import build
from market.demo.history import live_through
from market.demo.homes import neighbours
from market.queries.street import shared, street_slots
from metering.models import MeteringPoint, Upload
from metering.services.readings import ReadingRow, store_readings

pytestmark = pytest.mark.django_db

MADRID = ZoneInfo("Europe/Madrid")
QUARTER = timedelta(minutes=15)
DAYS = 3


def metered_before(street, until):
    """Quarter hours of a few days by which each home's next day can be foretold."""
    first, slots = until - timedelta(days=DAYS), DAYS * 96
    for home in neighbours(street, first):
        load_wh, sun_wh = curves(home.facts.curve, first, slots)
        net_wh = [load - (sun if home.facts.pv_w else 0) for load, sun in zip(load_wh, sun_wh, strict=True)]
        rows = [
            ReadingRow(channel, first + QUARTER * i, max(wh * sign, 0))
            for i, wh in enumerate(net_wh)
            for channel, sign in (("import", 1), ("export", -1))
        ]
        point = MeteringPoint.objects.get(household=home.household_id)
        store_readings(
            metering_point=point, rows=rows, source=Upload.Source.FILE, content_sha256=home.name, at=until
        )


@pytest.mark.parametrize(
    "day", [datetime(2026, 11, 5, tzinfo=MADRID), datetime(2026, 6, 10, tzinfo=MADRID)], ids=["autumn", "summer"]
)
def test_in_nearly_all_sunny_quarter_hours_enough_homes_of_the_demo_sell_and_enough_buy(day):
    morning = (day + timedelta(hours=9)).astimezone(UTC)
    street, _logins = build(at=morning - timedelta(days=DAYS + 1))
    metered_before(street, morning - timedelta(hours=3))

    live_through(street, morning, morning + timedelta(hours=6), lambda _start: None)

    sunny = street_slots(street, morning + timedelta(hours=2), morning + timedelta(hours=6))
    told = [
        slot
        for slot in sunny
        if min(len(slot.sellers), len(slot.buyers)) >= FEWEST_HOMES and shared([slot]).wh is not None
    ]
    assert len(sunny) == 16
    assert len(told) >= 15
