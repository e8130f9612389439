"""An administrator closes a month, a revision comes and the difference is seen; and a pilot from a file to its report."""

from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest

from community.models import Community, Member
from market.models import Pilot, PilotMonth
from market.services import pilot_months
from tests import factories as make
from tests.browser.conftest import DESK, PHONE, log_in
from tests.market.test_rent_and_pool import CLOSING, cleared, homes, metered, street, usual

__all__ = ["homes", "street"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def marta(street, homes):
    """The administrator, who lives in Carla's home."""
    admin = make.member(street, "Marta", Member.Role.ADMIN)
    homes[2].member = admin
    homes[2].save()
    return admin


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_month_is_closed_revised_and_the_difference_is_seen(open_page, street, homes, marta, script):
    cleared(street, usual(homes))
    metered(homes)
    with patch("config.clock.now", lambda: CLOSING):
        page = open_page(viewport=PHONE, script=script)
        log_in(page, "marta@example.org", make.PASSWORD)

        page.goto("/closing/")
        page.click("text=Close November 2026")
        assert "November 2026 is closed, and every home has its statement." in page.inner_text("main")
        page.goto("/months/2026-11/")
        assert "Closed on" in page.inner_text("main")
        assert "−0.09 €" in page.inner_text("main").replace("\xa0", " ")

        metered(homes, at=CLOSING + timedelta(minutes=5), taken=(400, 300))
        page.goto("/closing/?m=2026-11")
        assert "correction due" in page.inner_text("main")
        page.click("text=Issue the corrections now")
        assert "2 homes have corrections" in page.inner_text("main")
        page.goto("/months/2026-11/")
        said = page.inner_text("main").replace("\xa0", " ")
        assert "Corrected on" in said
        assert "Bought from neighbours: −0.30 kWh" in said


def year_file(folder: Path) -> Path:
    """Five weeks of a home as a distributor's file."""
    head = "CUPS;Fecha;Hora;Consumo_kWh;Metodo_obtencion"
    rows = [
        f"ES9999000000000001DS0F;{day:02}/{month:02}/2025;{hour};0,{150 + 20 * hour};R"
        for month, days in ((1, 31), (2, 10))
        for day in range(1, days + 1)
        for hour in range(1, 25)
    ]
    path = folder / "datadis.csv"
    path.write_text("\n".join([head, *rows]), encoding="utf-8")
    return path


def test_a_pilot_goes_from_a_neighbours_file_to_a_report_and_a_community(open_page, marta, tmp_path):
    page = open_page(viewport=DESK)
    log_in(page, "marta@example.org", make.PASSWORD)
    with patch("market.views.pilots.ring_studio"):
        page.goto("/pilots/new/?homes=3")
        page.fill("#id_name", "Calle del Sol")
        page.select_option("#id_home-1-kind", "file")
        page.locator("summary").nth(1).click()
        page.set_input_files("#id_home-1-file", year_file(tmp_path))
        page.locator("#id_home-0-pv_kw").fill("6")
        assert page.inner_text("output[for=id_home-0-pv_kw]") == "6"
        page.click("text=Live the year")
        page.wait_for_url("**/pilots/*/")
    assert "0 of 12 months" in page.inner_text("main").replace("\xa0", " ")

    # A worker lives April; a test need not wait for eleven more.
    pilot = Pilot.objects.get()
    april = PilotMonth.objects.get(pilot=pilot, variant="usual", month=4)
    pilot_months.live(month_id=april.pk)
    april.refresh_from_db()
    for row in PilotMonth.objects.filter(pilot=pilot, lived__isnull=True):
        PilotMonth.objects.filter(pk=row.pk).update(lived=april.lived | {"month": row.month})
    page.wait_for_selector("text=What neighbours are worth to each home")
    said = page.inner_text("main").replace("\xa0", " ")
    assert "Together these 3 homes would pay" in said
    assert "1 of 3 homes brought its own readings" in said

    page.reload()
    page.click("text=Create this community")
    assert "Calle del Sol exists now" in page.inner_text("main")
    assert Community.objects.filter(name="Calle del Sol").exists()
