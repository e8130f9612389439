"""Rules that a passkey signs, in a real browser; and the other way for whoever has none or no JavaScript."""

import pytest

from market.models import Mandate
from tests import factories as make
from tests.browser.conftest import log_in
from tests.browser.test_ways_in import add_key, with_authenticator

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def home():
    street = make.community()
    return make.home(street, "Azahar 1", make.tariff(), make.member(street, "Ana"))


def change_rules(page, price):
    page.goto("/rules/")
    page.fill("input[name=min_sell]", price)
    with page.expect_navigation():
        page.click("form.form button:not([name])")


def words(home):
    return [(one.method, one.key_name) for one in Mandate.objects.latest("pk").confirmations.all()]


def test_a_passkey_signs_the_rules(open_page, home):
    page = with_authenticator(open_page())
    log_in(page, home.member.user.email, make.PASSWORD)
    add_key(page, "Móvil", alone=True)
    change_rules(page, "0.09")
    assert page.inner_text("h1") == "Confirm my rules"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page.click("form[data-passkey] button[type=submit]")

    page.wait_for_selector("input[name=min_sell]")
    assert "Confirmed with your passkey “Móvil” on" in page.inner_text("main")
    assert words(home) == [("passkey", "Móvil")]
    word = Mandate.objects.latest("pk").confirmations.get()
    word.assertion.prove(word.mandate_hash)


def test_a_passkey_that_fails_leaves_the_other_way(open_page, home):
    page = with_authenticator(open_page())
    log_in(page, home.member.user.email, make.PASSWORD)
    add_key(page, "Móvil", alone=True)
    change_rules(page, "0.09")
    page.evaluate("() => { navigator.credentials.get = () => Promise.reject(new Error('closed')); }")
    page.click("form[data-passkey] button[type=submit]")
    page.wait_for_selector("[data-passkey-trouble]:not([hidden])")

    page.click("button[value=login]")

    page.wait_for_selector("input[name=min_sell]")
    assert "not signed" in page.inner_text("main")
    assert words(home) == [("password", "")]


def test_without_javascript_the_log_in_confirms(open_page, home):
    page = with_authenticator(open_page())
    log_in(page, home.member.user.email, make.PASSWORD)
    add_key(page, "Móvil", alone=True)
    plain = open_page(script=False)
    log_in(plain, home.member.user.email, make.PASSWORD)
    if "/authenticate/" in plain.url:
        plain.context.add_cookies(page.context.cookies())
    change_rules(plain, "0.08")
    assert not plain.is_visible("form[data-passkey]")

    plain.click("button[value=login]")

    assert "not signed" in plain.inner_text("main")
