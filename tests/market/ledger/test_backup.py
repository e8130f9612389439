"""The drill: back up, wreck, restore; whole or not at all, and the signer does not follow a log that was set back."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from community.models import Household
from market.ledger.notes import Head
from market.models import LogAlarm, LogLeaf, Trade
from market.queries.fsck import faults
from market.queries.log import latest_head, log_size, origin_of
from market.queries.whole import rows_of_tables
from market.services import restore as restoring
from market.services.backup import DUMP, MANIFEST, BackupFailed, BadBackup, back_up, digest
from market.services.log import sign_head
from market.services.restore import HoldsData, RestoreFailed, restore
from metering.models import Reading
from tests import factories as make
from tests.market.ledger.conftest import NOW
from tests.market.test_rent_and_pool import cleared, metered, usual

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("owner_of_new_tables")]
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def backup(logged, tmp_path):
    """A backup of three settled and signed slots."""
    return back_up(folder=tmp_path / "backups", at=NOW)


@pytest.fixture
def fresh():
    """The address of an empty database."""
    server = os.environ["DATABASE_URL"]
    with psycopg.connect(server, autocommit=True) as session:
        session.execute("DROP DATABASE IF EXISTS drill")
        session.execute("CREATE DATABASE drill")
        yield urlsplit(server)._replace(path="/drill").geturl()
        session.execute("DROP DATABASE drill WITH (FORCE)")


def manage(database, *words):
    """What a command of manage.py answers on another database."""
    return subprocess.run(
        [sys.executable, "manage.py", *map(str, words)],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database},
        capture_output=True,
        text=True,
        check=False,
    )


def spoil(backup, **changed):
    """Change what the manifest says."""
    said = json.loads((backup / MANIFEST).read_text())
    (backup / MANIFEST).write_text(json.dumps({**said, **changed}))


def test_a_backup_restored_into_an_empty_database_holds_every_row_and_its_books_hold(logged, backup, fresh):
    restored = manage(fresh, "restore", backup)
    checked = manage(fresh, "ledger_fsck")

    assert restored.returncode == 0, restored.stderr
    assert checked.stdout == "All rules hold.\n", checked.stderr
    said = json.loads((backup / MANIFEST).read_text())
    assert said["rows"] == rows_of_tables()
    assert said["heads"] == {
        logged[0].community.slug: {"size": 12, "root": latest_head(logged[0].community_id).root}
    }
    with psycopg.connect(fresh) as session:
        assert session.execute("SELECT count(*) FROM market_logleaf").fetchone() == (12,)
        with pytest.raises(psycopg.Error, match="append-only"):
            session.execute("DELETE FROM market_logleaf")


def test_what_was_wrecked_after_the_backup_is_back_and_the_site_goes_on(street, logged, backup, guard):
    connection.cursor().execute("TRUNCATE market_trade, market_logleaf, metering_reading CASCADE")

    restore(place=backup / DUMP, replace=True)

    assert (Trade.objects.count(), log_size(street.pk), Reading.objects.count()) == (9, 12, 18)
    assert list(faults(street)) == []
    start = make.NOON + timedelta(hours=2)
    cleared(street, usual(logged), start)
    metered(logged, start)
    assert sign_head(community=street, keeper=guard, at=NOW).size == 16, "counters go on after the restored rows"
    assert list(faults(street)) == []


def test_the_signer_does_not_sign_what_grew_from_yesterdays_backup(street, logged, backup, guard):
    start = make.NOON + timedelta(hours=2)
    cleared(street, usual(logged), start)
    metered(logged, start)
    signed = sign_head(community=street, keeper=guard, at=NOW)

    restore(place=backup, replace=True)
    cleared(street, usual(logged), start)
    metered(logged, start, taken=(300, 300))

    assert (signed.size, log_size(street.pk)) == (16, 16)
    assert sign_head(community=street, keeper=guard, at=NOW) is None
    assert "do not begin with the 16 that were signed" in LogAlarm.objects.get().reason
    assert guard.last(origin_of(street)) == Head(origin_of(street), 16, bytes.fromhex(signed.root))


def test_a_database_that_holds_data_is_not_overwritten_by_mistake(logged, backup):
    Household.objects.filter(pk=logged[0].pk).update(name="Since then")

    with pytest.raises(HoldsData, match="--replace"):
        restore(place=backup, replace=False)
    with pytest.raises(CommandError, match="--replace"):
        call_command("restore", str(backup))

    assert Household.objects.get(pk=logged[0].pk).name == "Since then"


def test_a_file_that_was_changed_or_cut_off_is_not_restored(logged, backup):
    whole = (backup / DUMP).read_bytes()
    (backup / DUMP).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadBackup, match="not the file"):
        restore(place=backup, replace=True)

    spoil(backup, files={DUMP: digest(backup / DUMP)})
    with pytest.raises(RestoreFailed):
        restore(place=backup, replace=True)
    assert log_size(logged[0].community_id) == LogLeaf.objects.count() == 12, "nothing was taken away"


def test_a_manifest_that_was_changed_gives_no_orders(backup, tmp_path):
    made = tmp_path / "made"
    ends = f'"market_slot") < 0 THEN END IF; END $counted$;\n\\! touch {made}\n"'

    for rows in ({ends: 0}, {"market_slot": "0"}, {"market_slot": True}, {"pg_catalog.pg_class": 0}):
        spoil(backup, rows=rows)
        with pytest.raises(BadBackup):
            restore(place=backup, replace=True)

    assert not made.exists()


def test_rows_that_are_missing_take_everything_back(logged, backup):
    said = json.loads((backup / MANIFEST).read_text())["rows"]
    spoil(backup, rows={**said, "market_trade": said["market_trade"] + 1})
    Household.objects.filter(pk=logged[0].pk).update(name="Since then")

    with pytest.raises(RestoreFailed, match="does not hold the 10 rows"):
        restore(place=backup, replace=True)

    assert Household.objects.get(pk=logged[0].pk).name == "Since then"


def test_a_restore_that_is_killed_leaves_what_was_there(logged, backup, monkeypatch):
    monkeypatch.setattr(restoring, "_counted", lambda _rows: "SELECT pg_terminate_backend(pg_backend_pid());\n")
    Household.objects.filter(pk=logged[0].pk).update(name="Since then")

    with pytest.raises(RestoreFailed):
        restore(place=backup, replace=True)

    assert Household.objects.get(pk=logged[0].pk).name == "Since then"


def test_a_backup_of_a_newer_version_waits_for_that_version(backup):
    spoil(backup, migrations=[["market", "9999_flying_cars"]])
    with pytest.raises(BadBackup, match="9999_flying_cars"):
        restore(place=backup, replace=True)


def test_half_a_backup_never_carries_a_backups_name_and_only_its_owner_reads_it(logged, tmp_path, monkeypatch):
    call_command("backup", str(tmp_path))
    (made,) = tmp_path.glob("azotea-*")
    assert {oct(path.stat().st_mode & 0o777) for path in (made, *made.iterdir())} == {"0o700", "0o600"}

    monkeypatch.setenv("PG_BIN", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("config.programs.postgres.programs", lambda: tmp_path)
    with pytest.raises(BackupFailed, match="pg_dump"):
        back_up(folder=tmp_path, at=NOW + timedelta(days=1))
    assert list(tmp_path.glob("azotea-*")) == [made]
