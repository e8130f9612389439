"""What the site says when it cannot start: one line, with the cure."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SITE = {
    "DATABASE_URL": "postgresql://azotea@db.example/azotea",
    "REDIS_URL": "redis://redis.example/0",
    "SECRET_KEY": "x",
    "TOKEN_PEPPER": "y",
    "SEALING_KEYS": "z",
    "ALLOWED_HOSTS": "azotea.example",
}

# The same, with other machines reached by TLS only.
GUARDED = {
    **{name: value for name, value in SITE.items() if name != "SECRET_KEY"},
    "DATABASE_URL": f"{SITE['DATABASE_URL']}?sslmode=verify-full",
    "REDIS_URL": "rediss://redis.example/0",
}

TESTS_ONLY = {*SITE, "AZOTEA_EMBEDDED", "DJANGO_ALLOW_ASYNC_UNSAFE"}


def run(*command, **environment):
    clean = {key: value for key, value in os.environ.items() if key not in TESTS_ONLY}
    return subprocess.run(
        [sys.executable, *command],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**clean, **environment},
        timeout=120,
    )


@pytest.mark.parametrize("missing", ["SECRET_KEY", "TOKEN_PEPPER", "SEALING_KEYS", "REDIS_URL", "ALLOWED_HOSTS"])
def test_with_a_database_url_a_missing_secret_is_named(missing):
    given = {key: value for key, value in SITE.items() if key != missing}

    answer = run("-c", "import config.settings", **given)

    assert answer.returncode != 0
    assert f"{missing} is not set" in answer.stderr


def test_a_complete_site_passes_djangos_deployment_checks():
    # 50 random characters: Django measures a key's quality, and none is kept in the code.
    key = os.urandom(40).hex()

    answer = run("manage.py", "check", "--deploy", "--fail-level", "WARNING", **GUARDED, SECRET_KEY=key)

    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize(
    ("name", "address", "warned"),
    [
        ("DATABASE_URL", "postgresql://azotea@db.example/azotea?sslmode=require", True),
        ("DATABASE_URL", "postgresql://azotea@10.0.0.7/azotea", True),
        ("DATABASE_URL", "postgresql://azotea@127.0.0.1/azotea", False),
        ("DATABASE_URL", "postgresql:///azotea?host=/run/postgresql", False),
        ("REDIS_URL", "redis://:secret@redis.example/0", True),
        ("REDIS_URL", "redis://localhost:6379/0", False),
        ("MQTT_URL", "mqtt://azotea:secret@broker.example", True),
        ("MQTT_URL", "mqtts://azotea:secret@broker.example", False),
    ],
)
def test_what_goes_to_other_machines_without_encryption_is_warned_of(name, address, warned):
    answer = run(
        "manage.py", "check", "--deploy", **{**GUARDED, "SECRET_KEY": os.urandom(40).hex(), name: address}
    )

    assert ("azotea.W004" in answer.stderr) is warned, answer.stderr
    assert (f"{name} leads to another machine without TLS" in answer.stderr) is warned
    assert ":secret@" not in answer.stderr


def test_a_wrong_database_url_says_what_it_should_be():
    answer = run("-c", "import config.settings", **{**SITE, "DATABASE_URL": "mysql://db/azotea"})

    assert "must start with postgresql://" in answer.stderr


def supervise(folder, port):
    return run("-m", "config.supervisor", AZOTEA_DATA=str(folder), AZOTEA_PORT=str(port))


def test_a_used_port_is_one_clear_line(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        answer = supervise(tmp_path, port)

    assert answer.returncode == 1
    assert answer.stderr == f"Port {port} is in use. Free it or choose another: make demo PORT={port + 1}\n"


def test_a_folder_in_use_is_one_clear_line(tmp_path):
    import fcntl

    with (tmp_path / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        answer = supervise(tmp_path, 1)

    assert answer.returncode == 1
    assert answer.stderr.startswith(f"Azotea already runs on {tmp_path}.")
    assert answer.stderr.count("\n") == 1


def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path):
    (tmp_path / "file").touch()

    answer = supervise(tmp_path / "file" / "folder", 1)

    assert answer.returncode == 1
    assert answer.stderr.startswith("Cannot write to")
    assert answer.stderr.count("\n") == 1


def test_a_full_disk_is_one_clear_line(tmp_path, monkeypatch):
    from config.programs import embedded

    monkeypatch.setattr(embedded, "ENOUGH_SPACE", 2**62)

    with pytest.raises(embedded.CannotStart, match=r"MB are free for .* needs .* MB"):
        embedded.start(tmp_path)


def test_the_clock_of_a_fast_demo_never_goes_back(tmp_path, monkeypatch):
    from datetime import UTC, datetime, timedelta

    from config import virtual_time

    monkeypatch.setenv("AZOTEA_CLOCK_SPEED", "3600")
    origin = virtual_time.begin(tmp_path, 3600)
    began, showed = (datetime.fromisoformat(part) for part in origin.split("|"))
    virtual_time.keep(tmp_path, f"{(began - timedelta(minutes=1)).isoformat()}|{showed.isoformat()}")

    again = virtual_time.begin(tmp_path, 1)

    assert datetime.fromisoformat(again.split("|")[1]) >= datetime.now(UTC) + timedelta(hours=59)


def test_the_guide_starts_the_web_process_as_the_procfile_does():
    lines = (ROOT / "Procfile").read_text().splitlines()
    web = next(line for line in lines if line.startswith("web: ")).removeprefix("web: ")

    assert (ROOT / "docs" / "operations.md").read_text().count(web.replace("${PORT:-8000}", "8000")) == 2


def test_loading_the_web_process_opens_no_connection():
    """`--preload` loads it once and forks; a connection would be shared by the processes."""
    asks = "import config.wsgi, django.db as d; print([c.connection for c in d.connections.all()], len(threads()))"
    done = subprocess.run(
        [sys.executable, "-c", f"from threading import enumerate as threads; {asks}"],
        cwd=ROOT, env={**os.environ, **SITE}, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip

    assert done.stdout.strip() == "[None] 1"
