"""A night of the demo's street: a car is plugged in, is told when to charge, and leaves full."""

from datetime import date, datetime, time, timedelta
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from community.models import DeviceState, Household
from market.agents.sessions import session_of
from market.demo.build import build
from market.demo.gateway import Gateway
from market.demo.history import live_through
from market.demo.homes import SEED, neighbours
from market.models import Acknowledgement, SetPoint
from market.queries.due import next_to_open

pytestmark = pytest.mark.django_db(transaction=True)

MADRID = ZoneInfo("Europe/Madrid")
DIEGO, CURVE = "Azahar 7, bajo", 4
QUARTER = timedelta(minutes=15)


@pytest.fixture
def at():
    """Sets the clock of the doors."""
    instants = {"now": None}
    doors = ("market.api.plan.now", "market.api.acknowledgements.now", "metering.api.views.now")
    doors += ("metering.api.authentication.now", "config.clock.now", "market.demo.gateway.now")
    patches = [patch(door, lambda: instants["now"]) for door in doors]
    for one in patches:
        one.start()
    yield lambda instant: instants.update(now=instant)
    for one in patches:
        one.stop()


def whole_slot(instant):
    return instant.replace(minute=instant.minute // 15 * 15, second=0, microsecond=0)


def test_a_car_is_told_when_to_charge_and_leaves_full(at, live_server):
    evenings = [date(2026, 11, 2) + timedelta(days=i) for i in range(14)]
    session = next(found for day in evenings if (found := session_of(SEED, CURVE, day, MADRID)))
    evening = session.arrives.astimezone(MADRID).date()
    first = datetime.combine(evening, time(17), MADRID).astimezone(session.arrives.tzinfo)
    street, logins = build(at=first - timedelta(days=1))
    diego = Household.objects.get(name=DIEGO)
    car = diego.devices.get(kind="ev_charger")

    # The car comes home, and an hour later its owner looks.
    looked = whole_slot(session.arrives) + timedelta(hours=1)
    live_through(street, first, looked, lambda _start: None)
    at(looked)
    page = Client(headers={"accept-language": "en"})
    page.force_login(diego.member.user)
    shown = page.get("/").content.decode()
    point = f"/api/v1/metering-points/{diego.metering_points.get().public_id}"
    headers = {"authorization": f"Bearer {logins['integrator']['token']}"}
    window = {"start": looked.isoformat(), "end": (looked + QUARTER).isoformat()}
    told = Client().get(f"{point}/plan", window, headers=headers).json()

    assert "Your car charges " in shown
    assert f"ready by {session.leaves.astimezone(MADRID):%H:%M}." in shown.replace("\u00a0", " ")
    steps = [step for step in told["next"] if step["device"] == car.pk]
    assert {step["reason"] for step in steps} == {"in_window"}
    assert sum(step["energy_wh"] for step in steps) <= session.need_wh
    assert all(datetime.fromisoformat(step["end"]) <= session.leaves for step in steps)
    assert all(step["start"] <= step["starts_at"] < step["end"] for step in steps)
    assert told["lacking"] == []

    # The night passes.
    left = whole_slot(session.leaves)
    live_through(street, next_to_open(street, looked), left, lambda _start: None)
    taken = DeviceState.objects.filter(device=car, at__gt=session.arrives, at__lte=left)
    assert sum(state.energy_wh for state in taken) == session.need_wh
    assert taken.order_by("-at").first().need_wh == 0
    answers = Acknowledgement.objects.filter(device=car)
    assert answers.exists()
    assert not answers.exclude(answer="accepted").exists()
    in_the_street = SetPoint.objects.filter(slot__community=street, slot__start__lt=left)
    assert Acknowledgement.objects.count() >= in_the_street.count() - 12

    # In the morning the homes report over HTTP, and do the same there.
    at(left + timedelta(minutes=1))
    gateway = Gateway(live_server.url, logins["integrator"]["token"])
    before = Acknowledgement.objects.count()
    for home in neighbours(street, left):
        gateway.hear(home, left, left + QUARTER)
        at(left + QUARTER + timedelta(minutes=1))
        gateway.send(home, home.live(left))
        at(left + timedelta(minutes=1))
        assert home.answers == home.outbox == []
    assert Acknowledgement.objects.count() > before
