"""A database with a year of quarter-hours of many homes, for the benchmarks of pages: filled once, used again."""

import argparse
import json
import logging
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HOMES, STREET, DAYS = 1_000, 100, 365


def arguments(what: str) -> argparse.ArgumentParser:
    """What every benchmark of pages may be told."""
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--homes", type=int, default=HOMES, help="homes of all streets")
    parser.add_argument("--street", type=int, default=STREET, help="homes of one street")
    parser.add_argument("--days", type=int, default=DAYS, help="days of quarter-hours")
    parser.add_argument("--traded", type=int, default=1, help="streets with a market, not readings only")
    parser.add_argument("--keep", type=Path, help="folder of a database that stays, and is used if it is there")
    return parser


@contextmanager
def site(asked: argparse.Namespace) -> Iterator[None]:
    """Servers with the database filled as asked, Django set up on them; printed is what the filling took."""
    with served(asked.keep) as folder:
        note = folder / "filled.json"
        if not note.exists():
            note.write_text(json.dumps(_filled(asked, folder)))
        told = json.loads(note.read_text())
        print("{homes} homes in streets of {street}, {days} days: {rows} rows, {gb:.1f} GB, "
              "{lived_s:.0f} s lived and {copied_s:.0f} s copied".format(**told), flush=True)  # fmt: skip
        yield


@contextmanager
def served(keep: Path | None) -> Iterator[Path]:
    """Servers with the database of the folder `keep`, or an empty one that goes with them, and Django set up."""
    from config.programs import embedded

    folder = keep or Path(tempfile.mkdtemp(prefix="azotea-pages-"))
    os.environ |= {
        "AZOTEA_DATA": str(folder),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "LOG_LEVEL": "ERROR",
        "PAGES_PER_MINUTE": "0",
    }
    os.environ |= embedded.start(folder.absolute(), hasty=True, dies_with_us=True)
    try:
        import django

        django.setup()
        from django.core.management import call_command

        logging.disable(logging.CRITICAL)  # what is refused is asked for on purpose
        print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}", flush=True)
        call_command("migrate", verbosity=0)
        yield folder
    finally:
        embedded.stop(folder.absolute())
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)


def _filled(asked: argparse.Namespace, folder: Path) -> dict[str, float]:
    from benchmarks import year
    from market.ledger.guard import Guard
    from market.services.log import sign_head

    begun = time.perf_counter()
    community = year.live(asked.street)
    lived = time.perf_counter()
    year.copy_year(asked.days, -(-asked.homes // asked.street), asked.traded)
    year.close_months(community)
    sign_head(community=community, keeper=Guard(folder / "signer"), at=year.NOW)
    copied = time.perf_counter()
    rows, size = year.rows_and_bytes()
    facts = {"homes": asked.homes, "street": asked.street, "days": asked.days, "rows": rows, "gb": size / 1e9}
    return facts | {"lived_s": lived - begun, "copied_s": copied - lived}
