"""Coming in with a passkey, in a real browser with an authenticator that Chromium plays."""

import pytest

from community.models import Member
from tests import factories as make
from tests.browser.conftest import log_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def marta():
    return make.member(make.community(), "Marta", Member.Role.ADMIN)


def with_authenticator(page, **kind):
    """A phone's or a stick's authenticator, whose owner says yes to everything."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "isUserVerified": True, "hasUserVerification": True}
    options |= {"automaticPresenceSimulation": True, "hasResidentKey": True, **kind}
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return page


def add_key(page, name, *, alone):
    page.goto("/account/second-factor/webauthn/add/")
    page.fill("input[name=name]", name)
    page.set_checked("input[name=passwordless]", alone)
    page.click("form[data-passkey] button[type=submit]")
    page.wait_for_url(lambda url: not url.endswith("/webauthn/add/"))


def elsewhere(url):
    return "/login/" not in url and "/authenticate/" not in url


def log_out(page):
    page.goto("/logout/")
    page.click("main form button[type=submit]")
    page.wait_for_url("**/login/")


def test_a_passkey_opens_the_door_without_a_password(open_page, marta):
    page = with_authenticator(open_page())
    log_in(page, marta.user.email, make.PASSWORD)
    add_key(page, "Móvil", alone=True)
    log_out(page)

    page.click("form[data-passkey] button[type=submit]")

    page.wait_for_url(elsewhere)
    page.goto("/account/second-factor/webauthn/")
    assert "Móvil" in page.inner_text("main")


def test_a_key_kept_as_a_second_factor_is_asked_for_after_the_password(open_page, marta):
    page = with_authenticator(open_page(), transport="usb", hasResidentKey=False)
    log_in(page, marta.user.email, make.PASSWORD)
    add_key(page, "Llavero", alone=False)
    log_out(page)
    page.fill("input[name=username]", marta.user.email)
    page.fill("input[name=password]", make.PASSWORD)
    page.click("form.form button[type=submit]")
    page.wait_for_url("**/account/second-factor/authenticate/**")
    page.goto("/roles/")
    assert page.url.endswith("/authenticate/")

    page.click("form[data-passkey] button[type=submit]")

    page.wait_for_url(elsewhere)
    page.goto("/roles/")
    assert page.url.endswith("/roles/")


def test_a_closed_window_of_the_browser_leaves_the_password(open_page, marta):
    page = with_authenticator(open_page(), isUserVerified=False)
    page.goto("/login/")

    page.click("form[data-passkey] button[type=submit]")

    page.wait_for_selector("[data-passkey-trouble]:not([hidden])")
    log_in(page, marta.user.email, make.PASSWORD)
    assert "/login/" not in page.url
