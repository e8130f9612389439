"""Real PostgreSQL and Valkey for the tests, started before Django reads its settings.

Loaded with `-p tests.servers`. With pytest-xdist the controller starts them and the workers inherit the
environment; they end with the run, even if it is killed.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

_FOLDER = pytest.StashKey[Path]()
# Compiling all modules takes ten seconds, of every worker and in part of every process that a test starts: even
# where the environment (a container's, mostly) would have no bytecode kept, it is kept here.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    """A wrapper runs before pytest-django's own hook, which loads the settings."""
    os.environ["PAGES_PER_MINUTE"] = "0"  # tests open pages by the thousand; those of the limit set it
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker:
        # What one worker caches or queues must not reach another: each has a numbered database in Valkey.
        os.environ["REDIS_URL"] = os.environ["REDIS_URL"].removesuffix("/0") + f"/{1 + int(worker[2:])}"
    elif not os.environ.get("DATABASE_URL"):
        from config.programs import embedded

        folder = Path(tempfile.mkdtemp(prefix="azotea-tests-"))
        early_config.stash[_FOLDER] = folder
        os.environ["AZOTEA_DATA"] = str(folder)
        os.environ.update(embedded.start(folder, hasty=True, dies_with_us=True))
    return (yield)


def pytest_unconfigure(config: pytest.Config) -> None:
    folder = config.stash.get(_FOLDER, None)
    if folder is not None:
        from config.programs import embedded

        embedded.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)
