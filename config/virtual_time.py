"""The demo's clock between its runs: it may run fast, and it never goes back over the same data."""

import os
from datetime import UTC, datetime
from pathlib import Path


def begin(folder: Path, speed: float) -> str:
    """Where this run's clock starts, as `real instant|neighbourhood's instant`, for `config.clock`.

    The neighbourhood goes on at the real time, or where it stopped if it was ahead of it.
    """
    real = datetime.now(UTC)
    note = folder / "clock"
    stopped = datetime.fromisoformat(note.read_text()) if note.exists() else real
    if speed == 1 and stopped <= real:
        return ""
    return f"{real.isoformat()}|{max(real, stopped).isoformat()}"


def keep(folder: Path, origin: str) -> None:
    """Note what the neighbourhood's clock shows, for the next run."""
    real = datetime.now(UTC)
    if origin:
        began, showed = (datetime.fromisoformat(part) for part in origin.split("|"))
        real = showed + (real - began) * float(os.environ.get("AZOTEA_CLOCK_SPEED", "1"))
    (folder / "clock").write_text(real.isoformat())
