"""A street with settled slots, and a signer with a directory of its own."""

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from community.models import What
from community.services.audit import record_for
from market.ledger.guard import Guard
from market.services.home_keys import destroy_key
from market.services.log import sign_head
from market.services.mandates import give_mandate
from tests import factories as make
from tests.market.test_rent_and_pool import bare_street, cleared, homes_of, metered, usual
from tests.snapshots import once

NOW = make.NOON + timedelta(days=1)


def forget(home, at=NOW):
    """What an erasure does to a home's leaves, and what it puts on record."""
    destroy_key(household=home, at=at)
    record_for([home], What.ERASED, at=at, by=None)


@pytest.fixture(autouse=True)
def _servers_of_the_tests_may_be_asked(settings):
    settings.OUTBOUND_LOCAL = "127.0.0.1"


@pytest.fixture
def guard(tmp_path):
    return Guard(tmp_path / "signer")


@pytest.fixture
def begun(request, guard):
    """The street and its homes where slots are logged already: with what the tables and the signer hold then."""
    if "logged" not in request.fixturenames:
        return None
    # What the slots' leaves say of a street so small depends on who may see its sums.
    street, homes, signer = once(signed, *(name for name in request.fixturenames if name.startswith("sums_of_")))
    for name, content in signer.items():
        (guard.folder / name).touch(0o600)
        (guard.folder / name).write_bytes(content)
    return street, homes


@pytest.fixture
def street(begun):
    return begun[0] if begun else bare_street()


@pytest.fixture
def homes(begun, street):
    return begun[1] if begun else homes_of(street)


@pytest.fixture
def logged(homes):
    """Three slots, settled and signed one after the other."""
    return homes


def signed():
    street = bare_street()
    homes = homes_of(street)
    for home in homes:
        give_mandate(household=home, given_by=None, at=make.NOON - timedelta(hours=1))
    with TemporaryDirectory() as folder:
        keeper = Guard(Path(folder))
        for number in range(3):
            start = make.NOON + timedelta(minutes=15 * number)
            cleared(street, usual(homes), start)
            metered(homes, start)
            sign_head(community=street, keeper=keeper, at=NOW)
        return street, homes, {file.name: file.read_bytes() for file in keeper.folder.iterdir()}
