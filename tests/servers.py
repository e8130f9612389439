"""Real PostgreSQL and Valkey for the tests, started before Django reads its settings.

Loaded with `-p tests.servers`. With pytest-xdist the controller starts them and the workers inherit the
environment; they end with the run.
"""

import os
import tempfile
from pathlib import Path

import pytest

_folder: tempfile.TemporaryDirectory[str] | None = None


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    global _folder  # noqa: PLW0603 one folder per run, kept until the run ends
    if os.environ.get("DATABASE_URL"):
        return
    from config import embedded

    _folder = tempfile.TemporaryDirectory(prefix="azotea-tests-", ignore_cleanup_errors=True)
    os.environ["AZOTEA_DATA"] = _folder.name
    Path(_folder.name).chmod(0o755)  # as root, PostgreSQL runs as another user
    os.environ.update(embedded.start(Path(_folder.name)))
