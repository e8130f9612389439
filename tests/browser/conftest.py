"""A real Chromium against the real site."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for a module: playwright's event loop must not go on running under the tests of others."""
    path = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium")
    assert path, "No Chromium: `make test` finds or installs one."
    flags = ["--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    if os.geteuid() == 0:
        flags.append("--no-sandbox")  # Chromium refuses its sandbox to root
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser, live_server) -> Iterator:
    """Opens pages in a fresh context; complaints of the console and requests that leave the site fail the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def note_request(request: Request) -> None:
        if not request.url.startswith((live_server.url, "data:")):
            complaints.append(f"left the site: {request.url}")

    def open_one(
        locale: str = "en-GB", viewport: dict[str, int] = PHONE, *, script: bool = True, touch: bool = False
    ) -> Page:
        context = browser.new_context(
            locale=locale,
            viewport=viewport,
            base_url=live_server.url,
            java_script_enabled=script,
            has_touch=touch,
            is_mobile=touch,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("request", note_request)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda said: (
                complaints.append(said.text) if said.type == "error" and "status of 4" not in said.text else None
            ),
        )
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert complaints == []


def submit(page: Page) -> None:
    """Hand in the form of this page and wait until the page that answers is there."""
    with page.expect_navigation():
        page.click("main form button[type=submit]")


def happens(page: Page, what: Callable[[], Any], said: str = "what is waited for") -> Any:
    """Wait until something here or in the browser is so, and give it: nothing that takes its time is slept for."""
    end = time.monotonic() + 30
    while not (found := what()):
        assert time.monotonic() < end, f"never: {said}"
        page.wait_for_timeout(50)
    return found


def until(page: Page, holds: str) -> None:
    """Wait until an expression is true. Playwright's own way evaluates it inside the page, which the site forbids."""
    happens(page, lambda: page.evaluate(holds), holds)


def log_in(page: Page, email: str, password: str) -> None:
    page.goto("/login/")
    page.fill("input[name=username]", email)
    page.fill("input[name=password]", password)
    page.click("form.form button[type=submit]")
    page.wait_for_url(lambda url: not url.endswith("/login/"))
