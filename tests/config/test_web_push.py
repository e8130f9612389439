"""Web push: sealed as RFC 8291 says, signed as RFC 8292 says, and handed to known services only."""

import json
import time

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from django.core.management import call_command

from config.outbound import Refused
from config.web_push import (
    CURVE,
    BadBrowser,
    Browser,
    BrowserGone,
    Pusher,
    PushRefused,
    _private,
    is_known_service,
    lined,
    new_key,
    public_key,
    sealed,
    signature,
    unlined,
)
from tests.push_service import MadeUpBrowser, push_service

KEY = new_key()
SERVICES = ("fcm.googleapis.com", "*.push.example")


def test_the_example_of_rfc_8291_comes_out_to_the_byte():
    own = _private("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")
    point = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
    browser = Browser("https://push.example.net/x", unlined(point), unlined("BTBZMqHH6r4Tts7J_aSIgg"))

    content = sealed(
        b"When I grow up, I want to be a watermelon", browser, own=own, salt=unlined("DGv6ra1nlYgDCS1FRnbzlw")
    )

    assert lined(content) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6"
        "PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_only_the_browser_itself_can_read_it_and_no_two_sealings_are_alike():
    ana, eva = MadeUpBrowser("https://a.push.example/1"), MadeUpBrowser("https://a.push.example/2")

    first, second = sealed("año".encode(), ana.browser), sealed("año".encode(), ana.browser)

    assert (ana.read(first), ana.read(second)) == ("año".encode(),) * 2
    assert first != second
    with pytest.raises(InvalidTag):
        eva.read(first)


def test_the_signature_is_the_sites_for_this_service_and_half_a_day():
    said = signature("https://a.push.example:8443/x/y", KEY, "mailto:op@azotea.example")

    token, told_key = said.removeprefix("vapid t=").split(", k=")
    head, claims, signed = token.split(".")
    point = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, unlined(told_key))
    raw = unlined(signed)
    parts = int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
    point.verify(encode_dss_signature(*parts), f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    told = json.loads(unlined(claims))
    assert json.loads(unlined(head)) == {"typ": "JWT", "alg": "ES256"}
    assert told_key == public_key(KEY)
    assert (told["aud"], told["sub"]) == ("https://a.push.example:8443", "mailto:op@azotea.example")
    assert 0 < told["exp"] - time.time() <= 24 * 3600


@pytest.mark.parametrize(
    ("endpoint", "known"),
    [
        ("https://fcm.googleapis.com/fcm/send/x", True),
        ("https://a.push.example/x", True),
        ("http://fcm.googleapis.com/x", False),
        ("https://fcm.googleapis.com.evil.example/x", False),
        ("https://evil.example/?fcm.googleapis.com", False),
        ("https://fcm.googleapis.com@evil.example/x", False),
        ("https://169.254.169.254/latest", False),
        ("https://[::1/x", False),
        ("file:///etc/passwd", False),
    ],
)
def test_only_named_services_are_known(endpoint, known):
    assert is_known_service(endpoint, SERVICES) is known


@pytest.mark.parametrize(
    "text",
    [
        "", "{}", "[]", "null", '{"endpoint": "https://a.push.example/1", "keys": {"p256dh": "AAAA", "auth": "AAAA"}}',
        MadeUpBrowser("https://a.push.example/1", auth=b"short").browser.text(),
        MadeUpBrowser("https://a.push.example/" + "x" * 1_000).browser.text(),
        MadeUpBrowser("https://a.push.example/\ud800").browser.text(),
        MadeUpBrowser("https://a.push.example/\r\nX: y").browser.text(),
        "9" * 5_000,
    ],
)  # fmt: skip
def test_what_is_no_subscription_is_refused(text):
    with pytest.raises(BadBrowser):
        Browser.read(text)


def test_a_subscription_is_read_as_it_was_written():
    browser = MadeUpBrowser("https://a.push.example/1").browser

    assert Browser.read(browser.text()) == browser


def pusher(local="127.0.0.1"):
    return Pusher(KEY, "mailto:op@azotea.example", SERVICES, (local,) if local else ())


def test_a_service_is_handed_the_sealed_text_and_who_sends_it():
    with push_service() as service:
        ana = MadeUpBrowser(f"{service.url}/ana")
        pusher().push(b"hola", ana.browser, topic="t1", urgency="high")

    ((path, headers, content),) = service.taken
    assert (path, ana.read(content)) == ("/ana", b"hola")
    assert headers["content-encoding"] == "aes128gcm"
    assert (headers["topic"], headers["urgency"], headers["ttl"]) == ("t1", "high", "86400")
    assert headers["authorization"].startswith("vapid t=")
    assert b"hola" not in content


@pytest.mark.parametrize(
    ("status", "raised"), [(404, BrowserGone), (410, BrowserGone), (429, PushRefused), (500, PushRefused)]
)
def test_what_a_service_refuses_is_told_apart_from_a_browser_that_is_gone(status, raised):
    with push_service() as service:
        service.status = status
        with pytest.raises(raised):
            pusher().push(b"x", MadeUpBrowser(f"{service.url}/ana").browser, topic="t")


def test_a_browser_cannot_lead_the_site_into_its_own_network():
    with pytest.raises(PushRefused):
        pusher(local="").push(b"x", MadeUpBrowser("https://127.0.0.1/x").browser, topic="t")
    inside = Pusher(KEY, "mailto:x", ("localhost",))
    with pytest.raises(Refused):
        inside.push(b"x", MadeUpBrowser("https://localhost/x").browser, topic="t")


def test_the_command_prints_a_key_that_can_sign(capsys):
    call_command("make_push_keys")

    told, key = capsys.readouterr().out.splitlines()
    assert told.endswith(public_key(key.removeprefix("PUSH_KEY=")))
