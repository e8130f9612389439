"""Who may see and do what among people: inviting, joining, and everybody else's door."""

import re
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.core import mail
from django.utils import timezone

from community.models import Household, Invitation, Member, User
from community.services.members import InvitationProblem, accept, invite, revoke
from tests import factories as make

pytestmark = pytest.mark.django_db

NOW = make.NOON
NEW = {"name": "Lola", "password": make.PASSWORD, "again": make.PASSWORD}


@pytest.fixture(autouse=True)
def _clock():
    with patch("config.clock.now", lambda: NOW):
        yield


@pytest.fixture
def street():
    return make.community()


@pytest.fixture
def admin(street):
    return make.member(street, "Marta", Member.Role.ADMIN)


@pytest.fixture
def free(street):
    return make.home(street, "Azahar 21", make.tariff())


def log_in(client, name):
    client.login(username=f"{name.lower()}@example.org", password=make.PASSWORD)
    return client


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/street/",
        "/rules/",
        "/months/",
        "/months/2026-11/",
        "/neighbours/",
        "/more/",
        "/account/password/change/",
    ],
)
def test_visitors_are_asked_to_log_in(client, path):
    assert client.get(path).headers["location"] == f"/login/?next={path}"


@pytest.mark.parametrize("path", ["/neighbours/", "/neighbours/invite/"])
def test_only_administrators_see_the_neighbours(client, street, path):
    make.member(street, "Ana")

    assert log_in(client, "Ana").get(path).status_code == 403


def test_another_communitys_administrator_cannot_withdraw_our_invitation(client, admin):
    invitation, _ = invite(invited_by=admin, email="lola@example.org", household=None, at=NOW)
    make.member(make.community(slug="otra"), "Zoe", Member.Role.ADMIN)

    assert log_in(client, "Zoe").post(f"/neighbours/invitations/{invitation.pk}/revoke/").status_code == 404


def test_an_invitation_makes_a_member_and_hands_over_the_home(client, admin, free):
    log_in(client, "Marta")
    page = client.post("/neighbours/invite/", {"email": " Lola@Example.org ", "household": free.pk})
    link = page.context["link"]
    client.logout()

    answer = client.post(link, NEW)

    assert answer.headers["location"] == "/rules/"
    assert Household.objects.get(pk=free.pk).member.user.email == "lola@example.org"
    assert client.get(link).status_code == 410
    assert mail.outbox == []


def test_the_secret_of_a_link_is_stored_as_a_hash_only(admin):
    invitation, secret = invite(invited_by=admin, email="lola@example.org", household=None, at=NOW)

    assert secret not in str(Invitation.objects.filter(pk=invitation.pk).values())


def test_a_weak_or_mistyped_password_is_explained(client, admin):
    _, secret = invite(invited_by=admin, email="lola@example.org", household=None, at=NOW)

    differs = client.post(f"/join/{secret}/", {**NEW, "again": "otra"}, headers={"accept-language": "en"})
    common = client.post(f"/join/{secret}/", {**NEW, "password": "password123", "again": "password123"})

    assert differs.status_code == common.status_code == 422
    assert "The two passwords differ" in differs.content.decode()
    assert not User.objects.filter(email="lola@example.org").exists()


@pytest.mark.parametrize(
    ("language", "words"), [("es", "demasiado corta"), ("ca", "massa curta"), ("en", "too short")]
)
def test_a_short_password_is_refused_in_the_readers_language(client, admin, language, words):
    _, secret = invite(invited_by=admin, email="lola@example.org", household=None, at=NOW)

    short = {**NEW, "password": "kT5!", "again": "kT5!"}
    answer = client.post(f"/join/{secret}/", short, headers={"accept-language": language})

    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_a_known_person_joins_with_the_password_they_have(client, admin, free):
    make.member(make.community(slug="otra"), "Zoe")
    _, secret = invite(invited_by=admin, email="zoe@example.org", household=free, at=NOW)

    assert client.post(f"/join/{secret}/", {"password": "not hers at all"}).status_code == 422
    assert client.post(f"/join/{secret}/", {"password": make.PASSWORD}).status_code == 302
    assert User.objects.filter(email="zoe@example.org").count() == 1


def test_invitations_expire_and_can_be_withdrawn(client, admin):
    old, old_secret = invite(invited_by=admin, email="a@example.org", household=None, at=NOW - timedelta(days=15))
    fresh, secret = invite(invited_by=admin, email="b@example.org", household=None, at=NOW)
    revoke(invitation=fresh, by=admin, at=NOW)

    assert client.get(f"/join/{old_secret}/").status_code == 410
    assert client.get(f"/join/{secret}/").status_code == 410


