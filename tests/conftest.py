"""What every test may use."""

import os

import pytest
from django.conf import settings

# Browser tests run Django in a thread with an event loop beside it; the ORM there is used as everywhere.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


@pytest.fixture(autouse=True, scope="session")
def _quiet_static_files(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Static files come from the finders in tests; WhiteNoise only wants its folder to exist."""
    settings.STATIC_ROOT = tmp_path_factory.mktemp("static")
