"""A real Chromium against the real site."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

FOLDER = Path(__file__).parent
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}


_running = ExitStack()
_browsers: list[Browser] = []


@pytest.fixture
def browser() -> Browser:
    """One for all tests of this folder, or a new one where it has crashed; each test has contexts of its own."""
    if _browsers and not _browsers[0].is_connected():
        _running.close()
    if not _browsers:
        play = _running.enter_context(sync_playwright())
        _browsers.append(play.chromium.launch(executable_path=_chromium(), args=_flags()))
        _running.callback(_browsers.clear)
        _running.callback(_browsers[0].close)
    return _browsers[0]


@pytest.hookimpl(trylast=True)  # after the test's own contexts are closed
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """Playwright's event loop must not go on running under the tests of others."""
    if nextitem is None or FOLDER not in nextitem.path.parents:
        _running.close()


def _chromium() -> str:
    path = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium")
    assert path, "No Chromium: `make test` finds or installs one."
    return path


def _flags() -> list[str]:
    flags = ["--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    # Chromium refuses its sandbox to root.
    return [*flags, "--no-sandbox"] if os.geteuid() == 0 else flags


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
