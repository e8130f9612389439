"""Passwords are taken as they are typed; cookies are for this host, this site and no script."""

import json
import os
import time

import pytest
from django.test import Client

from community.services.members import invite
from tests import factories as make
from tests.architecture.test_start import SITE, run

pytestmark = pytest.mark.django_db

COOKIES = """
import json
from django.conf import settings as s
print(json.dumps({
    getattr(s, f"{name}_COOKIE_NAME"): [getattr(s, f"{name}_COOKIE_{rule}") for rule in
        ("SECURE", "HTTPONLY", "SAMESITE", "DOMAIN", "PATH")]
    for name in ("SESSION", "CSRF", "LANGUAGE")
}))
"""


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("ada", "  a sentence with room around it  "),
        ("bea", "Ñandú·ß漢字🔑 in one"),
        ("eva", "x y" * 40),
        ("ida", "only small letters here"),
    ],
)
def test_a_password_is_kept_as_it_was_typed(name, password):
    admin = make.member(make.community(), "Marta", "admin")
    secret = invite(invited_by=admin, email=f"{name}@example.org", household=None, at=make.NOON)[1]
    with_clock = Client()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("config.clock.now", lambda: make.NOON)
        with_clock.post(f"/join/{secret}/", {"name": "Eva", "password": password, "again": password})

    for typed, opens in ((password, True), (password + " ", False), (password.swapcase(), False)):
        door = Client()
        door.post("/login/", {"username": f"{name}@example.org", "password": typed})
        assert ("_auth_user_id" in door.session) is opens, typed


@pytest.mark.parametrize("password", ["short one", "password123", "1234567890", "eva@example.org"])
def test_a_short_a_usual_and_an_own_word_are_refused(password):
    admin = make.member(make.community(), "Marta", "admin")
    secret = invite(invited_by=admin, email="eva@example.org", household=None, at=make.NOON)[1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("config.clock.now", lambda: make.NOON)
        answer = Client().post(f"/join/{secret}/", {"name": "Eva", "password": password, "again": password})

    assert answer.status_code == 422


def test_the_field_for_a_password_hides_it_and_lets_a_manager_fill_it_in(client):
    page = client.get("/login/").content.decode()

    (field,) = [tag for tag in page.split("<") if tag.startswith("input") and 'name="password"' in tag]
    assert 'type="password"' in field
    assert 'autocomplete="current-password"' in field
    assert "onpaste" not in field


def test_every_cookie_of_a_site_is_of_its_host_alone():
    answer = run("-c", f"import os\nos.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings'\n{COOKIES}",
                 **{**SITE, "SECRET_KEY": os.urandom(40).hex()})  # fmt: skip

    assert json.loads(answer.stdout) == {
        "__Host-session": [True, True, "Lax", None, "/"],
        "__Host-csrftoken": [True, True, "Lax", None, "/"],
        "__Host-language": [True, True, "Lax", None, "/"],
    }


def test_no_other_cookie_is_ever_set(client):
    make.home(make.community(), "Azahar 1", make.tariff(), make.member(make.community(slug="b"), "Ana"))
    client.post("/login/", {"username": "ana@example.org", "password": make.PASSWORD})
    client.post("/language/setlang/", {"language": "en", "next": "/"})
    client.post("/account/erase/")

    assert set(client.cookies) == {"session", "csrftoken", "django_language"}
    assert all(one["httponly"] and one["samesite"] == "Lax" for one in client.cookies.values())


def test_a_session_ends_two_weeks_after_its_login_however_much_it_is_used(client, monkeypatch):
    start = time.time()
    client.force_login(make.member(make.community(), "Ana").user)

    for day in range(14):
        monkeypatch.setattr("community.sessions.time.time", lambda day=day: start + day * 86_400)
        assert client.get("/more/").status_code == 200, day
    monkeypatch.setattr("community.sessions.time.time", lambda: start + 14 * 86_400 + 60)

    assert client.get("/more/")["location"].startswith("/login/")


@pytest.mark.parametrize(
    ("password", "taken"),
    [
        ("Azahar-2026!", False),
        ("azaharcalleazahar", False),
        ("Azotea.azotea.99", False),
        ("el ático 2026", False),
        ("mi gata azahar duerme", True),
        ("2841-7730-9921", True),
    ],
)
def test_names_that_all_neighbours_know_make_no_password(password, taken):
    street = make.community(name="Calle Azahar")
    home = make.home(street, "Ático 4", make.tariff())
    admin = make.member(street, "Marta", "admin")
    secret = invite(invited_by=admin, email="eva@example.org", household=home, at=make.NOON)[1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("config.clock.now", lambda: make.NOON)
        answer = Client().post(f"/join/{secret}/", {"name": "Eva", "password": password, "again": password})

    assert answer.status_code == (302 if taken else 422)


def test_nor_do_they_make_a_new_password_of_who_lives_there():
    street = make.community(name="Calle Azahar")
    eva = make.member(street, "Eva")
    make.home(street, "Torreón", make.tariff(), eva)
    client = Client()
    client.post("/login/", {"username": "eva@example.org", "password": make.PASSWORD})

    def changed_to(password):
        typed = {"oldpassword": make.PASSWORD, "password1": password, "password2": password}
        return client.post("/account/password/change/", typed).status_code == 302

    assert not changed_to("torreon azahar 12")
    assert changed_to("torreon de naipes blancos")
