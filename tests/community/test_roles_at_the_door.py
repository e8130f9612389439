"""What a role's list says that it can and cannot do is so at the door: asked over HTTP, ability by ability."""

import json
from dataclasses import dataclass
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.test import Client

from community.models import Household, Member, User
from community.roles import INCLUDED, INTEGRATOR, OPERATOR, Can, Operate, Own, TokenScope
from community.wording import roles as wording
from market.models import FailedJob
from metering.services.tokens import issue_token
from tests import factories as make

pytestmark = pytest.mark.django_db
NOW = make.NOON + timedelta(hours=1)
POINT = "/api/v1/metering-points/{point}"
HOUR = "start=2026-11-23T11:00:00Z&end=2026-11-23T12:00:00Z"
READING = {"readings": [{"channel": "import", "start": "2026-11-23T12:00:00+01:00", "energy_wh": 250}]}


@dataclass
class Door:
    """What is asked for; `{…}` names what the street has. Only what is posted has a body."""

    path: str
    body: dict | None = None


DOORS = {
    Own.SEE_HOME: Door("/energy/"),
    Own.SET_OWN_RULES: Door("/rules/"),
    Own.SEE_STATEMENTS: Door("/months/"),
    Own.SEE_SUMS: Door("/street/"),
    Own.CHECK_PROOFS: Door("/proof/"),
    Own.TAKE_RECORDS: Door("/account/data/"),
    Can.SEE_STREET: Door("/street/forecasts/"),
    Can.SEE_METERS: Door("/completeness/"),
    Can.SEE_MONTHS: Door("/closing/"),
    Can.SEE_AUDIT: Door("/audit/"),
    Can.INVITE: Door("/neighbours/"),
    Can.END_MEMBERSHIPS: Door("/neighbours/members/{member}/end/"),
    Can.ANNOUNCE: Door("/announcements/new/"),
    Can.GIVE_ROLES: Door("/roles/?member={member}&role=billing"),
    Can.BRING_METERS: Door("/meter-files/"),
    Can.GIVE_TOKENS: Door("/gateways/"),
    Can.SET_CABLES: Door("/street/cables/new/"),
    Can.SET_RULES: Door("/street/law/", {}),
    Can.SET_TARIFFS: Door("/tariffs/"),
    Can.SET_SHARING: Door("/sharing/"),
    Can.RUN_AGENTS: Door("/agents/"),
    Can.RUN_PILOTS: Door("/pilots/"),
    Can.CLOSE_MONTHS: Door("/closing/2026-11/correct/", {}),
    Can.PAY: Door("/payments/"),
    Can.ERASE: Door("/erasures/"),
    TokenScope.READINGS_WRITE: Door(POINT + "/readings", READING),
    TokenScope.READINGS_FORCE: Door(POINT + "/readings?force=true", READING),
    TokenScope.READINGS_READ: Door(f"{POINT}/readings?{HOUR}"),
    TokenScope.PLANS_READ: Door(f"{POINT}/plan?{HOUR}"),
    TokenScope.STATES_WRITE: Door(POINT + "/device-states", {"states": []}),
    Operate.SEE_SITE: Door("/operator/status/"),
    Operate.SEE_RECORDS: Door("/operator/community/household/"),
    Operate.FOUND_COMMUNITIES: Door("/operator/new-community/"),
    Operate.REPEAT_JOBS: Door("/operator/jobs/{job}/again/", {}),
}


@dataclass
class Street:
    """Ana's home, a job that failed, and the keys by which addresses name them."""

    home: Household
    things: dict


@pytest.fixture(autouse=True)
def _clock():
    with patch("metering.api.views.now", lambda: NOW), patch("metering.api.authentication.now", lambda: NOW):
        yield


@pytest.fixture
def street():
    home = make.home(make.community(), "Azahar 1", make.tariff())
    ana = make.member(home.community, "Ana")
    job = FailedJob.objects.create(
        task="market.tasks.none", given={}, error="x", first_at=make.NOON, last_at=make.NOON
    )
    return Street(home, {"member": ana.pk, "job": job.pk, "point": make.meter(home).public_id})


def visitor(street, who):
    """Somebody of that kind, and what is sent along to show it."""
    client = Client()
    if who == INTEGRATOR:
        return client, {"authorization": f"Bearer {make.token(street.home)}"}
    if who == OPERATOR:
        client.force_login(User.objects.create_superuser("op@example.org", make.PASSWORD, name="Op"))
        return client, {}
    member = make.member(street.home.community, "Marta", who)
    Household.objects.create(community=street.home.community, member=member, name="Azahar 2")
    client.force_login(member.user)
    return client, {}


def opens(street, ability, client, headers):
    """Whether the door opened; whatever neither opens nor refuses is wrong."""
    door = DOORS[ability]
    path = door.path.format(**street.things)
    if door.body is None:
        answer = client.get(path, headers=headers)
    elif path.startswith("/api/"):
        answer = client.post(path, json.dumps(door.body), content_type="application/json", headers=headers)
    else:
        answer = client.post(path, door.body, headers=headers)
    refused = answer.status_code in {401, 403} or "login" in answer.get("location", "")
    assert refused or answer.status_code in {200, 201, 204, 302, 422}, (ability, answer.status_code)
    return not refused


def test_every_ability_has_words_and_a_door():
    every = {*Can, *Own, *TokenScope, *Operate}

    assert set(DOORS) == set(wording.abilities()) == every == frozenset().union(*INCLUDED.values())


@pytest.mark.parametrize("who", sorted(INCLUDED))
def test_everything_that_a_list_says_is_so_at_the_door(street, who):
    client, headers = visitor(street, who)

    opened = {ability for ability in DOORS if opens(street, ability, client, headers)}

    assert opened == INCLUDED[who]


@pytest.mark.parametrize("scope", TokenScope.values)
def test_a_token_opens_what_its_scopes_say_and_nothing_else(street, scope):
    scopes = {scope} | ({TokenScope.READINGS_WRITE} if scope == TokenScope.READINGS_FORCE else set())
    token = issue_token(
        community=street.home.community, name="one", scopes=sorted(scopes), at=make.NOON,
        metering_points=[make.meter(street.home)],
    )[1]  # fmt: skip

    opened = {
        ability for ability in TokenScope if opens(street, ability, Client(), {"authorization": f"Bearer {token}"})
    }

    assert opened == scopes


@pytest.mark.parametrize("who", sorted(INCLUDED))
@pytest.mark.parametrize("path", ["/roles/", "/help/roles/"])
def test_the_page_lists_for_each_role_what_it_can_and_what_it_cannot(street, client, path, who):
    client.force_login(make.member(street.home.community, "Bea").user)
    page = client.get(path, headers={"accept-language": "en"}).content.decode()
    shown = page.split(f'id="role-of-{who}"')[1].split("</details>")[0]
    can, cannot = shown.split('<ul class="cannot">')

    for ability, said in wording.abilities().items():
        words = said.replace("'", "&#x27;")
        assert (f"<li>{words}</li>" in can) == (ability in INCLUDED[who]), ability
        assert (f"<li>{words}</li>" in cannot) == (ability not in INCLUDED[who]), ability


def test_who_belongs_to_no_community_reads_the_lists_in_the_help(client, db):
    page = client.get("/help/roles/").content.decode()

    assert all(f'id="role-of-{who}"' in page for who in INCLUDED)
    assert len(INCLUDED) == len(Member.Role) + 2 == 7
    assert 'href="/help/roles/"' in client.get("/help/").content.decode()
