"""A street with settled slots, and a signer with a directory of its own."""

from datetime import timedelta

import pytest

from community.models import What
from community.services.audit import record_for
from market.ledger.guard import Guard
from market.services.home_keys import destroy_key
from market.services.log import sign_head
from market.services.mandates import give_mandate
from tests import factories as make
from tests.market.test_rent_and_pool import cleared, homes, metered, street, usual

__all__ = ["homes", "street"]
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
def logged(street, homes, guard):
    """Three slots, settled and signed one after the other."""
    for home in homes:
        give_mandate(household=home, given_by=None, at=make.NOON - timedelta(hours=1))
    for number in range(3):
        start = make.NOON + timedelta(minutes=15 * number)
        cleared(street, usual(homes), start)
        metered(homes, start)
        sign_head(community=street, keeper=guard, at=NOW)
    return homes
