"""The demo's homes tell what their panels made, so that its pages know what stayed at home."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.validators import validate_email
from django.test import Client

from community.demo.homes import curves
from community.demo.neighbourhood import HOMES
from community.models import Household
from config import clock
from market.demo.build import address_of, build
from market.demo.history import live_through
from market.services.settle import settle_due
from metering.completeness import freshness
from metering.models import Reading

pytestmark = pytest.mark.django_db

FIRST = datetime(2026, 10, 26, tzinfo=ZoneInfo("Europe/Madrid")).astimezone(ZoneInfo("UTC"))
SLOTS = 60
UNTIL = FIRST + timedelta(minutes=15) * SLOTS


@pytest.fixture
def street(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: UNTIL)
    street, _logins = build(at=FIRST - timedelta(days=1))
    live_through(street, FIRST, UNTIL, lambda _start: None)
    while settle_due(community=street, at=UNTIL):
        pass
    return street


def page_of(name):
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(Household.objects.get(name=name).member.user)
    return client.get("/energy/").context


def test_homes_of_the_demo_with_panels_are_told_their_own_use_and_their_flows_add_up(street):
    for facts in (home for home in HOMES if home.pv_w):
        page = page_of(facts.name)

        told = {one.label: one.value for one in page["figures"]}
        assert "—" not in {told["Self-consumption"], told["Self-sufficiency"]}
        assert page["gaps"] == []
        flows = page["flows"]
        roof, used, took = (
            sum(flow.energy_wh for flow in flows if name in {flow.source, flow.target})
            for name in ("your roof", "you used", "battery took")
        )
        assert roof == sum(curves(facts.curve, FIRST, SLOTS)[1])
        assert bool(took) == bool(facts.battery_wh)
        if not facts.ev_w:
            assert used == sum(curves(facts.curve, FIRST, SLOTS)[0])
        into, out = (
            sum(flow.energy_wh for flow in flows if getattr(flow, end) == "your home")
            for end in ("target", "source")
        )
        assert into == out

    generating = Reading.objects.filter(channel="generation")
    names = set(generating.values_list("metering_point__household__name", flat=True))
    assert names == {home.name for home in HOMES if home.pv_w}
    fresh = freshness(street.pk, UNTIL)
    assert (fresh.until, fresh.behind, fresh.meters) == (UNTIL, 0, len(HOMES))


def test_every_neighbour_of_the_demo_has_an_address_that_a_list_may_hold():
    residents = [home.resident for home in HOMES if home.resident]

    addresses = [address_of(name) for name in residents]

    for address in addresses:
        validate_email(address)
    assert len(set(addresses)) == len(addresses)
