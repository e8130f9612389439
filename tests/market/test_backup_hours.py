"""The rules' page says how long a reserve lasts, reckoned with what the home uses."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.test import Client

from community.models import Device
from market.queries.backup import backup_of
from metering.services.readings import ReadingRow, store_readings
from tests import factories as make
from tests.market.test_energy import FIRST, settled

pytestmark = pytest.mark.django_db
NOW = FIRST + timedelta(hours=12)


@pytest.fixture
def home():
    street = make.community(slot_minutes=15)
    return make.home(street, "Azahar 1", make.tariff(), make.member(street, "Ana"), reserve_pct=25)


def test_the_full_battery_over_the_mean_use_of_four_weeks(home):
    make.battery(home, capacity_wh=10_000, efficiency_ppm=900_000)
    settled(home, FIRST, taken=100)
    settled(home, FIRST + make.QUARTER, taken=50)
    settled(home, FIRST + make.QUARTER * 2, missing=True)
    settled(home, FIRST - timedelta(days=40), taken=9_000)

    found = backup_of(home, NOW)

    assert found == (9_000, 300)


def test_what_the_roof_gave_the_home_counts_where_it_is_measured(home):
    make.battery(home, capacity_wh=10_000, efficiency_ppm=1_000_000)
    settled(home, FIRST, taken=50, given=100)
    point = make.meter(home)
    made = [ReadingRow("generation", FIRST, 250)]
    store_readings(metering_point=point, rows=made, at=NOW, source="api", content_sha256="0" * 64)

    assert backup_of(home, NOW) == (10_000, 800)


def test_without_a_battery_or_readings_nothing_is_said(home):
    assert backup_of(home, NOW) is None
    make.battery(home)
    assert backup_of(home, NOW) is None
    settled(home, FIRST, taken=100)
    assert backup_of(home, NOW) is not None
    Device.objects.update(retired_at=NOW)
    assert backup_of(home, NOW) is None


@pytest.mark.parametrize(("language", "said"), [("es", "unas"), ("en", "lasts about"), ("ca", "unes")])
def test_the_page_says_it_beside_the_slider_in_the_readers_language(home, language, said):
    make.battery(home, capacity_wh=10_000, efficiency_ppm=1_000_000)
    settled(home, FIRST, taken=100)
    client = Client(headers={"accept-language": language})
    client.force_login(home.member.user)

    with patch("config.clock.now", lambda: NOW):
        page = client.get("/rules/").content.decode()

    assert 'type="range" name="reserve_pct"' in page
    comma = "." if language == "en" else ","
    assert f'{said} <output for="id_reserve_pct" data-hours="25.0">6{comma}2</output>' in page
    assert f"25{comma}0" in page.replace("\xa0", " ")
