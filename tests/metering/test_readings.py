"""Storing readings: once, in order, whatever arrives at the same time."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from community.tariffs import local_day, slots_of
from metering.models import Reading
from metering.queries import complete_starts, energy, readings_of, received_since
from metering.services.readings import ReadingRow, RowErrors, store_readings
from tests import factories as make
from tests.examples import examples

NOON = make.NOON


@pytest.fixture
def home():
    return make.home(make.community(), "Ana", make.tariff())


def store(home, rows, at=NOON + timedelta(days=1)):
    return store_readings(metering_point=make.meter(home), rows=rows, source="api", content_sha256="0" * 64, at=at)


@pytest.mark.django_db
@pytest.mark.parametrize(("day", "slots"), [(date(2026, 3, 29), 92), (date(2026, 10, 25), 100)])
def test_days_of_a_clock_change_are_complete_with_their_own_number_of_slots(home, day, slots):
    first, until = local_day(day)
    starts = slots_of(first, until, 15)

    store(home, [ReadingRow(channel, start, 10) for start in starts for channel in ("import", "export")])

    assert len(complete_starts(home.community_id, first, until, 15)) == slots


@pytest.mark.django_db
@settings(max_examples=examples(30), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.integers(0, 200), st.integers(0, 100_000), min_size=1, max_size=30))
def test_what_was_stored_is_what_is_read(home, values):
    with transaction.atomic():
        rows = [ReadingRow("import", NOON - timedelta(minutes=15 * i), wh) for i, wh in values.items()]

        upload = store(home, rows)

        assert upload.created == len(values)
        found = readings_of(make.meter(home), NOON - timedelta(days=3), NOON + timedelta(minutes=1), "import")
        assert {row.start: row.energy_wh for row in found} == {row.start: row.energy_wh for row in rows}
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_slots_without_a_reading_are_absent_and_not_zero(home):
    store(home, [ReadingRow("import", NOON, 5)])

    assert set(energy(home.community_id, NOON, NOON + timedelta(hours=1), 15)) == {(home.pk, "import", NOON)}
    assert complete_starts(home.community_id, NOON, NOON + timedelta(hours=1), 15) == set()


@pytest.mark.django_db
def test_hourly_readings_fill_their_four_slots_to_the_wh_and_say_so(home):
    point = make.meter(home)
    point.resolution_minutes = 60
    point.save()
    store(home, [ReadingRow("import", NOON, 10)])

    slots = energy(home.community_id, NOON, NOON + timedelta(hours=1), 15)

    assert [wh for wh, _ in slots.values()] == [3, 3, 2, 2]
    assert {quality for _, quality in slots.values()} == {"profiled"}


@pytest.mark.django_db
def test_late_readings_are_found_by_when_they_came(home):
    store(home, [ReadingRow("import", NOON, 5)], at=NOON + timedelta(hours=1))
    store(home, [ReadingRow("import", NOON, 6)], at=NOON + timedelta(hours=5))

    assert received_since(home.community_id, NOON + timedelta(hours=2), 15) == {NOON: NOON + timedelta(hours=5)}
    assert received_since(home.community_id, NOON + timedelta(hours=5), 15) == {}


@pytest.mark.django_db
def test_one_bad_row_keeps_the_good_ones_out(home):
    with pytest.raises(RowErrors) as refused:
        store(home, [ReadingRow("import", NOON, 5), ReadingRow("import", NOON + timedelta(minutes=1), 5)])

    assert [(error.row, error.code) for error in refused.value.errors] == [(1, "off-grid")]
    assert not Reading.objects.exists()


@pytest.mark.django_db
def test_the_database_itself_refuses_negative_energy(home):
    upload = store(home, [ReadingRow("import", NOON, 5)])

    with pytest.raises(IntegrityError), transaction.atomic():
        Reading.objects.create(
            metering_point=make.meter(home), channel="export", start=NOON, resolution_minutes=15,
            energy_wh=-1, received_at=NOON, upload=upload, row=0,
        )  # fmt: skip


@pytest.mark.django_db
def test_readings_live_in_monthly_partitions(home):
    store(home, [ReadingRow("import", datetime(2026, 1, 31, 23, 45, tzinfo=UTC), 1)])
    store(home, [ReadingRow("import", datetime(2026, 2, 1, tzinfo=UTC), 1)])

    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM metering_reading ORDER BY start")
        assert [name for (name,) in cursor.fetchall()] == ["metering_reading_2026_01", "metering_reading_2026_02"]


@pytest.mark.django_db(transaction=True)
def test_uploads_at_the_same_moment_neither_lose_nor_double():
    home = make.home(make.community(), "Ana", make.tariff())
    rows = [ReadingRow("import", NOON - timedelta(minutes=15 * i), i) for i in range(200)]
    created = []

    def upload():
        created.append(store(home, rows).created)
        connection.close()

    threads = [threading.Thread(target=upload) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(created) == [0, 0, 0, 200]
    assert Reading.objects.count() == 200
