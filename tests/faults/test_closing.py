"""Closing a month moves money and writes statements: once, wholly or not at all, whatever else happens."""

import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta

import pytest
from django.db import connection

from market.models import Entry, Statement
from market.services import statements
from market.services.settle import settle_due
from market.services.statements import close_month
from tests import factories as make
from tests.faults.slots import cleared
from tests.faults.test_races import at_once
from tests.market.test_rent_and_pool import CLOSING, NOVEMBER, RENT, START, balance, metered

pytestmark = pytest.mark.django_db(transaction=True)

# Closes a month, but stops for a long sleep after the rent is given back and before the commit.
CLOSE_AND_HANG = """
import sys, time, django
django.setup()
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
from datetime import date, datetime, UTC
from community.models import Community
from market.services import statements
def hang(*_):
    print("inside", flush=True)
    time.sleep(60)
statements.balance_cents = hang
statements.close_month(community=Community.objects.get(), month=date(2026, 11, 1), at=datetime(2026, 12, 4, tzinfo=UTC))
"""


def test_killing_the_worker_amid_a_closing_gives_nothing_back_and_the_next_one_gives_all(street, homes):
    cleared(street, homes)
    metered(homes)
    rent = balance(RENT)
    worker = subprocess.Popen(
        [sys.executable, "-c", CLOSE_AND_HANG, connection.settings_dict["NAME"]],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"},
        stdout=subprocess.PIPE,
    )
    assert worker.stdout.readline() == b"inside\n"

    worker.send_signal(signal.SIGKILL)
    worker.wait()
    worker.stdout.close()

    assert balance(RENT) == rent > 0
    assert not Statement.objects.exists()
    close_month(community=street, month=NOVEMBER, at=CLOSING)
    assert balance(RENT) == 0
    assert (Entry.objects.filter(kind="give_back").count(), Statement.objects.count()) == (1, 3)


def test_many_closings_at_once_give_back_once(street, homes):
    cleared(street, homes)
    metered(homes)

    errors = at_once(lambda: close_month(community=street, month=NOVEMBER, at=CLOSING))

    assert errors == []
    assert balance(RENT) == 0
    assert (Entry.objects.filter(kind="give_back").count(), Statement.objects.count()) == (1, 3)


def test_a_correction_that_comes_amid_a_closing_waits_for_its_end(street, homes, monkeypatch):
    cleared(street, homes)
    metered(homes)
    at = CLOSING + timedelta(minutes=1)
    make.read(homes[2], START, 300, 0, at=at)
    correction = threading.Thread(target=lambda: (settle_due(community=street, at=at), connection.close()))
    usual_cents = statements.balance_cents

    def late(*arguments):
        correction.start()
        correction.join(timeout=1)
        assert correction.is_alive(), "it was not held back by the closing"
        return usual_cents(*arguments)

    monkeypatch.setattr(statements, "balance_cents", late)

    close_month(community=street, month=NOVEMBER, at=CLOSING)
    correction.join()

    # Carla takes 300 Wh less: all cleared money of her side halves, and the rent with it.
    assert Statement.objects.get(household=homes[2]).lines.get(kind="bought").energy_wh == 600
    assert balance(RENT) < 0
