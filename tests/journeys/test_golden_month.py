"""The demo's street, settled and closed, against a second settlement in decimals from the raw tables."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from community.demo.neighbourhood import HOMES
from market.demo.build import build
from market.demo.history import live_through
from market.models import SettledHome, Statement
from market.services.closing import correct_month
from market.services.settle import settle_due
from market.services.statements import close_month
from metering.models import MeteringPoint
from metering.services.readings import ReadingRow, store_readings
from tests.journeys.decimal_month import Month

pytestmark = pytest.mark.django_db

MADRID = ZoneInfo("Europe/Madrid")
KINDS = ("bought", "sold", "shortfall", "retailer_import", "retailer_export", "saving")
OCTOBER = date(2026, 10, 1)


def compared(street, version):
    """Holds every statement that counts against the second settlement; how many lines were the same."""
    with connection.cursor() as cursor:
        month = Month(cursor, street.pk, "Europe/Madrid", OCTOBER)
    same = 0
    for home in month.homes:
        lines = {
            line.kind: line
            for line in Statement.objects.filter(household=home, version__lte=version)
            .order_by("version")
            .last()
            .lines.all()
        }
        for kind in KINDS:
            exact = month.sums[home][kind]
            assert exact * 10**9 == (lines[kind].amount_neur if kind in lines else 0), (home, kind)
            same += 1
        assert lines["bought"].energy_wh == month.sums[home]["bought_wh"]
        assert lines["sold"].energy_wh == month.sums[home]["sold_wh"]
    return month, same


def test_two_days_of_the_demo_are_the_same_settled_a_second_time_in_decimals():
    first = datetime(2026, 10, 26, tzinfo=MADRID).astimezone(ZoneInfo("UTC"))
    until = first + timedelta(days=2)
    street, _logins = build(at=first - timedelta(days=1))
    live_through(street, first, until, lambda _start: None)
    while settle_due(community=street, at=until + timedelta(days=2)):
        pass
    close_month(community=street, month=OCTOBER, at=until + timedelta(days=10))

    month, same = compared(street, 1)

    assert same == len(HOMES) * len(KINDS)
    assert len(month.slots) >= 2 * 96
    cents = month.cents()
    for statement in Statement.objects.all():
        for line in statement.lines.filter(posted=True):
            assert line.amount_cents == cents[statement.household_id, line.kind]
    assert sum(month.sums[home]["bought_wh"] for home in month.homes) > 10_000

    # A distributor corrects two readings of the closed month.
    row = SettledHome.objects.filter(bought_wh__gt=0).order_by("start").first()
    store_readings(
        metering_point=MeteringPoint.objects.get(household=row.household),
        rows=[ReadingRow("import", row.start + timedelta(minutes=15) * i, row.import_wh // 2) for i in range(2)],
        source="file", content_sha256="1" * 64, at=until + timedelta(days=11),
    )  # fmt: skip
    settle_due(community=street, at=until + timedelta(days=11))
    assert correct_month(community=street, month=OCTOBER, at=until + timedelta(days=12)) >= 2
    compared(street, 2)
