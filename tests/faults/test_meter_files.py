"""Files and uploads under faults: a hundred at once are one, and a killed worker leaves nothing half stored."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection

from metering.models import MeterFile, Reading, Upload
from metering.services import meter_files
from metering.services.readings import ReadingRow, store_readings
from tests import factories as make
from tests.faults.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)

FILE = Path(__file__).parents[1] / "metering" / "files" / "datadis_api_plain.json"
AT = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)

# Commits a file, but stops for a long sleep after its readings are written and before the commit.
COMMIT_AND_HANG = """
import sys, time, django
django.setup()
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[2]
from datetime import UTC, datetime
from metering.services import meter_files
stored = meter_files.store_readings
def hang(**facts):
    stored(**facts)
    print("inside", flush=True)
    time.sleep(60)
meter_files.store_readings = hang
meter_files.commit(file_id=int(sys.argv[1]), at=datetime(2026, 11, 23, 11, 0, tzinfo=UTC))
"""


def test_the_same_week_a_hundred_times_at_once_is_one_set_of_rows():
    point = make.meter(make.home(make.community(), "Ana", make.tariff()))
    first = AT - timedelta(days=8)
    week = [
        ReadingRow(channel, first + timedelta(minutes=15) * i, i)
        for i in range(7 * 96)
        for channel in ("import", "export")
    ]

    def upload():
        for _ in range(10):
            store_readings(metering_point=point, rows=week, source="api", content_sha256="", at=AT)

    assert at_once(upload, times=10) == []
    assert Reading.objects.count() == len(week)
    assert set(Reading.objects.values_list("version", flat=True)) == {1}
    assert Upload.objects.count() == 100
    assert sum(Upload.objects.values_list("created", flat=True)) == len(week)


def test_a_file_committed_ten_times_at_once_is_stored_once():
    street = make.community()
    make.home(street, "Ana", make.tariff())
    file = meter_files.take_in(community=street, name=FILE.name, content=FILE.read_bytes(), at=AT)

    assert at_once(lambda: meter_files.commit(file_id=file.pk, at=AT), times=10) == []

    assert Upload.objects.count() == 1
    assert set(Reading.objects.values_list("version", flat=True)) == {1}


def test_killing_the_worker_mid_import_leaves_all_or_nothing():
    street = make.community()
    make.home(street, "Ana", make.tariff())
    file = meter_files.take_in(community=street, name=FILE.name, content=FILE.read_bytes(), at=AT)
    worker = subprocess.Popen(
        [sys.executable, "-c", COMMIT_AND_HANG, str(file.pk), connection.settings_dict["NAME"]],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"},
        stdout=subprocess.PIPE,
    )
    assert worker.stdout.readline() == b"inside\n"

    worker.send_signal(signal.SIGKILL)
    worker.wait()
    worker.stdout.close()

    assert not Reading.objects.exists()
    assert MeterFile.objects.get().committed_at is None
    meter_files.commit(file_id=file.pk, at=AT)
    assert Reading.objects.count() == 96
