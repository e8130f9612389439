"""Whoever leaves while a form of theirs is on its way decides nothing any more for the home that was theirs."""

import threading
from datetime import date, timedelta

import pytest
from django.db import connection, transaction

from community.models import Household
from community.services.homes import HomeChangedHands
from market.models import BankAccount, GestorMandate, Mandate, SharingSet, SharingSignature
from market.queries.mandates import latest_mandate
from market.services.agreements import authorise_gestor, sign_set
from market.services.leaving import leave
from market.services.mandates import give_mandate
from market.services.payments import keep_account
from metering.models import Consent
from metering.services.datadis import give_consent
from tests import factories as make

pytestmark = pytest.mark.django_db(transaction=True)
AT = make.NOON
IBAN = "ES9121000418450200051332"


def errors_of(asked, *, while_leaves, by):
    """What comes of a form that arrives while the membership is being ended."""
    errors, held = [], threading.Event()

    def late():
        held.wait()
        try:
            asked()
        except Exception as error:  # whatever it is, the test shows it
            errors.append(error)
        finally:
            connection.close()

    waiting = threading.Thread(target=late)
    waiting.start()
    with transaction.atomic():
        leave(member_id=while_leaves.pk, by=by, at=AT)
        held.set()
        waiting.join(0.5)
    waiting.join()
    return errors


def keeps(home, nil):
    keep_account(household=home, holder="Nil", iban=IBAN, signed_on=date(2026, 11, 2), by=nil, at=AT)


def decides(home, nil):
    give_mandate(household=home, given_by=nil, at=AT + timedelta(minutes=1), max_buy_ueur_kwh=1)


def consents(home, nil):
    give_consent(
        metering_point=make.meter(home), holder_nif="12345678Z", given_by=nil,
        at=AT, until=AT + timedelta(days=90),
    )  # fmt: skip


def authorises(home, nil):
    authorise_gestor(household=home, by=nil, at=AT)


def agrees(home, nil):
    facts = {"cau": "x", "year": 2026, "version": 1, "kind": "typed", "added_by": nil, "added_at": AT}
    found = SharingSet.objects.create(community=home.community, agreed_on=AT.date(), **facts)
    sign_set(household=home, found=found, by=nil, at=AT)


@pytest.mark.parametrize("asks", [keeps, decides, consents, authorises, agrees])
def test_what_waits_at_the_lock_while_a_membership_ends_changes_nothing(marta, nil, asks):
    home = nil.households.get()

    errors = errors_of(lambda: asks(home, nil), while_leaves=nil, by=marta)

    assert [type(one) for one in errors] == [HomeChangedHands]
    assert Household.objects.get(pk=home.pk).member is None
    assert not BankAccount.objects.filter(household=home, replaced_at=None).exists()
    assert latest_mandate(home).paused
    assert Mandate.objects.filter(household=home, valid_from__gt=AT).count() == 0
    assert [kind.objects.count() for kind in (Consent, GestorMandate, SharingSignature)] == [0, 0, 0]
