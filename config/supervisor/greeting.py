"""What the demo says when it is ready."""

import json
from pathlib import Path

from config.programs.processes import CannotStart


def greeting(folder: Path, port: int, seconds: float) -> str:
    """Address and logins; these were generated here and are in no other place than the data folder.

    Raises `CannotStart` if they are gone.
    """
    path = folder / "logins.json"
    if not path.exists():
        raise CannotStart(f"{path} is gone, and with it the logins. Delete {folder} to begin anew.")
    logins = json.loads(path.read_text(encoding="utf-8"))
    integrator = logins["integrator"]
    people = [
        f"  {who:<11}{logins[key]['email']:<26}{logins[key]['password']}"
        for who, key in (("Resident", "resident"), ("Admin", "admin"))
    ]
    return "\n".join(
        [
            "",
            f"Azotea is at http://127.0.0.1:{port}/  (ready after {seconds:.0f} s; Ctrl-C stops it)",
            "",
            *people,
            f"  Integrator {integrator['token']}",
            f"             metering point {integrator['metering_point']}",
            f"             try it at http://127.0.0.1:{port}/api/v1/docs",
            f"  Logs       {folder / 'log'}",
            "",
        ]
    )
