"""A home's key ends with an erasure alone: nobody hides changed rows by saying that their leaves do not open."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from market.models import HomeKey
from market.queries.fsck import faults
from market.services.home_keys import destroy_key
from tests import factories as make
from tests.market.ledger.conftest import NOW, forget
from tests.market.ledger.test_log import as_a_superuser
from tests.market.test_rent_and_pool import cleared, metered, usual

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sums_of_few")]
NOBODY_OPENS = "I6 homes with leaves that nobody can open, and no erasure on record: 1"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE market_homekey SET since_number = 1000",
        "UPDATE market_homekey SET since_number = 3, sealed_key = 'another'",
        "UPDATE market_homekey SET since_number = 3, sealed_key = ''",
        "UPDATE market_homekey SET sealed_key = 'another'",
        "UPDATE market_homekey SET id = id + 1000",
        "UPDATE market_homekey SET since = '2000-01-01'",
        "DELETE FROM market_homekey",
    ],
)
def test_the_site_cannot_say_that_a_key_is_for_later_leaves_only(logged, change):
    with pytest.raises(IntegrityError, match="destroyed or stays"), transaction.atomic():
        connection.cursor().execute(change)


def test_a_destroyed_key_gives_way_to_one_of_leaves_to_come_and_no_other(logged):
    destroy_key(household=logged[1], at=NOW)
    own = HomeKey.objects.filter(household=logged[1])

    for number in (0, 2):
        with pytest.raises(IntegrityError, match="destroyed or stays"), transaction.atomic():
            own.update(sealed_key="another", since_number=number, destroyed_at=None)

    assert own.update(sealed_key="another", since_number=3, destroyed_at=None) == 1


@pytest.mark.usefixtures("owner")
@pytest.mark.parametrize("since", [None, NOW - timedelta(hours=2)], ids=["all", "recent"])
@pytest.mark.parametrize(
    "hidden", ["UPDATE market_homekey SET since_number = 1000", "UPDATE market_homekey SET sealed_key = ''",
               "DELETE FROM market_homekey"],
)  # fmt: skip
def test_a_home_without_a_key_and_without_an_erasure_is_named(street, logged, hidden, since):
    as_a_superuser(
        "SET session_replication_role = replica",
        f"{hidden} WHERE household_id = {logged[1].pk}",
        "SET session_replication_role = origin",
    )

    assert any(one.startswith(NOBODY_OPENS) for one in faults(street, since=since))


@pytest.mark.usefixtures("owner")
def test_an_erasure_is_no_reason_for_leaves_that_came_after_it(street, logged):
    forget(logged[1], NOW - timedelta(hours=1))
    start = make.NOON + timedelta(hours=2)
    cleared(street, usual(logged), start)
    metered(logged, start, at=NOW)
    assert list(faults(street)) == []

    as_a_superuser(
        "SET session_replication_role = replica",
        f"UPDATE market_homekey SET since_number = 4 WHERE household_id = {logged[1].pk}",
        "SET session_replication_role = origin",
    )

    assert [one[: len(NOBODY_OPENS)] for one in faults(street)] == [NOBODY_OPENS]


def test_the_home_of_who_never_traded_ends_with_a_key_that_nobody_has(homes):
    destroy_key(household=homes[0], at=NOW)

    assert list(HomeKey.objects.values_list("household", "sealed_key", "destroyed_at")) == [(homes[0].pk, "", NOW)]
