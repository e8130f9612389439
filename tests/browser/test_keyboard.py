"""A resident who uses nothing but the keys: sees where she is at every step, and gets everywhere."""

from datetime import timedelta
from unittest.mock import patch

import pytest

from market.services.settle import settle_due
from tests import factories as make
from tests.browser.conftest import DESK, PHONE
from tests.browser.test_reserve import BEFORE, EVENING, ana, trade

__all__ = ["ana"]
pytestmark = pytest.mark.django_db(transaction=True)
MOST_STEPS = 90
# What the key's owner sees of the element that has the focus.
FOCUSED = """() => {
  const here = document.activeElement, box = here.getBoundingClientRect(), style = getComputedStyle(here);
  const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  // The browser itself scrolls to it, up and down; what hangs out at a side nobody finds.
  const inside = box.right > 0 && box.left < innerWidth && here.checkVisibility();
  return { body: here === document.body, ring, seen: box.width > 0 && box.height > 0 && inside, tag: here.outerHTML.slice(0, 90) };
}"""


def focus(page):
    return page.evaluate(FOCUSED)


def tab_to(page, selector, key="Tab"):
    """Press the key until the focus is on what the selector means; every stop on the way is one that can be seen."""
    page.wait_for_load_state("networkidle")  # a picture that comes late would push what has the focus out of sight
    for _ in range(MOST_STEPS):
        page.keyboard.press(key)
        found = focus(page)
        if found["body"]:
            continue  # past the end of the page the browser itself has the focus
        assert found["ring"], f"no ring around {found['tag']}"
        assert found["seen"], f"out of sight: {found['tag']}"
        if page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
            return
    raise AssertionError(f"{selector} is not reached on {page.url}")


def enter(page):
    with page.expect_navigation():
        page.keyboard.press("Enter")


@pytest.mark.parametrize(("viewport", "locale"), [(PHONE, "ca-ES"), (DESK, "en-GB")], ids=["phone", "desk"])
def test_everything_is_reached_by_keys(open_page, ana, sums_of_few, viewport, locale):
    with patch("config.clock.now", lambda: BEFORE + timedelta(minutes=1)):
        make.slot(ana.community, EVENING - timedelta(days=1))
        slot = trade(ana, EVENING)
    for home in ana.community.households.all():
        make.read(home, EVENING, 100, 0)
    settle_due(community=ana.community, at=EVENING + timedelta(hours=1))
    with patch("config.clock.now", lambda: EVENING + timedelta(hours=1)):
        page = open_page(locale, viewport)
        page.goto("/login/")
        tab_to(page, "input[name=username]")
        page.keyboard.type("ana@example.org")
        tab_to(page, "input[name=password]")
        page.keyboard.type(make.PASSWORD)
        enter(page)
        page.wait_for_url(lambda url: not url.endswith("/login/"))

        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.matches('.skip')")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        page.keyboard.press("ArrowLeft")
        page.wait_for_url(lambda url: "d=" in url)
        page.keyboard.press("ArrowRight")
        page.wait_for_url(lambda url: "d=" not in url)

        tab_to(page, "a[href='/energy/']", "Shift+Tab")
        enter(page)
        tab_to(page, "main a[href*='unit=eur']")
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "unit=eur" in url)

        tab_to(page, "nav a[href='/rules/']")
        enter(page)
        tab_to(page, "input[name=reserve_pct]")
        before = page.input_value("input[name=reserve_pct]")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowRight")
        after = page.input_value("input[name=reserve_pct]")
        tab_to(page, "main form button[type=submit]:not([name=try])")
        enter(page)

        tab_to(page, "nav a[href='/']")
        enter(page)
        tab_to(page, f"main a[href*='/slots/{slot.start:%Y-%m-%dT%H%MZ}/']")
        enter(page)
        tab_to(page, "#what-if input")
        page.keyboard.press("Control+a")
        page.keyboard.type("0.999")
        tab_to(page, "#what-if button")
        enter(page)
        assert "w=" in page.url

        tab_to(page, "form[data-logout] button")
        enter(page)
        page.wait_for_url(lambda url: "/login/" in url)

    assert int(after) > int(before)
    assert ana.mandates.latest("valid_from").reserve_pct == int(after)
