"""An administrator hands in a portal's file, sees what it says, and stores it; with and without JavaScript."""

from pathlib import Path
from unittest.mock import patch

import pytest

from community.models import Member
from metering.models import Reading
from tests import factories as make
from tests.browser.conftest import log_in

pytestmark = pytest.mark.django_db(transaction=True)

FILE = Path(__file__).parents[1] / "metering" / "files" / "edistribucion_autumn.csv"


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_from_file_to_readings(open_page, script):
    street = make.community()
    make.home(street, "Azahar 1", make.tariff(), make.member(street, "Marta", Member.Role.ADMIN))
    page = open_page(script=script)

    with patch("config.clock.now", lambda: make.NOON):
        log_in(page, "marta@example.org", make.PASSWORD)
        page.goto("/more/")
        page.click("text=Meter files")
        page.set_input_files("input[type=file]", FILE)
        page.click("text=See what it says")

        assert page.inner_text("h1") == FILE.name
        assert "hours are counted from 1" in page.inner_text("main")
        assert "75 new, 0 changed" in page.inner_text("main")
        assert not Reading.objects.exists()

        page.click("text=Store these readings")
        page.wait_for_selector("text=75 readings stored.")

    assert Reading.objects.count() == 75
