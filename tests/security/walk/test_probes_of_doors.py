"""What an outside tester would try at the doors: forged headers, odd names of files, broken uploads and log-ins."""

import gzip

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tests.security.walk.test_forms import typed
from tests.security.walk.test_probes import ENDLESS, fetch, visitor

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(120)]


@pytest.mark.parametrize(
    "path",
    ["/login/", "/account/password/reset/", "/account/reauthenticate/", "/account/email/", "/account/password/change/",
     "/account/second-factor/webauthn/login/", "/account/second-factor/totp/activate/", "/account/signup/",
     "/account/second-factor/webauthn/add/", "/account/sessions/", "/language/setlang/", "/account/login/code/confirm/",
     "/account/second-factor/authenticate/", "/roles/", "/account/erase/", "/sharing/mine/gestor/"],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["resident", "nobody"])
def test_whatever_is_sent_to_the_doors_they_answer(world, kind, path):
    client = Client(raise_request_exception=False) if kind == "nobody" else visitor(world, kind)
    fields = ("username", "login", "email", "password", "password1", "password2", "oldpassword", "code", "credential",
              "name", "next", "language", "member", "role", "do", "action_add", "remember")  # fmt: skip

    for value in (
        "\x00",
        "x" * 100_000,
        "\uffff",
        "a\r\nBcc: x@example.org",
        ENDLESS,
        "[]",
        "1",
        "{}",
        '{"id": 1}',
    ):
        assert fetch(client, "post", path, dict.fromkeys(fields, value)).status_code < 500, ascii(value[:12])


@pytest.mark.parametrize("secret", ["%00", "%ff", "x" * 4_000, "%0d%0aSet-Cookie:x", "..%2f..", "%F0%9F%98%80"])
def test_an_invitation_that_is_none_is_none(world, secret):
    client = Client(raise_request_exception=False)

    for method in ("get", "post"):
        assert fetch(client, method, f"/join/{secret}/").status_code in {400, 404, 410}


def test_the_host_that_a_visitor_names_is_believed_only_if_it_is_ours(world, settings):
    settings.ALLOWED_HOSTS = ["azotea.example.org"]
    client = Client(raise_request_exception=False)
    for host in ("evil.example", "azotea.example.org.evil.example", "azotea.example.org@evil.example", "x" * 5_000,
                 "[::1", "azotea.example.org:99999999", "a b", "%00"):  # fmt: skip
        answer = client.get("/login/", headers={"host": host})
        assert answer.status_code == 400 or b"evil" not in answer.content, host


@pytest.mark.parametrize("name", ["x-forwarded-host", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-port", "forwarded",
                                  "x-original-url", "x-rewrite-url", "x-http-method-override", "x-request-id",
                                  "accept-language", "accept", "content-length", "cookie", "referer", "user-agent",
                                  "hx-target", "hx-request", "if-none-match", "if-modified-since", "range"])  # fmt: skip
def test_no_header_breaks_the_site_or_changes_where_it_leads(world, name):
    client = visitor(world, "admin")
    for value in ("evil.example", "/operator/", "\x00", "x" * 20_000, "-1", "DELETE", "../../x.html"):
        answer = fetch(client, "get", "/more/", headers={name: value})
        assert answer.status_code < 500, value
        assert b"evil.example" not in answer.content
        assert "evil.example" not in str(answer.headers)


FILES = [b"", b"\x00" * 100, b"PK\x03\x04" + b"\x00" * 100, gzip.compress(b"0" * 30_000_000), b"\xff\xfe" * 500,
         b"[" * 200_000, b'{"a":1,"a":2}', b"a;" * 100_000, b"CUPS;Fecha;Hora;Consumo_kWh\nES;99/99/9999;99;NaN\n"]  # fmt: skip


@pytest.mark.parametrize("content", FILES, ids=range(len(FILES)))
@pytest.mark.parametrize(
    "name", ["x.csv", "../../x.csv", "x\r\nSet-Cookie: a=b.csv", 'x";a="b.csv', "x" * 4_000 + ".csv", "\x00.csv"]
)
def test_no_file_and_no_name_of_a_file_breaks_the_site(world, content, name):
    client, found = visitor(world, "admin"), {}
    for path in ("/meter-files/", "/street/cables/new/", "/tariffs/prices/", "/sharing/"):
        file = SimpleUploadedFile("x.csv", content)
        file._name = name
        answer = fetch(client, "post", path, {"file": file, "year": "2026"})
        if answer.status_code >= 500:
            found[path] = answer.status_code
    assert found == {}


def test_names_of_downloads_break_out_of_no_header(world):
    """Whatever a home is called, one line names the file, and it ends where its quotes end."""
    home = world.here.homes["resident"]
    client = visitor(world, "resident")
    for name in ('a"b;c', "a\r\nSet-Cookie: x=1", "../../etc/passwd", "ñandú 漢字 😀", "\u202egnp.exe", "." * 100):
        type(home).objects.filter(pk=home.pk).update(name=name)
        for form in ("csv", "json", "xlsx"):
            path = reverse("statement-file", kwargs={"year": 2026, "month": 11, "form": form})
            answer = client.get(path)
            assert answer.status_code == 200, (ascii(name), form)
            said = answer["content-disposition"]
            assert "\n" not in said
            assert "\r" not in said
            assert said.count('"') in {0, 2}
            assert "/" not in said
            assert "set-cookie" not in answer.headers


NO_JSON = [
    "[" * 100_000,
    '{"a":' * 50_000,
    ENDLESS,
    "[]",
    "null",
    "{}",
    '{"endpoint": {}, "keys": {"p256dh": 1, "auth": 1}}',
]


@pytest.mark.parametrize("text", NO_JSON, ids=range(len(NO_JSON)))
def test_what_a_browser_would_say_in_json_may_be_anything(world, text, monkeypatch):
    monkeypatch.setattr("market.views.mandate.has_passkey", lambda _user: True)
    client = visitor(world, "resident")
    rules = typed(client.get("/rules/").context["form"]) | {"confirm": "passkey", "credential": text}

    assert fetch(client, "post", reverse("new-device"), {"subscription": text}).status_code == 302
    assert fetch(client, "post", "/rules/", rules).status_code == 422


@pytest.mark.parametrize(
    ("headers", "more", "status"),
    [
        ({"authorization": "Bearer azt_\x00.x"}, {}, 401),
        ({"authorization": "Bearer azt_\xe9.x"}, {}, 401),
        ({"idempotency-key": "a\x00b"}, {}, 400),
        ({"idempotency-key": "a\udcff"}, {}, 400),
        ({}, {"CONTENT_LENGTH": "abc"}, None),
        ({}, {"CONTENT_LENGTH": "\u00b2"}, None),
    ],
)
def test_no_header_breaks_the_api(world, headers, more, status):
    client = Client(raise_request_exception=False)
    token = {"authorization": f"Bearer {world.here.tokens['all']}"}
    path = reverse("api-readings", args=[world.here.things["meter"]])

    answer = fetch(
        client, "post", path, '{"readings": []}', content_type="application/json", headers=token | headers, **more
    )

    assert answer.status_code < 500
    assert status in {answer.status_code, None}
