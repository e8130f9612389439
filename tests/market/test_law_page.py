"""Where the street is and under which law: read by all, set by administrators, and what follows from it."""

from datetime import UTC, date, datetime
from unittest.mock import patch

import pytest
from django.urls import reverse

from community.models import Community, Member
from community.regulated import distances_on
from community.roles import NotAllowed
from market.services.rules import ClockIsFixed, set_place
from market.services.statements import close_month
from tests import factories as make
from tests.market.test_rent_and_pool import CLOSING, NOVEMBER, cleared, homes, metered, street, usual

__all__ = ["homes", "street"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def marta(street):
    return make.member(street, "Marta", Member.Role.ADMIN)


def test_the_islands_have_a_clock_of_their_own_and_ceuta_its_hours(street, marta):
    ten = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
    assert street.period(ten) == "P1"

    set_place(by=marta, at=make.NOON, region="ceuta", legal_mode="simulation")
    assert Community.objects.get(pk=street.pk).period(datetime(2026, 11, 23, 9, 30, tzinfo=UTC)) == "P2"
    set_place(by=marta, at=make.NOON, region="canary", legal_mode="private_settlement")

    moved = Community.objects.get(pk=street.pk)
    assert (moved.timezone, moved.legal_mode) == ("Atlantic/Canary", "private_settlement")
    assert moved.period(datetime(2026, 11, 23, 9, 30, tzinfo=UTC)) == "P2", "half past nine on the islands"


def test_the_clock_stays_once_a_month_is_closed(street, homes, marta):
    cleared(street, usual(homes))
    metered(homes)
    close_month(community=street, month=NOVEMBER, at=CLOSING)

    with pytest.raises(ClockIsFixed):
        set_place(by=marta, at=make.NOON, region="canary", legal_mode="simulation")
    set_place(by=marta, at=make.NOON, region="balearic", legal_mode="coefficients")
    assert Community.objects.get(pk=street.pk).region == "balearic"


def test_a_street_elsewhere_in_europe_keeps_its_clock(street, marta):
    Community.objects.filter(pk=street.pk).update(timezone="Europe/Vienna")
    set_place(by=marta, at=make.NOON, region="canary", legal_mode="sharing")
    assert Community.objects.get(pk=street.pk).timezone == "Europe/Vienna"


def test_distances_are_those_of_the_day():
    assert [one.distance_m for one in distances_on(date(2021, 1, 1))] == [500]
    assert [one.distance_m for one in distances_on(date(2024, 1, 1))] == [500, 2_000]
    assert [one.distance_m for one in distances_on(date(2026, 3, 22))] == [500, 5_000]


def test_everybody_reads_and_administrators_set(client, street, marta):
    rosa = make.member(street, "Rosa")
    page = reverse("law")
    with patch("config.clock.now", lambda: make.NOON):
        client.force_login(rosa.user)
        read = client.get(page).content.decode()
        refused = client.post(page, {"region": "ceuta", "legal_mode": "sharing"})
        client.force_login(marta.user)
        set_ = client.post(page, {"region": "ceuta", "legal_mode": "sharing"})
        wrong = client.post(page, {"region": "mars", "legal_mode": "sharing"})

    assert "5.000" in read.replace("\xa0", " ")
    assert '<form class="form card"' not in read
    assert (refused.status_code, set_.status_code, wrong.status_code) == (403, 302, 422)
    with pytest.raises(NotAllowed):
        set_place(by=rosa, at=make.NOON, region="ceuta", legal_mode="sharing")
