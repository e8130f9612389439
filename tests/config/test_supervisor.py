"""The supervisor keeps the site's processes: restarts what dies, gives up on what keeps dying, leaves none behind."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from config import virtual_time
from config.programs.processes import CannotStart
from config.supervisor import children
from config.supervisor.children import Child
from config.supervisor.greeting import greeting

ROOT = Path(__file__).resolve().parents[2]
SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def test_a_child_that_dies_is_started_again_and_said(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(children, "PATIENCE_S", 0.0)
    child = Child("worker", SLEEP, tmp_path / "worker.log")
    child.start()
    first = child.process
    first.kill()
    first.wait()

    child.look_after()
    child.look_after()

    assert child.process is not first
    assert child.process.poll() is None
    assert capsys.readouterr().out == "The worker ended by itself (SIGKILL); starting it again in 0 s.\n"
    child.stop()


def test_a_child_that_keeps_dying_stops_the_site_with_one_line_that_names_its_log(tmp_path, monkeypatch):
    monkeypatch.setattr(children, "PATIENCE_S", 0.0)
    child = Child("beat", [sys.executable, "-c", "raise SystemExit(3)"], tmp_path / "beat.log")
    child.start()

    with pytest.raises(CannotStart) as failure:
        while True:
            child.process.wait()
            child.look_after()

    assert str(failure.value) == f"The beat keeps ending. See {tmp_path / 'beat.log'}."
    assert len(child.started) == children.CRASHES + 1


def test_the_wait_before_a_restart_grows(tmp_path):
    child = Child("web", SLEEP, tmp_path / "web.log")
    waits = []

    for _ in range(3):
        child.start()
        child.process.kill()
        child.process.wait()
        child.look_after()
        waits.append(round(child.restart_at - time.monotonic(), 1))

    assert waits == [0.5, 1.0, 2.0]


def test_stopping_takes_a_deaf_child_and_its_children_along(tmp_path, monkeypatch):
    monkeypatch.setattr(children, "STOP_S", 0.5)
    deaf = (
        "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        f"print(subprocess.Popen({SLEEP!r}).pid, flush=True); time.sleep(60)"
    )
    child = Child("worker", [sys.executable, "-c", deaf], tmp_path / "worker.log")
    child.start()
    while not child.log.read_text().endswith("\n"):
        time.sleep(0.05)
    grandchild = int(child.log.read_text())

    child.stop()

    assert child.process.returncode == -signal.SIGKILL
    until = time.monotonic() + 60
    while is_running(grandchild) and time.monotonic() < until:
        time.sleep(0.05)
    assert not is_running(grandchild)


def test_children_do_not_outlive_a_killed_supervisor(tmp_path):
    program = (
        "import sys, time; from pathlib import Path; from config.supervisor.children import Child;"
        f"child = Child('web', {SLEEP!r}, Path(sys.argv[1])); child.start();"
        "print(child.process.pid, flush=True); time.sleep(60)"
    )
    supervisor = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "web.log")], cwd=ROOT, stdout=subprocess.PIPE
    )
    child = int(supervisor.stdout.readline())

    supervisor.kill()
    supervisor.communicate()

    until = time.monotonic() + 60
    while is_running(child) and time.monotonic() < until:
        time.sleep(0.05)
    assert not is_running(child)


def is_running(pid):
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("AZOTEA_PORT", "abc", "PORT must be a number from 1 to 65535, not 'abc'.\n"),
        ("AZOTEA_CLOCK_SPEED", "fast", "SPEED must be a number from 1 (real time) to 3600, not 'fast'.\n"),
        ("AZOTEA_CLOCK_SPEED", "0", "SPEED must be a number from 1 (real time) to 3600, not '0'.\n"),
    ],
)
def test_a_wrong_port_or_speed_is_one_clear_line(tmp_path, name, value, line):
    answer = subprocess.run(
        [sys.executable, "-m", "config.supervisor"],
        check=False,
        cwd=ROOT,
        env={**os.environ, "AZOTEA_DATA": str(tmp_path), name: value},
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert (answer.returncode, answer.stderr) == (1, line)


def test_lost_logins_are_one_clear_line(tmp_path):
    with pytest.raises(CannotStart, match=r"logins\.json is gone.* Delete .* to begin anew\."):
        greeting(tmp_path, 8000, 1.0)


def test_a_killed_demo_goes_on_after_everything_its_clock_has_shown(tmp_path, monkeypatch):
    monkeypatch.setenv("AZOTEA_CLOCK_SPEED", "60")
    origin = virtual_time.begin(tmp_path, 60)
    virtual_time.keep(tmp_path, origin, goes_on=True)
    last_shown = datetime.now(UTC) + 60 * virtual_time.NOTED_EVERY

    again = virtual_time.begin(tmp_path, 1)

    assert datetime.fromisoformat(again.split("|")[1]) > last_shown


def test_a_command_beside_a_running_demo_sees_the_demos_clock(tmp_path):
    origin = f"{datetime.now(UTC).isoformat()}|2026-11-23T12:00:00+00:00"
    (tmp_path / "clock").write_text(
        json.dumps({"reached": "2026-11-23T13:00:00+00:00", "origin": origin, "speed": "60.0"})
    )

    beside = virtual_time.of_a_command(tmp_path, demo_runs=True)

    assert beside == {"AZOTEA_CLOCK_ORIGIN": origin, "AZOTEA_CLOCK_SPEED": "60.0"}


def test_a_demo_that_never_ran_fast_shows_the_real_time(tmp_path):
    virtual_time.keep(tmp_path, "")
    (tmp_path / "clock").write_text(
        json.dumps({"reached": (datetime.now(UTC) - timedelta(hours=1)).isoformat(), "origin": "", "speed": "1"})
    )

    assert virtual_time.begin(tmp_path, 1) == ""


def test_trainings_have_a_worker_of_their_own_that_lets_everybody_else_go_first(tmp_path):
    site = {child.name: list(child.command) for child in children.children(tmp_path, 8000)}

    assert site["training"][:3] == ["nice", "-n", "19"]
    assert site["training"][site["training"].index("--queues") + 1] == "training,studio"
    assert site["worker"][site["worker"].index("--queues") + 1] == "default,solver"
