"""Being told on a phone: the browser is asked, the worker shows what comes, and a touch leads to the page."""

import json
from datetime import timedelta
from unittest.mock import patch

import pytest

from config.web_push import new_key
from market.models import PushDevice
from market.services.mandates import give_mandate
from tests import factories as make
from tests.browser.conftest import happens, log_in
from tests.push_service import MadeUpBrowser, push_service

pytestmark = pytest.mark.django_db(transaction=True)
NOW = make.NOON


@pytest.fixture
def ana():
    street = make.community()
    home = make.home(street, "Azahar 1", make.tariff(), make.member(street, "Ana"))
    give_mandate(
        household=home, given_by=home.member, at=NOW - timedelta(days=9), valid_until=NOW + timedelta(days=1)
    )
    with patch("config.clock.now", lambda: NOW):
        yield home.member


def agreeing(page, endpoint):
    """A browser whose push service is ours: Chromium's own would have to leave the machine."""
    text = MadeUpBrowser(endpoint).browser.text()
    page.add_init_script(
        f"""Notification.requestPermission = async () => "granted";
        PushManager.prototype.subscribe = async () => ({{ toJSON: () => ({text}) }});"""
    )


def test_a_phone_is_let_in_by_one_button_and_forgotten_by_another(open_page, ana, settings):
    with push_service() as service:
        settings.PUSH_KEY, settings.OUTBOUND_LOCAL = new_key(), "127.0.0.1"
        page = open_page("en-GB")
        agreeing(page, f"{service.url}/ana")
        log_in(page, "ana@example.org", make.PASSWORD)
        page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
        page.goto("/account/notices/")

        page.click("text=Tell me on this device")
        page.wait_for_selector("text=From now on you are told things here, too.")
        assert PushDevice.objects.get().member == ana
        page.click("text=Forget")
        page.wait_for_selector("text=That browser is told nothing more.")

    assert not PushDevice.objects.exists()


def test_who_logs_out_of_a_phone_is_told_nothing_there_any_more(open_page, ana):
    page = open_page("en-GB")
    ended = []
    page.expose_function("noteEnd", lambda: ended.append(page.url))
    page.add_init_script(
        "PushManager.prototype.getSubscription = async () => ({ unsubscribe: () => window.noteEnd() });"
    )
    log_in(page, "ana@example.org", make.PASSWORD)
    page.evaluate("navigator.serviceWorker.ready.then(() => 1)")

    page.click("text=Log out")
    page.wait_for_url("**/login/")

    assert len(ended) == 1


def test_a_phone_that_refuses_is_told_what_to_do(open_page, ana, settings):
    settings.PUSH_KEY = new_key()
    page = open_page("en-GB")
    page.add_init_script('Notification.requestPermission = async () => "denied";')
    log_in(page, "ana@example.org", make.PASSWORD)
    page.goto("/account/notices/")

    page.click("text=Tell me on this device")

    page.wait_for_selector("text=The browser did not allow it")
    assert not PushDevice.objects.exists()


def test_without_javascript_choices_are_kept_and_no_button_promises_more(open_page, ana, settings):
    settings.PUSH_KEY = new_key()
    page = open_page("en-GB", script=False)
    log_in(page, "ana@example.org", make.PASSWORD)
    page.goto("/account/notices/")

    assert not page.is_visible("text=Tell me on this device")
    page.check("input[name=email][value=digest]")
    page.uncheck("input[name=push][value=car]")
    page.click("text=Keep these")

    assert page.is_checked("input[name=email][value=digest]")
    assert not page.is_checked("input[name=push][value=car]")


def test_the_worker_shows_what_comes(open_page, ana):
    page = open_page("en-GB")
    page.context.grant_permissions(["notifications"])
    log_in(page, "ana@example.org", make.PASSWORD)
    page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    browser = page.context.new_cdp_session(page)
    found = []
    browser.on("ServiceWorker.workerRegistrationUpdated", lambda told: found.extend(told["registrations"]))
    browser.send("ServiceWorker.enable")
    happens(page, lambda: found)
    told = {"title": "Your meter is silent", "body": "Check it.", "tag": "meter_silent 1", "address": "/?home=1"}
    said = {"origin": page.url.rstrip("/").split("/login")[0], "data": json.dumps(told)}
    for _twice in range(2):
        browser.send("ServiceWorker.deliverPushMessage", said | {"registrationId": found[0]["registrationId"]})
    shown = (
        "navigator.serviceWorker.ready.then(worker => worker.getNotifications()).then(all =>"
        " all.map(one => [one.title, one.body, one.tag, one.data.address]))"
    )
    happens(page, lambda: page.evaluate(shown))
    page.wait_for_timeout(300)  # a second one has the time to show

    assert page.evaluate(shown) == [["Your meter is silent", "Check it.", "meter_silent 1", "/?home=1"]], (
        "the same thing shows once"
    )
