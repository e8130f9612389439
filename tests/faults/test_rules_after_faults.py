"""What asks the rules of the ledger after every test here finds a breach, and takes no other for the one expected."""

import pytest
from django.db import connection

from market.models import Entry, Posting
from tests.faults.conftest import findings
from tests.faults.slots import cleared
from tests.market.test_rent_and_pool import metered

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_breach_that_a_test_leaves_is_named_to_the_last_word(street, homes, as_owner, breaches):
    cleared(street, homes)
    metered(homes)
    entry = Entry.objects.get()
    posting = Posting.objects.filter(entry=entry, account__household=None).first()

    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE market_posting SET amount_neur = amount_neur + 1 WHERE id = %s", [posting.pk])
        cursor.execute("RESET session_replication_role")

    breaches.append(f"I1 entries out of balance: 1 ({entry.pk} at entry 3)")
    assert findings() == breaches


def test_where_nothing_was_broken_nothing_is_named(street, homes):
    cleared(street, homes)
    metered(homes)

    assert findings() == []
