"""The servers that the site brings along: they keep their data, survive being killed, and leave nothing behind."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import redis

from config.programs import embedded, postgres, valkey

ROOT = Path(__file__).resolve().parents[2]
OURS = {
    "DATABASE_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "TOKEN_PEPPER",
    "SEALING_KEYS",
    "ALLOWED_HOSTS",
    "AZOTEA_EMBEDDED",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    yield folder
    embedded.stop(folder)


@pytest.fixture
def servers(folder):
    yield embedded.start(folder, dies_with_us=True)
    embedded.stop(folder)


def manage(folder, *words):
    clean = {key: value for key, value in os.environ.items() if key not in OURS}
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        check=False,
        cwd=ROOT,
        env={**clean, "AZOTEA_DATA": str(folder)},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_what_was_written_is_there_after_a_restart(servers, folder):
    with psycopg.connect(servers["DATABASE_URL"]) as connection:
        connection.execute("CREATE TABLE kept (word text); INSERT INTO kept VALUES ('surplus')")
    redis.Redis.from_url(servers["REDIS_URL"]).set("word", "peaje")

    embedded.stop(folder)
    again = embedded.start(folder, dies_with_us=True)

    with psycopg.connect(again["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT word FROM kept").fetchone() == ("surplus",)
    assert redis.Redis.from_url(again["REDIS_URL"]).get("word") == b"peaje"
    assert again == servers


def test_a_killed_server_is_started_again_over_the_files_it_left(servers, folder):
    with psycopg.connect(servers["DATABASE_URL"]) as connection:
        connection.execute("CREATE TABLE committed (word text)")
    pid = int((folder / "postgres" / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)

    revived = []
    while not revived:
        revived = embedded.revive(folder)

    assert revived == ["PostgreSQL"]
    with psycopg.connect(servers["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT count(*) FROM committed").fetchone() == (0,)


def test_a_file_of_a_dead_server_that_names_a_living_stranger_does_not_matter(folder):
    embedded.stop(folder)
    (folder / "postgres" / "postmaster.pid").write_text(f"{os.getpid()}\n{folder}/postgres\n1\n5432\n\n\n")

    servers = embedded.start(folder, dies_with_us=True)

    psycopg.connect(servers["DATABASE_URL"]).close()
    embedded.stop(folder)


def test_valkey_asks_for_its_password(servers):
    host_and_port = servers["REDIS_URL"].rpartition("@")[2]

    with pytest.raises(redis.AuthenticationError):
        redis.Redis.from_url(f"redis://{host_and_port}").ping()


def test_one_command_leaves_no_server_behind(folder):
    embedded.stop(folder)

    answer = manage(
        folder, "shell", "-v", "0", "-c", "from django.db import connection as c; c.ensure_connection()"
    )

    assert answer.returncode == 0, answer.stderr
    assert not postgres.is_running(folder / "postgres")
    assert not valkey.answers(embedded._addresses(folder)["REDIS_URL"])


def test_a_command_that_joins_leaves_the_servers_to_the_others(servers, folder):
    answer = manage(
        folder, "shell", "-v", "0", "-c", "from django.db import connection as c; c.ensure_connection()"
    )

    assert answer.returncode == 0, answer.stderr
    psycopg.connect(servers["DATABASE_URL"]).close()
    assert valkey.answers(servers["REDIS_URL"])


def test_a_command_that_reads_only_code_starts_nothing(tmp_path):
    answer = manage(tmp_path, "check")

    assert answer.returncode == 0, answer.stderr
    assert list(tmp_path.iterdir()) == []


def test_servers_of_a_killed_process_die_with_it(tmp_path):
    program = (
        "import sys, time; from pathlib import Path; from config.programs import embedded;"
        "embedded.start(Path(sys.argv[1]), hasty=True, dies_with_us=True); print('up', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()

    process.kill()
    process.communicate()

    until = time.monotonic() + 60
    while postgres.is_running(tmp_path / "postgres") and time.monotonic() < until:
        time.sleep(0.1)
    assert not postgres.is_running(tmp_path / "postgres")
    assert not valkey.answers(embedded._addresses(tmp_path)["REDIS_URL"])


def test_secrets_are_for_the_owner_only(servers, folder):
    modes = {path.name: path.stat().st_mode & 0o777 for path in folder.glob("*.json")}

    assert modes == {"secrets.json": 0o600, "servers.json": 0o600}


def test_a_lock_is_held_only_by_the_living(tmp_path):
    path = tmp_path / "lock"

    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        held = embedded.is_held(path)

    assert held
    assert not embedded.is_held(path)
