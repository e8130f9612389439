"""What holds for every test."""

import os

import pytest
from django.conf import settings
from django.utils import translation

# Browser tests run Django in a thread with an event loop beside it; the ORM there is used as everywhere.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


@pytest.fixture(autouse=True)
def _each_test_starts_in_the_sites_own_language():
    """A page answered in English would otherwise leave its thread in English for the test after it."""
    with translation.override(settings.LANGUAGE_CODE):
        yield
