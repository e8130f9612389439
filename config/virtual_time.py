"""The demo's clock between its runs: it may run fast, and it never goes back over the same data.

The file `clock` in the data folder holds the origin and speed of the run and an instant that no process will have
seen the clock pass before the file is written again. So a killed demo, too, goes on after all it has shown.
"""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

NOTED_EVERY = timedelta(seconds=20)


def begin(folder: Path, speed: float) -> str:
    """Where this run's clock starts, as `real instant|neighbourhood's instant`, for `config.clock`.

    The neighbourhood goes on at the real time, or where it stopped if it was ahead of it.
    """
    real = datetime.now(UTC)
    stopped = _reached(folder)
    if speed == 1 and stopped <= real:
        return ""
    return f"{real.isoformat()}|{max(real, stopped).isoformat()}"


def keep(folder: Path, origin: str, *, goes_on: bool = False) -> None:
    """Note what the neighbourhood's clock shows; while the run goes on, with room until the next note."""
    speed = float(os.environ.get("AZOTEA_CLOCK_SPEED", "1"))
    ahead = 2 * NOTED_EVERY if goes_on and origin else timedelta()
    reached = _shown(origin, speed, datetime.now(UTC) + ahead)
    note = {"reached": reached.isoformat(), "origin": origin, "speed": str(speed)}
    fresh = folder / "clock.new"
    fresh.write_text(json.dumps(note))
    fresh.replace(folder / "clock")


def of_a_command(folder: Path, *, demo_runs: bool) -> dict[str, str]:
    """The clock for one command of manage.py: that of the running demo, or one that goes on after it."""
    note = _note(folder)
    if demo_runs and note:
        return {"AZOTEA_CLOCK_ORIGIN": note["origin"], "AZOTEA_CLOCK_SPEED": note["speed"]}
    return {"AZOTEA_CLOCK_ORIGIN": begin(folder, 1), "AZOTEA_CLOCK_SPEED": "1"}


def _shown(origin: str, speed: float, real: datetime) -> datetime:
    if not origin:
        return real
    began, showed = (datetime.fromisoformat(part) for part in origin.split("|"))
    return showed + (real - began) * speed


def _reached(folder: Path) -> datetime:
    note = _note(folder)
    return datetime.fromisoformat(note["reached"]) if note else datetime.min.replace(tzinfo=UTC)


def _note(folder: Path) -> dict[str, str]:
    path = folder / "clock"
    if not path.exists():
        return {}
    text = path.read_text()
    note: dict[str, str] = (
        json.loads(text) if text.startswith("{") else {"reached": text, "origin": "", "speed": "1"}
    )
    return note