@pytest.mark.parametrize(
    ("email", "code"), [("marta@example.org", "already-member"), ("b@example.org", "already-invited")]
)
def test_whom_one_cannot_invite(admin, email, code):
    invite(invited_by=admin, email="b@example.org", household=None, at=NOW)

    with pytest.raises(InvitationProblem, match=code):
        invite(invited_by=admin, email=email, household=None, at=NOW)


def test_a_home_is_handed_over_once(admin, free):
    _, first = invite(invited_by=admin, email="a@example.org", household=free, at=NOW)
    _, second = invite(invited_by=admin, email="b@example.org", household=free, at=NOW)
    accept(secret=first, name="A", password=make.PASSWORD, at=NOW)

    with pytest.raises(InvitationProblem, match="home-taken"):
        accept(secret=second, name="B", password=make.PASSWORD, at=NOW)
    assert not User.objects.filter(email="b@example.org").exists()


def test_a_user_of_no_community_is_told_so(client):
    User.objects.create_user("solo@example.org", make.PASSWORD, name="Solo")

    assert log_in(client, "Solo").get("/street/").status_code == 403


def test_an_administrator_without_a_home_lands_on_the_street(client, admin):
    assert log_in(client, "Marta").get("/").headers["location"] == "/street/"


ENGLISH = {"accept-language": "en"}
OWN = ("/energy/", "/energy/energy.csv", "/rules/", "/months/", "/months/2026-11/", "/when/", "/sharing/mine/",
       "/virtual-battery/", "/account/bank/", "/account/equipment/new/")  # fmt: skip


@pytest.mark.parametrize("path", OWN)
def test_whoever_looks_after_no_home_is_told_so_instead_of_that_there_is_nothing(client, admin, path):
    page = log_in(client, "Marta").get(path, headers=ENGLISH)

    assert page.status_code == (200 if path.endswith("/") else 404), "no page stands in a file's place"
    assert "You look after no home yet." in page.text
    assert "/neighbours/import/" in page.text


def test_whoever_looks_after_no_home_saves_no_rules_of_one(client, admin):
    answer = log_in(client, "Marta").post("/rules/", headers=ENGLISH)

    assert answer.status_code == 404
    assert "You look after no home yet." in answer.text


def test_a_resident_without_a_home_learns_who_gives_one(client, street):
    make.member(street, "Lola")

    page = log_in(client, "Lola").get("/energy/", headers=ENGLISH).text

    assert "Once your community's administrator has given you one" in page
    assert "/neighbours/import/" not in page


def test_the_navigation_leads_only_where_something_opens(client, admin, free):
    bare = log_in(client, "Marta").get("/more/").text
    Household.objects.update(member=admin)
    full = client.get("/more/").text

    own = [f'href="{path}"' for path in ("/energy/", "/market/", "/rules/", "/months/")]
    assert [link for link in own if link in bare] == []
    assert [link for link in own if link not in full] == []
    assert 'href="/street/"' in bare
    assert 'href="/neighbours/"' in bare


@pytest.mark.parametrize("path", ["/account/sessions/", "/account/password/change/", "/account/privacy/"])
def test_pages_of_the_account_belong_to_more_in_the_navigation(client, admin, path):
    page = log_in(client, "Marta").get(path).text

    assert re.search(r'<a href="/more/" aria-current="true">', page)


def test_another_password_is_asked_for_in_the_sites_own_words(client, admin):
    page = log_in(client, "Marta").get("/account/password/change/", headers={"accept-language": "es"}).text

    assert "Al menos 10 caracteres" in page
    assert "¿Has olvidado tu contraseña?" in page
    assert "placeholder" not in page
    assert not re.search(r"\b[Ss]u contraseña", page)


def test_an_operator_without_a_community_lands_on_the_operators_pages(client):
    client.force_login(User.objects.create_superuser("op@example.org", make.PASSWORD, name="Op"))

    assert client.get("/").headers["location"] == "/operator/status/"


def test_the_list_of_homes_says_on_which_day_readings_last_came(client, admin, free):
    make.read(free, NOW - timedelta(days=3), 100, 0)

    page = log_in(client, "Marta").get("/neighbours/", headers=ENGLISH).text

    day = timezone.localtime(NOW - timedelta(days=3))
    assert f"readings on {day.day} {day:%b}, " in page.replace("\xa0", " ")
