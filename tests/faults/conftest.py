"""Whatever was broken in a test, the books hold after it: every rule of the ledger is asked of every street."""

from itertools import chain

import pytest

from community.models import Community, Member
from market.queries.again import unlike
from market.queries.fsck import faults
from market.services.solvers import solver
from tests import factories as make
from tests.faults.slots import homes_of


@pytest.fixture
def street():
    return make.community(grid_fee_ueur_kwh=5_000, pool_pct=0)


@pytest.fixture
def homes(street):
    return homes_of(street)


@pytest.fixture
def marta(street):
    return make.member(street, "Marta", Member.Role.OWNER)


@pytest.fixture
def nil(street):
    """Somebody with a home that trades nothing."""
    nil = make.member(street, "Nil")
    make.home(street, "Casa", make.tariff("Otra"), nil)
    return nil


def findings():
    """What `ledger_fsck --again` names, street by street."""
    return [
        fault
        for street in Community.objects.order_by("pk")
        for fault in chain(faults(street), unlike(street, solver()))
    ]


@pytest.fixture
def breaches():
    """What a test that means to break a rule adds the exact words to, as `ledger_fsck` has to say them."""
    return []


@pytest.fixture(autouse=True)
def _every_rule_of_the_ledger_holds_after_it(request, breaches):
    """Asked when the test's own servers have gone, and before its tables are emptied.

    Tests with a PostgreSQL of their own have it asked there (`Site.holds`).
    """
    if request.node.get_closest_marker("django_db") is None:
        yield
        return
    request.getfixturevalue("_django_db_helper")  # set up before this one, it empties the tables after it
    yield
    assert findings() == breaches
