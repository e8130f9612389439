"""The street's picture of a day is told in the street's own hours."""

from datetime import timedelta

import pytest
from django.test import Client

from community.models import Member
from config import clock
from tests import factories as make

pytestmark = pytest.mark.django_db


def test_the_axis_begins_at_the_streets_midnight_and_noon_stands_in_the_middle(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: make.NOON + timedelta(hours=1))
    street = make.community()
    marta = make.home(street, "Azahar 1", make.tariff(), make.member(street, "Marta", Member.Role.ADMIN))
    slot = make.slot(street)
    slot.status, slot.cleared_at = "cleared", slot.gate_closure
    slot.save()
    client = Client()
    client.force_login(marta.member.user)

    chart = client.get("/street/").context["chart"]

    assert [(tick.value, tick.at) for tick in chart.hours[:5]] == [(0, 0), (3, 125), (6, 250), (9, 375), (12, 500)]
