"""The page that says who decides for the homes: for administrators, with and without a past."""

from datetime import timedelta
from unittest.mock import patch

import pytest

from community.models import Member
from market.agents.policy.weights import planner_only
from market.models import Policy, TrainingRun
from market.services.training import ask_for_training
from tests import factories as make

pytestmark = pytest.mark.django_db

NOW = make.NOON
WEEKS = [f"2026-10-{day:02}T23:00:00+00:00" for day in (4, 11, 18, 25)]


@pytest.fixture(autouse=True)
def _clock():
    with patch("config.clock.now", lambda: NOW):
        yield


@pytest.fixture
def street():
    return make.community()


@pytest.fixture
def admin(client, street):
    client.force_login(make.member(street, "Marta", Member.Role.ADMIN).user)
    return client


def english(client, path="/agents/", **headers):
    answer = client.get(path, headers={"accept-language": "en", **headers})
    return answer.content.decode().replace("\xa0", " ")


def figures(cost, gain, above=()):
    return {
        "cost_neur": cost, "gain_neur": gain, "broken_slots": [0] * 4, "missing_wh": [0] * 4,
        "above_alone": list(above), "jain": 0.7125, "gini": 0.3549, "exploitability": None,
        "saving_neur_week": {"both": 2_240_000_000, "none": 4_300_000_000},
    }  # fmt: skip


def report(home, *, passed):
    over = [] if passed else [{"home": home.pk, "over_neur_week": 120_000_000}]
    return {
        "passed": passed,
        "reasons": [
            {"code": "cheaper", "ok": True, "facts": {"than": "champion", "odds": 0.981, "needed": 0.9,
                                                      "saves_neur_week": 560_000_000}},
            {"code": "cheaper", "ok": True, "facts": {"than": "rule", "odds": 1.0, "needed": 0.9,
                                                      "saves_neur_week": 4_630_000_000}},
            {"code": "limits", "ok": True, "facts": {"avoidable": 0, "broken": 2}},
            {"code": "homes", "ok": passed, "facts": {"above": over}},
            {"code": "cars", "ok": True, "facts": {"missing_wh_week": 0, "others_wh_week": 0}},
            {"code": "exploitability", "ok": True, "facts": {"now": 0.15, "before": 0.16}},
        ],
        "alone_neur": [25_000_000_000] * 4, "homes": {"both": 1, "battery": 0, "panels": 0, "none": 1},
        "digests": {}, "weeks": WEEKS, "trained_weeks": 12, "needed_weeks": 8,
        "stories": {"champion": "planner only", "challenger": "trained"},
        "candidates": {
            "rule": figures([20_000_000_000] * 4, [5_000_000_000] * 4),
            "champion": figures([16_000_000_000, 15_000_000_000, -1_000_000_000, 18_000_000_000],
                                [9_000_000_000] * 4),
            "challenger": figures([15_500_000_000] * 4, [9_500_000_000] * 4),
        },
    }  # fmt: skip


def trained(street, home, *, passed=True):
    run = ask_for_training(community_id=street.pk, why="weekly", at=NOW - timedelta(hours=1))
    TrainingRun.objects.filter(pk=run.pk).update(
        status="done", finished_at=NOW, weeks=16, report=report(home, passed=passed)
    )
    run.refresh_from_db()
    return run


def policy(street, status="champion", **fields):
    weights = planner_only()
    return Policy.objects.create(
        community=street, status=status, weights={**weights.as_json(), "story": {"made": "trained"}},
        digest=weights.digest, made_at=NOW - timedelta(days=20), champion_at=NOW - timedelta(days=3),
        **fields,
    )  # fmt: skip


def test_before_any_training_the_page_says_what_decides_and_when_it_will_change(admin):
    page = english(admin)

    assert "The policy that ships with Azotea decides in all homes." in page
    assert (
        "En todos los hogares decide la estrategia de serie de Azotea."
        in admin.get("/agents/", headers={"accept-language": "es"}).content.decode()
    )
    assert "No training has taken place yet" in page
    assert "No policy of the street's own yet" in page


def test_a_test_that_was_passed_is_told_with_its_reasons_its_picture_and_its_figures(admin, street):
    ana = make.home(street, "Azahar 3", make.tariff())
    trained(street, ana)

    page = english(admin)

    assert "In 4 weeks lived again the new policy passed every test." in page
    assert "It costs the street 0.56 € a week less than who decides now; odds of 98 %" in page
    assert "In 2 hours the homes needed more than the transformer may give, whoever decided." in page
    assert "would gain 15 % of its saving; now it is 16 %" in page
    assert "Panels and battery (1 home)" in page
    assert "Jain 0.71" in page
    assert page.count('class="bar challenger"') == 4
    assert "12.00 €" in page, "the champion's mean cost, one week earning"


def test_a_home_that_would_pay_more_is_named(admin, street):
    ana = make.home(street, "Azahar 3", make.tariff())
    trained(street, ana, passed=False)

    page = english(admin)

    assert "did not pass, so nobody follows it" in page
    assert "These homes would pay more than alone: Azahar 3, 0.12 € a week." in page


def test_training_now_asks_once_and_the_page_follows_it_with_and_without_javascript(admin, street):
    for _ in range(2):
        admin.post("/agents/train/")

    run = TrainingRun.objects.get()
    assert (run.why, run.status) == ("asked", "queued")
    TrainingRun.objects.update(status="running", generation=40, started_at=NOW)
    part = english(admin, **{"hx-request": "true", "hx-target": "training"})
    assert "Round 40 of 200." in part
    assert "Look again" in part
    assert "<html" not in part
    assert "Train now" not in part


def test_an_administrator_rolls_a_policy_back_and_the_one_before_decides_again(admin, street):
    before = policy(street, "retired", ended_at=NOW - timedelta(days=3))
    present = policy(street)

    said = admin.post(f"/agents/policies/{present.pk}/take-back/", follow=True, headers={"accept-language": "en"})
    again = admin.post(f"/agents/policies/{present.pk}/take-back/", follow=True, headers={"accept-language": "en"})

    present.refresh_from_db()
    before.refresh_from_db()
    assert (present.status, before.status) == ("rolled_back", "champion")
    assert "From the next slot on the agents follow the one before." in said.content.decode()
    assert "Marta took it back." in said.content.decode()
    assert "nothing was changed" in again.content.decode()


def test_the_page_and_its_buttons_are_for_administrators_of_the_same_community(client, admin, street):
    present = policy(street)
    client.force_login(make.member(street, "Ana").user)

    assert client.get("/agents/").status_code == 403
    assert client.post("/agents/train/").status_code == 403
    assert client.post(f"/agents/policies/{present.pk}/take-back/").status_code == 403
    client.force_login(make.member(make.community(slug="otra"), "Zoe", Member.Role.ADMIN).user)
    assert client.post(f"/agents/policies/{present.pk}/take-back/").status_code == 404
    assert client.get(f"/agents/policies/{present.pk}/take-back/").status_code == 405
    assert Policy.objects.get().status == "champion"
    assert not TrainingRun.objects.exists()


def test_visitors_must_log_in(client, street):
    assert client.get("/agents/").headers["location"].startswith("/login/")


def test_more_leads_there(admin):
    assert 'href="/agents/"' in english(admin, "/more/")
