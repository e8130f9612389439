"""Months of readings that are new: whoever makes one and whoever stores meanwhile never wait in a circle."""

import json
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
from django.db import connection, transaction

from metering.models import MeteringPoint, Reading
from metering.services import meter_files, readings
from tests import factories as make
from tests.faults.test_races import at_once
from tests.faults.waiting import Meanwhile

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2034, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def homes():
    """Two homes of a street, and the month of January 2032 of readings."""
    offer, street = make.tariff(), make.community()
    homes = [make.home(street, name, offer) for name in ("Ana", "Bruno")]
    MeteringPoint.objects.filter(household=homes[1]).update(cups="ES9999000000000002DQ0F")
    make.read(homes[0], datetime(2032, 1, 10, tzinfo=UTC), 1, 1)
    return homes


@pytest.fixture(autouse=True)
def _months_go_again(as_owner):
    """A table of a month is not emptied with its rows: each test makes its own."""
    yield
    with as_owner(), connection.cursor() as cursor:
        for one in NEW:
            cursor.execute(f"DROP TABLE IF EXISTS metering_reading_{one}")


NEW = ("2032_03", "2032_05", "2032_07")


def month(number):
    return datetime(2032, number, 10, 12, tzinfo=UTC)


def file_of(homes, *months):
    """A file in which each home has an hour in a month."""
    rows = [
        {
            "cups": make.meter(home).cups, "date": f"{start:%Y/%m/%d}", "time": "12:00", "consumptionKWh": 0.5,
            "obtainMethod": "Real", "surplusEnergyKWh": 0.0,
        }
        for home, start in zip(homes, months, strict=True)
    ]  # fmt: skip
    told = {"community": homes[0].community, "name": "two.json", "content": json.dumps(rows).encode()}
    return meter_files.take_in(**told, at=AT)


def test_a_file_and_an_upload_that_both_bring_new_months_do_not_deadlock(homes):
    file = file_of(homes, month(1), month(5))
    other = Meanwhile(lambda: make.read(homes[0], month(7), 1, 1, at=AT))
    stores = meter_files._store

    def first_meter_then_the_other(*told):
        upload = stores(*told)
        other()
        return upload

    with patch.object(meter_files, "_store", first_meter_then_the_other):
        meter_files.commit(file_id=file.pk, at=AT)

    assert other.end() == []
    assert {one.start.month for one in Reading.objects.all()} == {1, 5, 7}


def test_two_files_with_crossing_months_and_meters_do_not_deadlock(homes):
    one, two = file_of(homes, month(1), month(5)), file_of(homes[::-1], month(1), month(7))
    other = Meanwhile(lambda: meter_files.commit(file_id=two.pk, at=AT))
    stores = meter_files._store

    def first_meter_then_the_other(supply, file, *told):
        upload = stores(supply, file, *told)
        if file.pk == one.pk:
            other()
        return upload

    with patch.object(meter_files, "_store", first_meter_then_the_other):
        meter_files.commit(file_id=one.pk, at=AT)

    assert other.end() == []
    assert {one.start.month for one in Reading.objects.all()} == {1, 5, 7}


def test_who_stores_at_a_meter_and_who_brings_a_new_month_of_it_do_not_deadlock(homes):
    other = Meanwhile(lambda: make.read(homes[0], month(3), 1, 1, at=AT))
    current = readings.current

    def with_the_other(*told):
        other()
        return current(*told)

    with patch.object(readings, "current", with_the_other):
        make.read(homes[0], month(1), 2, 2, at=AT)

    assert other.end() == []
    assert {one.start.month for one in Reading.objects.all()} == {1, 3}


def test_who_waits_for_a_month_that_another_makes_finds_it_made(homes):
    other = Meanwhile(lambda: make.read(homes[1], month(3), 1, 1, at=AT))

    with transaction.atomic():
        make.read(homes[0], month(3), 1, 1, at=AT)
        other()

    assert other.end() == []
    assert Reading.objects.filter(start=month(3)).count() == 4


def test_a_month_is_made_while_others_read_readings(homes):
    with transaction.atomic():
        before = Reading.objects.count()

        errors = at_once(lambda: make.read(homes[1], month(3), 1, 1, at=AT), times=1)

        assert errors == []
        assert Reading.objects.count() == before + 2
