"""The site as an app: a manifest a language, a worker that keeps the shell only, an offline page that is nobody's."""

import json
import re
import struct
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

from community.views import installed
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana(client):
    member = make.member(make.community(), "Ana")
    client.force_login(member.user)
    return member


@pytest.mark.parametrize(("language", "shortcut"), [("es", "La calle"), ("en", "The street")])
def test_the_manifest_speaks_the_language_that_it_is_asked_for(client, language, shortcut):
    answer = client.get("/manifest.webmanifest", {"lang": language}, headers={"accept-language": "fr"})

    told = json.loads(answer.content)
    assert answer.headers["Content-Type"] == "application/manifest+json"
    assert (told["lang"], told["id"], told["start_url"], told["display"]) == (language, "/", "/", "standalone")
    assert any(one["name"].startswith(shortcut) for one in told["shortcuts"])


def test_an_unknown_language_is_answered_in_the_requests_own(client):
    told = json.loads(
        client.get("/manifest.webmanifest", {"lang": "x"}, headers={"accept-language": "en"}).content
    )

    assert told["lang"] == "en"


def test_every_icon_is_there_in_the_size_that_is_told(client):
    icons = json.loads(client.get("/manifest.webmanifest").content)["icons"]

    for icon in icons:
        content = Path(finders.find(icon["src"].removeprefix("/static/"))).read_bytes()
        if icon["type"] == "image/png":
            assert content[:8] == b"\x89PNG\r\n\x1a\n"
            assert "{}x{}".format(*struct.unpack(">II", content[16:24])) == icon["sizes"]
    assert {icon.get("purpose", "any") for icon in icons} == {"any", "maskable"}
    assert {"192x192", "512x512", "any"} == {icon["sizes"] for icon in icons}


def test_the_worker_stands_at_the_root_and_is_asked_for_anew(client):
    answer = client.get("/sw.js")

    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert "no-store" in answer.headers["Cache-Control"]
    assert "worker-src 'self'" in answer.headers["Content-Security-Policy"]


def test_the_worker_keeps_static_files_and_offline_pages_only(client, ana):
    told = json.loads(re.match(r"const SHELL = (.*);", client.get("/sw.js").content.decode())[1])

    assert all(name.startswith("/static/") for name in told["files"])
    assert all(finders.find(name.removeprefix("/static/")) for name in told["files"])
    assert told["offline"] == {code: f"/offline/{code}/" for code, _name in settings.LANGUAGES}
    worker = finders.find("js/sw.js")
    assert Path(worker).read_text().count("cache.put(") == 2, "a shell file again, and when the site answered"


def test_another_style_sheet_is_another_version(monkeypatch):
    installed._shell.cache_clear()
    before = installed._shell()
    read = installed._read
    monkeypatch.setattr(installed, "_read", lambda name: read(name) + b" " * (name == "css/base.css"))
    installed._shell.cache_clear()

    assert installed._shell() != before
    installed._shell.cache_clear()


@pytest.mark.parametrize(("language", "said"), [("es", "Estás sin conexión"), ("en", "You are offline")])
def test_the_offline_page_is_the_same_for_a_member_and_a_stranger(client, ana, language, said):
    mine = client.get(f"/offline/{language}/").content.decode()
    client.logout()

    assert mine == client.get(f"/offline/{language}/").content.decode()
    assert said in mine
    assert "Ana" not in mine
    assert "csrf" not in mine


def test_there_is_no_offline_page_in_a_language_that_nobody_wrote(client):
    assert client.get("/offline/fr/").status_code == 404


def test_pages_name_their_manifest(client):
    assert '<link rel="manifest" href="/manifest.webmanifest?lang=es">' in client.get("/login/").content.decode()
