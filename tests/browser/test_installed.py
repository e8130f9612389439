"""Azotea on a phone: it can be installed, and without a network it says so and since when."""

import re

import pytest

from tests import factories as make
from tests.browser.conftest import DESK, PHONE, happens, log_in, until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def phone(open_page):
    """A phone whose browser has taken in the worker."""
    street = make.community()
    make.home(street, "Azahar 1", make.tariff(), make.member(street, "Ana"))

    def of(locale="es-ES", viewport=PHONE):
        page = open_page(locale, viewport)
        log_in(page, "ana@example.org", make.PASSWORD)
        page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
        page.goto("/more/")  # a page that was on its way when the worker woke is none of its
        until(page, "navigator.serviceWorker.controller !== null")
        return page

    return of


@pytest.mark.parametrize(
    ("locale", "viewport", "said"),
    [("es-ES", PHONE, "Estás sin conexión"), ("en-GB", DESK, "You are offline")],
    ids=["es", "en"],
)
def test_without_a_network_the_page_says_so_and_when_the_site_answered_last(phone, locale, viewport, said):
    page = phone(locale, viewport)
    page.context.set_offline(True)

    def goes_without() -> bool:
        page.goto("/months/?m=2026-11")
        return page.inner_text("h1") == said

    # The browser tells its worker in its own time: one that it just woke still reaches the site.
    happens(page, goes_without, said)

    assert re.fullmatch(r"\d{1,2} .*\d{4}.* \d{2}:\d{2}", page.inner_text("#seen time"))
    assert page.get_attribute("#again", "href") == "/months/?m=2026-11"
    assert page.evaluate("getComputedStyle(document.body).fontVariantNumeric") == "tabular-nums", "dressed"
    page.context.set_offline(False)
    page.click("#again")
    page.wait_for_url("**/months/?m=2026-11")
    assert page.locator("#again").count() == 0


def test_nothing_of_anybody_is_kept_on_the_phone(phone):
    page = phone()

    kept = page.evaluate(
        "(async () => { const found = [];"
        " for (const name of await caches.keys()) for (const request of await (await caches.open(name)).keys())"
        "   found.push(new URL(request.url).pathname);"
        " return found; })()"
    )

    assert "/offline/es/" in kept
    assert [path for path in kept if not path.startswith(("/static/", "/offline/", "/~seen"))] == []


def test_it_can_be_installed(phone):
    page = phone()
    browser = page.context.new_cdp_session(page)

    told = browser.send("Page.getAppManifest")
    faults = browser.send("Page.getInstallabilityErrors")["installabilityErrors"]

    assert told["errors"] == []
    # A context without a profile on disk is taken for a private window.
    assert [one["errorId"] for one in faults if one["errorId"] != "in-incognito"] == []
    sizes = page.evaluate(
        "fetch(document.querySelector('link[rel=manifest]').href).then(answer => answer.json()).then(told =>"
        " Promise.all(told.icons.map(icon => new Promise((done, failed) => { const image = new Image();"
        "   image.onload = () => done(image.naturalWidth); image.onerror = failed; image.src = icon.src; }))))"
    )
    assert all(size > 0 for size in sizes)


def test_only_our_own_worker_can_be_started_by_its_address(phone):
    page = phone()

    assert page.evaluate("ours.createScriptURL('/sw.js').toString()") == "/sw.js"
    said = page.evaluate(
        "(() => { try { return String(ours.createScriptURL('/x.js')) } catch (e) { return e.name } })()"
    )
    assert said == "TypeError"
