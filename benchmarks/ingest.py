"""Readings in: an upload over HTTP against a raw COPY of the same rows into a bare table, in the same run.

    .venv/bin/python -m benchmarks.ingest

The upload is all that a gateway waits for: authentication, strict JSON, validation, versions, commit; over a
loopback socket into the site's own WSGI application. "Bare" is psycopg's COPY of the finished rows, with commit.
Printed are medians of interleaved rounds of 10,000 rows.
"""

import json
import os
import platform
import shutil
import statistics
import tempfile
import threading
import time
import tracemalloc
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server
from zoneinfo import ZoneInfo

ROWS, ROUNDS = 10_000, 7
FILE_ROWS = (20_000, 200_000)
FIRST = datetime(2024, 1, 1, tzinfo=UTC)
BARE = """
CREATE TABLE bare_reading (
    metering_point_id bigint, channel text, start timestamptz, resolution_minutes smallint, version smallint,
    energy_wh bigint, quality text, received_at timestamptz, upload_id bigint, row integer
)
"""


class Quiet(WSGIRequestHandler):
    def log_message(self, *_args: object) -> None:
        """Say nothing: printing would be measured."""


def batch(number: int) -> list[tuple[str, datetime, int]]:
    """10,000 readings that no other batch has: import and export of 52 days."""
    first = FIRST + number * timedelta(minutes=15) * (ROWS // 2)
    return [
        (channel, first + timedelta(minutes=15) * i, (i * 37 + number) % 900)
        for i in range(ROWS // 2)
        for channel in ("import", "export")
    ]


def timed(work: Callable[[], None]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def post(url: str, token: str, body: bytes, status: int) -> None:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, data=body, headers=headers)
    with urllib.request.urlopen(request, timeout=60) as response:
        assert response.status == status, response.status


def uploads(url: str, token: str) -> dict[str, list[float]]:
    """Seconds of each round: bare COPY, first upload, the same again."""
    from django.db import connection

    from metering.services.partitions import ensure_partitions

    rounds: dict[str, list[float]] = {"copy": [], "upload": [], "resend": []}
    # Months exist before almost every upload; the first of a month makes it, which takes 10 to 20 ms.
    ensure_partitions(FIRST, batch(ROUNDS)[-1][1])
    with connection.cursor() as cursor:
        cursor.execute(BARE)
    for number in range(ROUNDS):
        rows = batch(number)
        at = datetime.now(UTC)
        full = [(1, c, start, 15, 1, wh, "measured", at, 1, i) for i, (c, start, wh) in enumerate(rows)]
        said = [{"channel": c, "start": f"{start:%Y-%m-%dT%H:%M:%SZ}", "energy_wh": wh} for c, start, wh in rows]
        body = json.dumps({"readings": said}).encode()

        def bare(full: list[tuple[object, ...]] = full) -> None:
            with connection.cursor() as cursor, cursor.copy("COPY bare_reading FROM STDIN") as copy:
                for row in full:
                    copy.write_row(row)

        rounds["copy"].append(timed(bare))
        rounds["upload"].append(timed(lambda body=body: post(url, token, body, 201)))
        rounds["resend"].append(timed(lambda body=body: post(url, token, body, 200)))
    return rounds


def files() -> dict[int, tuple[float, float]]:
    """(seconds, peak MiB of Python) of reading an e-distribución file of so many hours."""
    from metering.formats import read_file

    answer = {}
    for count in FILE_ROWS:
        days = count // 24
        lines = ["CUPS;Fecha;Hora;AE_kWh;AS_KWh;AE_AUTOCONS_kWh;REAL/ESTIMADO"]
        for i in range(days):
            day = FIRST + timedelta(days=i % 800)
            cups = ("ES9999000000000001DS0F", "ES9999000000000002DQ0F", "ES9999000000000003DV0F")[i // 800 % 3]
            cups = cups if i < 2_400 else f"ES9999{i // 2_400:012d}{_letters(9999 * 10**12 + i // 2_400)}0F"
            lines += [
                f"{cups};{day:%d/%m/%Y};{hour};0,{(i + hour) % 900:03d};0,100;0,000;R" for hour in range(1, 25)
            ]
        content = "\n".join(lines).encode()
        seconds = timed(lambda content=content: read_file(content, ZoneInfo("Europe/Madrid")) and None)
        tracemalloc.start()
        read_file(content, ZoneInfo("Europe/Madrid"))
        peak = tracemalloc.get_traced_memory()[1] / 2**20
        tracemalloc.stop()
        answer[count] = (seconds, peak)
    return answer


def _letters(number: int) -> str:
    table = "TRWAGMYFPDXBNJZSQVHLCKE"
    first, second = divmod(number % 529, 23)
    return table[first] + table[second]


def site() -> tuple[str, str]:
    """A fresh site with one metering point; its readings' address and a token."""
    from django.core.management import call_command

    from community.models import Community, Household
    from metering.models import MeteringPoint
    from metering.services.tokens import issue_token

    call_command("migrate", verbosity=0)
    at = datetime.now(UTC)
    street = Community.objects.create(slug="bench", name="Bench", created_at=at)
    home = Household.objects.create(community=street, name="Home")
    point = MeteringPoint.objects.create(household=home, cups="ES9999000000000001DS0F")
    scopes = ["readings:write"]
    _row, token = issue_token(community=street, name="b", scopes=scopes, metering_points=[point], at=at)
    from config.wsgi import application

    server = make_server("127.0.0.1", 0, application, handler_class=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/api/v1/metering-points/{point.public_id}/readings", token


def main() -> None:
    from config.programs import embedded

    folder = Path(tempfile.mkdtemp(prefix="azotea-bench-"))
    os.environ["AZOTEA_DATA"] = str(folder)
    os.environ.update(embedded.start(folder, dies_with_us=True))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    try:
        machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
        print(f"{machine}; medians of {ROUNDS}")
        seconds = {name: statistics.median(times) for name, times in uploads(*site()).items()}
        for name, value in seconds.items():
            print(f"  {name:7} {value * 1000:7.0f} ms  {ROWS / value:9,.0f} rows/s")
        print(json.dumps(_line("copy_ratio", ROWS, seconds["copy"] / seconds["upload"])))
        print(json.dumps(_line("resend_ratio", ROWS, seconds["copy"] / seconds["resend"])))
        for count, (taken, peak) in files().items():
            print(f"  file of {count:,} lines: {taken:.2f} s, {peak:.0f} MiB")
            print(json.dumps(_line("file_us_per_line", count, taken / count * 1e6)))
    finally:
        embedded.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _line(figure: str, n: int, value: float) -> dict[str, object]:
    return {"bench": "ingest", "figure": figure, "n": n, "value": round(value, 3)}


if __name__ == "__main__":
    main()
