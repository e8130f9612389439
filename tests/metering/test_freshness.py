"""Every view says until when it is true: until when half of the meters have told, and how many are behind."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.utils import timezone, translation

from community.models import Member
from metering.completeness import Freshness, freshness
from metering.wording.freshness import until_line
from tests import factories as make

pytestmark = pytest.mark.django_db
NOON, QUARTER = make.NOON, make.QUARTER


@pytest.fixture
def homes():
    street = make.community()
    offer = make.tariff()
    ana = make.member(street, "Ana")
    return [make.home(street, f"Azahar {n}", offer, ana if n == 1 else None) for n in range(1, 5)]


def test_the_street_is_as_fresh_as_half_of_its_meters_and_names_who_is_behind(homes):
    for home, late in zip(homes, (0, 0, 3), strict=False):
        make.read(home, NOON - QUARTER - timedelta(hours=late), 100, 0)

    found = freshness(homes[0].community_id, NOON)

    assert found == Freshness(NOON, behind=2, meters=4), "one is late, one never told anything"


def test_what_comes_later_than_the_instant_does_not_count(homes):
    for home in homes:
        make.read(home, NOON, 100, 0)

    assert freshness(homes[0].community_id, NOON - QUARTER).until is None


def test_a_street_without_meters_has_nobody_behind():
    assert freshness(make.community().pk, NOON) == Freshness(None, 0, 0)


@pytest.mark.parametrize(
    ("found", "language", "said"),
    [
        (Freshness(NOON, 0, 4), "en", "Readings until 12:00"),
        (Freshness(NOON, 1, 4), "en", "Readings until 12:00; 1 meter is behind"),
        (Freshness(NOON, 3, 4), "es", "Lecturas hasta las 12:00; 3 contadores van con retraso"),
        (Freshness(NOON - timedelta(days=2), 0, 4), "en", "Readings until 21 November, 12:00"),
        (Freshness(None, 4, 4), "en", "No readings yet"),
    ],
)
def test_it_is_said_in_words(found, language, said):
    with translation.override(language), timezone.override("Europe/Madrid"):
        assert until_line(found, NOON + QUARTER) == said


@pytest.mark.parametrize(
    "path",
    ["/", "/street/", "/market/", "/months/", "/street/congestion/", "/slots/2026-11-23T1100Z/", "/proof/", "/when/",
     "/virtual-battery/"],
)  # fmt: skip
def test_pages_say_until_when_they_are_true(client, homes, sums_of_few, path):
    from market.services.slots import open_slots

    for home in homes:
        make.read(home, NOON - QUARTER, 100, 0)
    open_slots(community=homes[0].community, first=NOON, until=NOON + QUARTER)
    client.force_login(homes[0].member.user)

    with patch("config.clock.now", lambda: NOON + QUARTER):
        page = client.get(path).content.decode()

    assert "Lecturas hasta las 12:00" in page


@pytest.mark.parametrize(("query", "renews"), [("", True), ("?d=2026-11-22", False)])
@pytest.mark.parametrize("path", ["/", "/street/", "/market/"])
def test_only_pages_of_now_renew_themselves_and_say_when_they_did(client, homes, sums_of_few, path, query, renews):
    for home in homes:
        make.read(home, NOON - timedelta(days=1), 100, 0)
    client.force_login(homes[0].member.user)

    with patch("config.clock.now", lambda: NOON + QUARTER):
        page = client.get(path + query).content.decode()

    assert ("data-refresh" in page) is renews
    assert ("actualizado a las 12:15" in page) is renews


@pytest.mark.parametrize("path", ["/closing/", "/sharing/", "/agents/", "/completeness/"])
def test_administrators_pages_say_it_too_and_how_many_meters_are_behind(client, homes, path):
    for home, late in zip(homes, (0, 0, 0, 3), strict=True):
        make.read(home, NOON - QUARTER - timedelta(hours=late), 100, 0)
    client.force_login(make.member(homes[0].community, "Marta", Member.Role.ADMIN).user)

    with patch("config.clock.now", lambda: NOON + QUARTER):
        page = client.get(path).content.decode()

    assert page.count("Lecturas hasta las 12:00; 1 contador va con retraso") == 1


def test_a_part_of_the_street_is_sent_alone(client, homes, sums_of_few):
    client.force_login(homes[0].member.user)

    part = client.get("/street/", headers={"HX-Request": "true", "HX-Target": "now"}).content.decode()

    assert part.lstrip().startswith('<div id="now"')
    assert "<html" not in part


@pytest.mark.parametrize("path", ["/", "/months/"])
def test_a_home_reads_until_when_its_own_meter_has_told_and_how_many_of_the_street_are_behind(client, homes, path):
    for home, late in zip(homes, (1, 0, 0, 3), strict=True):
        make.read(home, NOON - QUARTER - timedelta(hours=late), 100, 0)
    client.force_login(homes[0].member.user)

    with patch("config.clock.now", lambda: NOON + QUARTER):
        page = client.get(path).content.decode()

    assert "Lecturas hasta las 11:00; 1 contador va con retraso" in page
