"""Who decides for the homes, in a browser: readable by everybody, live with script, complete without."""

from datetime import timedelta
from unittest.mock import patch

import pytest

from community.models import Member
from market.models import Policy, TrainingRun
from tests import factories as make
from tests.browser.checks import problems
from tests.browser.conftest import DESK, PHONE, log_in
from tests.market.test_policies_page import policy, report, trained

pytestmark = pytest.mark.django_db(transaction=True)

NOW = make.NOON


@pytest.fixture
def street():
    """A street with a champion, a policy on trial and a refused one."""
    street = make.community()
    marta = make.member(street, "Marta", Member.Role.ADMIN)
    ana = make.home(street, "Azahar 1", make.tariff(), marta)
    policy(street)
    trial = policy(street, "canary", canary_homes=[ana.pk], shadow_at=NOW - timedelta(days=8), canary_at=NOW)
    refused = policy(street, "refused", ended_at=NOW)
    passed, failed = report(ana, passed=True), report(ana, passed=False)
    Policy.objects.filter(pk=trial.pk).update(
        champion_at=None, steps=[{"to": "shadow", "at": NOW.isoformat(), "reasons": passed["reasons"]}]
    )
    Policy.objects.filter(pk=refused.pk).update(
        champion_at=None, steps=[{"to": "refused", "at": NOW.isoformat(), "reasons": failed["reasons"]}]
    )
    trained(street, ana)
    with patch("config.clock.now", lambda: NOW):
        yield street


@pytest.mark.parametrize(
    ("viewport", "locale", "scheme"), [(PHONE, "es-ES", "light"), (DESK, "en-GB", "dark")], ids=["phone", "desk"]
)
def test_the_page_has_no_accessibility_problem(open_page, street, viewport, locale, scheme):
    page = open_page(locale, viewport)
    page.emulate_media(color_scheme=scheme)
    log_in(page, "marta@example.org", make.PASSWORD)

    page.goto("/agents/")

    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    assert problems(page, "/agents/") == []


def test_a_training_is_followed_without_reloading(open_page, street):
    page = open_page()
    log_in(page, "marta@example.org", make.PASSWORD)
    page.goto("/agents/")
    page.click("summary:has-text('Train now')")
    page.click("button:has-text('Begin the training')")
    page.wait_for_selector("text=A training waits for its turn")

    TrainingRun.objects.filter(status="queued").update(
        status="running", generation=50, generations=200, started_at=NOW
    )

    page.wait_for_selector("text=Round 50 of 200.")


def test_a_policy_is_rolled_back_without_script(open_page, street):
    page = open_page(script=False)
    log_in(page, "marta@example.org", make.PASSWORD)
    page.goto("/agents/")
    page.click("summary:has-text('Roll ')")

    page.click("button:has-text('Roll it back')")

    page.wait_for_selector("text=Taken back.")
    assert Policy.objects.get(canary_homes__len=1).status == "rolled_back"
