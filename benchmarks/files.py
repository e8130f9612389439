"""Large meter files: from the upload's bytes to committed readings, in a process of its own like a worker.

    .venv/bin/python -m benchmarks.files [lines …]

Printed are the seconds of taking a file in (what the sender waits for), of reading and storing it, and the
peak memory of the whole process. A line holds a quarter's import and export, of as many meters as needed.
"""

import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

LINES = (20_000, 200_000, 2_000_000)
DAYS = 365
HEADER = "cups;fecha;hora;consumo_kWh;metodoObtencion;energiaVertida_kWh"
TABLE = "TRWAGMYFPDXBNJZSQVHLCKE"


def cups(number: int) -> str:
    """A valid code of a supply that does not exist."""
    first, second = divmod((9999 * 10**12 + number) % 529, 23)
    return f"ES9999{number:012d}{TABLE[first]}{TABLE[second]}0F"


def content(count: int) -> bytes:
    """A file of so many quarters: as many meters with a year each as needed."""
    lines, meter = [HEADER], 0
    while len(lines) <= count:
        meter += 1
        for i in range(DAYS * 96):
            day = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=i // 96)
            end = i % 96 + 1
            hour = f"{end // 4:02d}:{end % 4 * 15:02d}"
            lines.append(f"{cups(meter)};{day:%Y/%m/%d};{hour};0,{i % 900:03d};Real;0,{i % 37:03d}")
    return "\n".join(lines[: count + 1]).encode()


def work(count: int) -> None:
    """Take a file in and store it; prints the figures. Runs in a child, so that its memory is its own."""
    import django

    django.setup()
    from community.models import Community, Household
    from metering.models import MeteringPoint, Reading
    from metering.services.meter_files import store_asked, take_in

    at = datetime.now(UTC)
    street = Community.objects.create(slug=f"files-{count}", name="Files", created_at=at)
    data = content(count)
    MeteringPoint.objects.all().delete()
    for number in range(1, count // (DAYS * 96) + 2):
        home = Household.objects.create(community=street, name=f"Home {number}")
        MeteringPoint.objects.create(household=home, cups=cups(number))
    begun = time.perf_counter()
    file = take_in(community=street, name="large.csv", content=data, at=at)
    taken = time.perf_counter() - begun
    size = len(data) / 2**20
    del data
    begun = time.perf_counter()
    store_asked(file_id=file.pk, at=at)
    stored = time.perf_counter() - begun
    file.refresh_from_db()
    assert file.committed_at, file.failure
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    readings = Reading.objects.filter(upload__file=file).count()
    print(json.dumps({"taken": taken, "stored": stored, "peak": peak, "readings": readings, "size": size}))


def main() -> None:
    from config.programs import embedded

    counts = [int(word) for word in sys.argv[1:]] or LINES
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    for count in counts:
        folder = Path(tempfile.mkdtemp(prefix="azotea-bench-"))
        os.environ["AZOTEA_DATA"] = str(folder)
        environment = {**os.environ, **embedded.start(folder, dies_with_us=True)}
        environment |= {"DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONPATH": os.getcwd()}
        try:
            subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], check=True, env=environment)
            command = [sys.executable, __file__, "work", str(count)]
            told = json.loads(subprocess.run(command, check=True, env=environment, capture_output=True).stdout)
        finally:
            embedded.stop(folder)
            shutil.rmtree(folder, ignore_errors=True)
        print(
            f"  {count:9,} lines ({told['size']:.0f} MiB, {told['readings']:,} readings): taken in after "
            f"{told['taken']:.2f} s, stored after {told['stored']:.1f} s, peak {told['peak']:.0f} MiB"
        )
        for figure in ("taken", "stored", "peak"):
            print(json.dumps({"bench": "files", "figure": figure, "n": count, "value": round(told[figure], 2)}))


if __name__ == "__main__":
    sys.path.insert(0, os.getcwd())
    if sys.argv[1:2] == ["work"]:
        work(int(sys.argv[2]))
    else:
        main()
