"""The operator's pages of jobs and of how the site does, on a phone and on a desk."""

import pytest

from community.models import User
from market.services.jobs import note_failure
from tests import factories as make
from tests.browser.checks import problems
from tests.browser.conftest import DESK, log_in

pytestmark = pytest.mark.django_db(transaction=True)
NARROW = {"width": 360, "height": 780}


@pytest.mark.parametrize(("viewport", "locale"), [(NARROW, "es-ES"), (DESK, "en-GB")], ids=["phone", "desk"])
def test_a_failed_job_can_be_read_and_asked_for_again(open_page, viewport, locale):
    User.objects.create_superuser("op@example.org", make.PASSWORD, name="Op")
    error = "psycopg.errors.LockNotAvailable: canceling statement due to lock timeout " + "x" * 80
    note_failure(task="market.tasks.settle_slots", given={"slot_ids": list(range(40))}, error=error, at=make.NOON)
    page = open_page(locale, viewport)
    log_in(page, "op@example.org", make.PASSWORD)

    page.goto("/operator/jobs/")

    assert problems(page, "/operator/jobs/") == []
    assert page.locator("form[action$='/again/'] button").count() == 1


@pytest.mark.parametrize(("viewport", "locale"), [(NARROW, "es-ES"), (DESK, "en-GB")], ids=["phone", "desk"])
def test_how_the_site_does_can_be_read_by_everybody(open_page, viewport, locale):
    User.objects.create_superuser("op@example.org", make.PASSWORD, name="Op")
    street = make.community()
    make.read(make.home(street, "Azahar 1", make.tariff()), make.NOON, 100, 0)
    page = open_page(locale, viewport)
    log_in(page, "op@example.org", make.PASSWORD)

    page.goto("/operator/")
    page.click("text=Cómo va el sitio" if locale == "es-ES" else "text=How the site does")

    assert page.url.endswith("/operator/status/")
    assert problems(page, "/operator/status/") == []
