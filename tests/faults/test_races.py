"""The same work asked for many times at once has one effect."""

import threading
from contextlib import suppress
from datetime import timedelta
from itertools import count
from unittest.mock import patch

import pytest
from django.db import connection, transaction

from community.models import Announcement, AnnouncementLetter, Member, User
from community.roles import NotAllowed
from community.services import members
from community.services.announcements import Written, announce, end
from community.services.members import InvitationProblem, invite, revoke
from market.models import Entry, Order, SetPoint, Settlement, Statement, Trade
from market.services import erasure
from market.services.agents import place_orders
from market.services.clear import clear_slot
from market.services.settle import settle_due
from market.services.statements import close_month
from metering.models import Reading
from metering.services import readings
from tests import factories as make
from tests.market.test_settling import order

pytestmark = pytest.mark.django_db(transaction=True)

START = make.NOON


def at_once(work, times=4):
    """Run `work` in several threads with a connection each; errors are collected."""
    errors = []

    def run():
        try:
            work()
        except Exception as error:  # whatever it is, the test shows it
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


@pytest.fixture
def street():
    return make.community()


@pytest.fixture
def homes(street):
    offer = make.tariff()
    return make.home(street, "Ana", offer), make.home(street, "Bruno", offer)


def test_agents_order_once(street, homes):
    make.history(homes[0], 500)
    make.battery(homes[0])
    slot = make.slot(street)

    errors = at_once(lambda: place_orders(slot_id=slot.pk, at=slot.gate_closure - timedelta(minutes=1)))

    assert errors == []
    orders = list(Order.objects.values_list("household", "side", "kind", "limit_ueur_kwh"))
    assert len(orders) == len(set(orders))
    assert SetPoint.objects.count() <= 1


def test_a_slot_clears_and_settles_once(street, homes):
    slot = make.slot(street)
    order(slot, homes[0], "sell", 1_000, 90_000)
    order(slot, homes[1], "buy", 1_000, 150_000)

    errors = at_once(lambda: clear_slot(slot_id=slot.pk, at=slot.gate_closure))
    make.read(homes[0], START, 0, 1_000)
    make.read(homes[1], START, 1_000, 0)
    errors += at_once(lambda: settle_due(community=street, at=START + timedelta(hours=1)))
    errors += at_once(
        lambda: close_month(community=street, month=START.date().replace(day=1), at=START + timedelta(days=20))
    )

    assert errors == []
    assert (Trade.objects.count(), Settlement.objects.count(), Entry.objects.count()) == (2, 1, 1)
    assert Statement.objects.count() == 2


def test_the_first_readings_of_a_month_may_come_from_all_meters_at_once(street):
    offer, number, all_there = make.tariff(), count(), threading.Barrier(4)
    homes = [make.home(street, name, offer) for name in ("Ana", "Bruno", "Carla", "Diego")]
    current = readings.current

    def with_the_others(*told):
        known = current(*told)
        with suppress(threading.BrokenBarrierError):
            all_there.wait(1)
        return known

    with patch.object(readings, "current", with_the_others):
        errors = at_once(lambda: make.read(homes[next(number)], START.replace(year=2031), 1, 1))

    assert errors == []
    assert Reading.objects.count() == 8


def test_an_invitation_that_is_withdrawn_as_it_is_accepted_lets_nobody_in(street):
    marta = make.member(street, "Marta", Member.Role.ADMIN)
    invitation, secret = invite(invited_by=marta, email="lola@example.org", household=None, at=START)
    person = {"name": "Lola", "password": make.PASSWORD}
    heard = []

    with transaction.atomic():
        revoke(invitation=invitation, by=marta, at=START)
        guest = threading.Thread(
            target=lambda: heard.extend(
                at_once(lambda: members.accept(secret=secret, at=START, **person), times=1)
            )
        )
        guest.start()
        guest.join(1)
    guest.join()

    assert [(type(one), str(one)) for one in heard] == [(InvitationProblem, "not-valid")]
    assert not User.objects.filter(email="lola@example.org").exists()


def test_invitations_of_two_streets_to_one_address_make_one_login(street):
    """The second hears that there is a login by now, instead of a fault of the site."""
    marta, zoe = (
        make.member(one, name, Member.Role.ADMIN)
        for one, name in ((street, "Marta"), (make.community(slug="otra"), "Zoe"))
    )
    secrets = [invite(invited_by=by, email="lola@example.org", household=None, at=START)[1] for by in (marta, zoe)]
    both, number, make_login = threading.Barrier(2), count(), User.objects.create_user

    def with_the_other(*told, **more):
        with suppress(threading.BrokenBarrierError):
            both.wait(2)
        return make_login(*told, **more)

    with patch.object(
        type(User.objects), "create_user", lambda _self, *told, **more: with_the_other(*told, **more)
    ):
        errors = at_once(
            lambda: members.accept(secret=secrets[next(number)], at=START, name="Lola", password=make.PASSWORD),
            times=2,
        )

    assert [(type(one), str(one)) for one in errors] == [(InvitationProblem, "has-login")]
    assert User.objects.filter(email="lola@example.org").count() == 1


def test_two_administrators_cannot_erase_each_other_at_the_same_moment(street):
    both = [make.member(street, name, Member.Role.ADMIN) for name in ("Marta", "Nora")]
    wishes = [erasure.ask(member=one, at=START) for one in both]
    all_there, number, hindrances = threading.Barrier(2), count(), erasure.hindrances

    def with_the_other(member):
        found = hindrances(member)
        with suppress(threading.BrokenBarrierError):
            all_there.wait(2)
        return found

    def erase_the_other():
        mine = next(number)
        erasure.erase(wish_id=wishes[1 - mine].pk, by=both[mine], at=START)

    with patch.object(erasure, "hindrances", with_the_other):
        errors = at_once(erase_the_other, times=2)

    assert [type(one) for one in errors] == [NotAllowed]
    assert Member.objects.filter(community=street, left_at=None).count() == 1


def test_an_announcement_that_is_sent_many_times_at_once_is_announced_and_mailed_once():
    admin = make.member(make.community(), "Marta", Member.Role.ADMIN)
    Member.objects.filter(pk=admin.pk).update(wants_mail=True)
    written = Written("Asamblea", "El jueves.", "", "", "", "", days=14)

    errors = at_once(lambda: announce(by=admin, written=written, at=START, site="https://azotea.example"))

    assert errors == []
    assert (Announcement.objects.count(), AnnouncementLetter.objects.count()) == (1, 1)
    end(announcement_id=Announcement.objects.get().pk, by=admin, at=START)
    announce(by=admin, written=written, at=START)
    assert Announcement.objects.count() == 2, "what was taken back may be said again"
