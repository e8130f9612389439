"""The way to the first settlement: each step done as soon as it is, for those who can take it, gone at the end."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.utils import translation

from community.models import Household, Member
from community.services.members import invite
from market.queries.checklist import progress_of
from market.wording.checklist import checklist
from tests import factories as make

pytestmark = pytest.mark.django_db

NOW = make.NOON + timedelta(hours=1)


@pytest.fixture(autouse=True)
def _clock():
    with patch("config.clock.now", lambda: NOW), translation.override("en"):
        yield


@pytest.fixture
def admin():
    return make.member(make.community(), "Marta", Member.Role.ADMIN)


def states(admin):
    return {step.title: (step.state, step.said) for step in checklist(admin, NOW)}


def test_a_new_community_has_everything_before_it(admin):
    found = states(admin)

    assert found["The community exists"][0] == "done"
    assert {state for title, (state, _said) in found.items() if title != "The community exists"} == {"to do"}


def test_every_step_is_done_by_what_is_there(admin):
    street = admin.community
    home = make.home(street, "Azahar 1", make.tariff())
    Household.objects.create(community=street, name="Azahar 3")
    make.read(home, make.NOON, 100, 0)
    invite(invited_by=admin, email="ana@example.org", household=home, at=NOW)

    found = states(admin)

    assert found["Homes"] == ("done", "2 of 2 homes")
    for title in ("A tariff for each home", "A meter for each home", "First readings"):
        assert found[title] == ("begun", "1 of 2 homes")
    assert found["A neighbour for each home, or an invitation"] == ("begun", "1 of 2 homes")
    assert found["A first settlement to look at"][0] == "to do"


def test_an_invitation_that_expired_is_none(admin):
    home = make.home(admin.community, "Azahar 1", make.tariff())
    invite(invited_by=admin, email="ana@example.org", household=home, at=NOW - timedelta(days=15))

    assert progress_of(admin.community, NOW).neighbours == 0


def test_each_step_leads_to_a_page_that_opens(client, admin):
    client.force_login(admin.user)

    assert {step.address: client.get(step.address).status_code for step in checklist(admin, NOW)} == {
        step.address: 200 for step in checklist(admin, NOW)
    }


@pytest.mark.parametrize("path", ["/street/", "/neighbours/", "/closing/"])
def test_administrators_see_it_on_empty_pages_and_residents_never(client, admin, path):
    client.force_login(admin.user)
    assert 'id="checklist-title"' in client.get(path).content.decode()
    client.force_login(make.member(admin.community, "Ana").user)
    assert 'id="checklist-title"' not in client.get(path).content.decode()
