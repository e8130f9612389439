"""Two that change the same home at the same moment, in either order: one waits for the other, never both."""

import threading
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.db import transaction

from community.models import Household, Member, User, What
from community.services.audit import record
from community.services.members import InvitationProblem, accept, invite
from community.services.roles import give_role
from market.models import HomeKey, Mandate, Settlement
from market.services import erasure, log, mandates
from market.services.leaving import leave
from market.services.mandates import give_mandate
from market.services.settle import settle_due
from metering.models import Reading
from metering.roster import read_roster
from metering.services import readings, roster
from tests import factories as make
from tests.faults.slots import cleared, homes_of
from tests.faults.test_races import at_once
from tests.faults.waiting import Meanwhile

pytestmark = pytest.mark.django_db(transaction=True)

LATER = make.NOON + timedelta(days=3)  # whoever has not said what it took by then is settled without


def first_the_other(other, usual):
    """What is done as usual, once another waits for us."""

    def both(*told, **named):
        other()
        return usual(*told, **named)

    return both


def test_a_membership_ends_while_its_home_is_given_a_mandate(marta, nil):
    home = nil.households.get()
    ends = Meanwhile(lambda: leave(member_id=nil.pk, by=marta, at=LATER + make.QUARTER))

    with patch.object(mandates, "record", first_the_other(ends, mandates.record)):
        give_mandate(household=home, given_by=nil, at=LATER, max_buy_ueur_kwh=1)

    assert ends.end() == []
    assert [one.paused for one in Mandate.objects.filter(household=home).order_by("pk")] == [False, False, True]


def test_a_role_is_given_while_the_trail_notes_something_of_the_member(marta, nil):
    gives = Meanwhile(lambda: give_role(by=marta, member_id=nil.pk, role=Member.Role.ADMIN, at=LATER))

    with transaction.atomic():
        Member.objects.select_for_update(no_key=True).get(pk=nil.pk)
        gives()
        record(What.JOINED, community=nil.community, at=LATER, by=nil, about=nil)

    assert gives.end() == []
    assert Member.objects.get(pk=nil.pk).role == Member.Role.ADMIN


def test_a_member_is_erased_while_its_street_is_settled(street, marta, nil):
    homes = homes_of(street)
    cleared(street, homes)
    for home, taken, given in zip(homes, (0, 400, 600), (1_000, 0, 0), strict=True):
        make.read(home, make.NOON, taken, given)
    wish = erasure.ask(member=nil, at=LATER)
    erases = Meanwhile(lambda: erasure.erase(wish_id=wish.pk, by=marta, at=LATER))

    with patch.object(log, "append", first_the_other(erases, log.append)):
        settle_due(community=street, at=LATER)

    assert erases.end() == []
    assert Settlement.objects.count() == 1
    assert {key.sealed_key for key in HomeKey.objects.filter(household__name="Casa")} == {""}


def test_a_member_is_erased_while_its_meter_sends(marta, nil):
    home = nil.households.get()
    wish = erasure.ask(member=nil, at=LATER)
    erases = Meanwhile(lambda: erasure.erase(wish_id=wish.pk, by=marta, at=LATER))

    with patch.object(readings, "current", first_the_other(erases, readings.current)):
        make.read(home, make.NOON, 1, 1)

    assert erases.end() == []
    assert Reading.objects.count() == 2
    assert not Member.objects.get(pk=nil.pk).user.is_active


def test_a_home_is_renamed_while_a_slot_is_written_about_it(street, nil):
    home = nil.households.get()
    other = threading.Thread(target=lambda: heard.extend(at_once(write, times=1)))
    heard = []

    def write():
        Mandate.objects.create(household=home, given_by=nil, valid_from=LATER, max_buy_ueur_kwh=1)

    with transaction.atomic():
        Household.objects.filter(pk=home.pk).update(name="Azahar 1")
        other.start()
        other.join(60)
        written_meanwhile = not other.is_alive()
    other.join()

    assert written_meanwhile
    assert heard == []


def test_a_home_that_an_import_hands_over_is_not_taken_by_an_invitation_at_the_same_moment(street, marta, nil):
    home = make.home(street, "Azahar 5", make.tariff("Luz"))
    _invitation, secret = invite(invited_by=marta, email="lola@example.org", household=home, at=LATER)
    line = read_roster(b"name,email,home,cups,tariff,priority,node\nNil,nil@example.org,Azahar 5,,,,\n")
    person = {"name": "Lola", "password": make.PASSWORD}
    comes = Meanwhile(lambda: accept(secret=secret, at=LATER, **person))

    with patch.object(roster, "_apply", first_the_other(comes, roster._apply)):
        roster.take_over(by=marta, lines=line, at=LATER)

    assert [type(one) for one in comes.end()] == [InvitationProblem]
    assert Household.objects.get(pk=home.pk).member == nil
    assert not User.objects.filter(email="lola@example.org").exists()
