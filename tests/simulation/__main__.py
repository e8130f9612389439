"""`python -m tests.simulation --seed 1 --runs 100 --days 14`: live street after street and say how fast it goes.

It brings its own servers in a temporary folder, as the tests do. The first street that breaks ends it, with its seed.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path


def _arguments():
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of the first street")
    parser.add_argument("--runs", type=int, default=1, help="so many streets, with seeds that follow each other")
    parser.add_argument("--days", type=int, default=14, help="that each of them lives")
    return parser.parse_args()


def _live(asked, folder):
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from tests.simulation.world import BEGIN, SPRING, Broken, Simulation

    connection.creation.create_test_db(verbosity=0)
    lived, started = 0, time.monotonic()
    for seed in range(asked.seed, asked.seed + asked.runs):
        simulation = Simulation(seed, folder / f"signer-{seed}", SPRING if seed % 2 else BEGIN)
        try:
            counts = simulation.live(asked.days)
        except Broken as broken:
            print(f"BROKEN: {broken}")
            return 1
        lived += asked.days
        pace = lived / (time.monotonic() - started)
        print(f"seed {seed}: held; {counts}, months {simulation.months()}; {pace:.2f} days/s", flush=True)
        call_command("flush", interactive=False, verbosity=0)
    until = timedelta(seconds=round(time.monotonic() - started))
    print(f"{lived} days in {until}: every rule held.")
    return 0


def main():
    """Live as asked; 1 if something broke."""
    asked = _arguments()
    from config.programs import embedded

    folder = Path(tempfile.mkdtemp(prefix="azotea-simulation-"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ["AZOTEA_DATA"] = str(folder)
    try:
        os.environ.update(embedded.start(folder, hasty=True, dies_with_us=True))
        return _live(asked, folder)
    finally:
        embedded.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
