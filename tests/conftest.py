"""What holds for every test."""

import gc
import os
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import translation
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

from config import tenancy
from config.garbage import look_seldom
from config.walls import SITE_ROLE
from metering.services.partitions import ensure_partitions
from tests import migrated
from tests.examples import SEARCHES, examples

# Browser tests run Django in a thread with an event loop beside it; the ORM there is used as everywhere.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
# No test is about how long it takes: a busy machine must not fail one. And what passed passes again: the examples
# of properties are the same in every run, until somebody goes looking for others.
hypothesis_settings.register_profile(
    "azotea",
    deadline=None,
    derandomize=not SEARCHES,
    max_examples=examples(100),
    suppress_health_check=[HealthCheck.too_slow],
)
hypothesis_settings.load_profile("azotea")
# A hash that costs a quarter of a second keeps guessers out; thousands of made-up members need none such.
Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost, Argon2PasswordHasher.parallelism = 1, 64, 1
# Every test client makes the middleware anew, which lists some hundred static files each time: these stay as they are.
_lists_static_files = WhiteNoiseMiddleware.add_files_from_finders
_static_files: dict[str, StaticFile] = {}


def _as_listed_once(self):
    if not _static_files:
        _lists_static_files(self)
        _static_files.update(self.files)
    self.files.update(_static_files)


WhiteNoiseMiddleware.add_files_from_finders = _as_listed_once
# Tests arrange and look as an operator would; pages, calls of the API and tasks have their own scope meanwhile.
tenancy.outside_of_requests(tenancy.ALL)


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Thousands of tests and all code are objects that stay: no garbage is looked for among them, now or later."""
    gc.disable()
    try:
        return (yield)
    finally:
        look_seldom()
        gc.enable()


def pytest_collection_modifyitems(items):
    """What takes longest begins first, so that no worker is left alone with it at the end."""
    longest = ("tests/simulation/", "tests/browser/", "tests/faults/", "tests/security/")
    items.sort(key=lambda item: not item.nodeid.startswith(longest))


@contextmanager
def _as_owner():
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET ROLE %s", [SITE_ROLE])


@pytest.fixture
def as_owner():
    """A block that does what a migration or an operator does: the site's own role owns no table."""
    return _as_owner


@pytest.fixture
def owner(db):
    """The whole test runs as the tables' owner: what it does is a migration's, an operator's or an intruder's."""
    options = connection.settings_dict["OPTIONS"]
    del options["assume_role"]
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
    yield
    options["assume_role"] = SITE_ROLE
    if not connection.in_atomic_block:  # else the rollback takes the role back
        connection.close()


@pytest.fixture
def owner_of_new_tables(owner):
    """As `owner`; tables that a migration or a restore made anew have their walls again afterwards."""
    yield
    call_command("secure_database", verbosity=0)


# A month's table of readings is made by who first writes into it; most tests write into one of these.
MOST_READ = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC)
# Ninety tables are cut off by TRUNCATE in half a second, filled or not; most tests fill a few with some rows.
EMPTIES = """
DO $$ DECLARE one regclass; filled boolean; BEGIN
    SET LOCAL session_replication_role = replica;
    FOR one IN SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
        AND relname NOT IN ('django_migrations', 'django_content_type', 'auth_permission')
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %s)', one) INTO filled;
        IF filled THEN EXECUTE format('DELETE FROM %s', one); END IF;
    END LOOP;
END $$
"""


def _empty(operations, _statements):
    """What Django's flush is here: as the owner, and without the triggers that keep rows from being deleted."""
    with operations.connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute(EMPTIES)
        cursor.execute("SET ROLE %s", [SITE_ROLE])


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings, django_db_blocker):
    """Each worker's database is a copy of one that was migrated; another server's is migrated as always."""
    if os.environ.get("AZOTEA_EMBEDDED") == "1":
        with django_db_blocker.unblock():
            connection.settings_dict["TEST"]["TEMPLATE"] = migrated.template()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Every test runs as the site does: as its own role, behind the walls."""
    with django_db_blocker.unblock():
        call_command("secure_database", create=True, verbosity=0)
        ensure_partitions(*MOST_READ)
        connection.close()
        connection.settings_dict["OPTIONS"]["assume_role"] = SITE_ROLE
        # Of the class: a browser's event loop has a connection of its own, which has to be emptied likewise.
        type(connection.ops).execute_sql_flush = _empty
    yield
    with django_db_blocker.unblock():
        connection.close()
        del connection.settings_dict["OPTIONS"]["assume_role"]


@pytest.fixture
def sums_of_few(monkeypatch):
    """A street of two homes shows its sums: for tests of what sums say, not of who may see them."""
    monkeypatch.setattr("community.anonymity.FEWEST_HOMES", 2)


@pytest.fixture(autouse=True)
def _no_test_is_refused_for_what_another_tried():
    """Doors count who comes in by address and by name, and every test comes from the same address."""
    if "REDIS_URL" in os.environ:  # the catalogues are read without any servers
        cache.clear()


@pytest.fixture(autouse=True)
def _each_test_starts_in_the_sites_own_language():
    """A page answered in English would otherwise leave its thread in English for the test after it."""
    with translation.override(settings.LANGUAGE_CODE):
        yield


@pytest.fixture(autouse=True)
def _a_test_client_that_is_logged_in_has_just_shown_the_password(monkeypatch):
    """`login` and `force_login` stand for somebody who has just come in by the door; tests of the door use it."""
    log_in = Client._login

    def by_the_door(self, user, backend=None):
        log_in(self, user, backend)
        session = self.session
        session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
        session["account_authentication_methods_user"] = str(user.pk)
        session.save()

    monkeypatch.setattr(Client, "_login", by_the_door)


# What a process keeps of a street by its number.
KEPT = {
    "market.queries.book": ("_build",),
    "market.queries.congestion": ("_street_log",),
    "market.queries.held_back": ("_summed", "_parts"),
}


@pytest.fixture(autouse=True)
def _no_test_remembers_the_street_of_another():
    """Rows that are put back for each test bear the same numbers in all of them, and a test may have changed some."""
    yield
    for name, kept in KEPT.items():
        for one in kept if name in sys.modules else ():
            getattr(sys.modules[name], one).cache_clear()
