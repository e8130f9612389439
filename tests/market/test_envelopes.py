"""What the street guarantees a home: on its page and over the API, only where the cables are known."""

from unittest.mock import patch

import pytest
from django.core.management import call_command
from django.test import Client

from community.models import Community, Household
from market.queries.envelopes import street_envelopes
from tests import factories as make
from tests.factories import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def home():
    street = make.community()
    offer = make.tariff()
    home = make.home(street, "Azahar 1", offer, make.member(street, "Ana"))
    make.battery(home, discharge_w=3_000)
    make.home(street, "Azahar 3", offer)
    return home


def ask(home):
    address = f"/api/v1/metering-points/{make.meter(home).public_id}/envelope"
    with patch("metering.api.authentication.now", lambda: NOON):
        return Client().get(address, headers={"authorization": f"Bearer {make.token(home)}"})


def page(home):
    client = Client()
    client.force_login(home.member.user)
    with patch("config.clock.now", lambda: NOON):
        return client.get("/street/").content.decode().replace("\xa0", " ")


def test_without_known_cables_nothing_is_promised(home):
    assert street_envelopes(home.community) == {}
    assert ask(home).status_code == 404
    assert "te garantiza" not in page(home)


def test_a_home_is_told_what_it_may_always_do(home, capsys):
    call_command("load_feeder", "calle", "--usual", "street")

    assert ask(home).json() == {"import_w": 5_750, "export_w": 3_000}
    assert "hasta 5,7 kW" in page(home)


def test_a_tight_street_promises_less_to_each_and_no_more_than_it_has(home, capsys):
    call_command("load_feeder", "calle", "--usual", "street")
    Community.objects.update(import_limit_w=6_000)

    found = street_envelopes(Community.objects.get())

    assert sum(one.import_w for one in found.values()) == pytest.approx(6_000)
    assert {one.export_w for one in found.values()} == {0.0, 3_000.0}
    assert set(found) == set(Household.objects.values_list("pk", flat=True))
