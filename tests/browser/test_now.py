"""Pages of now renew themselves while somebody looks; dates are walked by keys; contrast and paper are served."""

from datetime import timedelta
from unittest.mock import patch

import pytest

from tests import factories as make
from tests.browser.conftest import DESK, happens, log_in, until

pytestmark = pytest.mark.django_db(transaction=True)
NOW = make.NOON + make.QUARTER
HIDE = "Object.defineProperty(document, 'hidden', {{configurable: true, get: () => {}}})"


@pytest.fixture
def ana(sums_of_few):
    street = make.community()
    offer = make.tariff()
    home = make.home(street, "Azahar 1", offer, make.member(street, "Ana"))
    other = make.home(street, "Azahar 3", offer)
    for one in (home, other):
        make.history(one, 300, days=2)
    make.slot(street, make.NOON)
    make.slot(street, make.NOON - timedelta(days=2))
    with patch("config.clock.now", lambda: NOW):
        yield home.member


@pytest.mark.parametrize("path", ["/", "/street/", "/market/"])
def test_a_page_of_now_asks_once_a_minute_and_not_while_nobody_looks(open_page, ana, path):
    page = open_page("en-GB", DESK)
    log_in(page, "ana@example.org", make.PASSWORD)
    page.clock.install()
    asked = []
    page.on("request", lambda request: asked.append(request.headers.get("hx-target", "")))
    page.goto(path)
    until(page, "window.htmx !== undefined")
    asked.clear()

    def after(seconds, expected):
        page.clock.run_for(seconds * 1_000)
        happens(page, lambda: len([one for one in asked if one]) >= expected)
        page.wait_for_timeout(400)  # what is asked too often has the time to show
        return len([one for one in asked if one])

    assert after(61, 1) == 1
    page.evaluate(HIDE.format("true"))
    assert after(300, 1) == 1, "a hidden tab asks nothing"
    page.evaluate(HIDE.format("false"))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert after(1, 2) == 2, "who comes back sees it renewed at once"
    page.goto(f"{path}?d=2026-11-22")
    asked.clear()
    assert after(200, 0) == 0, "a day that is over does not change"


def test_the_date_bar_is_walked_by_arrow_keys_but_not_out_of_a_field(open_page, ana):
    page = open_page("en-GB", DESK)
    log_in(page, "ana@example.org", make.PASSWORD)
    page.goto("/")

    page.keyboard.press("ArrowLeft")
    page.wait_for_url("**/?d=2026-11-22")
    page.keyboard.press("ArrowRight")
    page.wait_for_url(lambda url: "d=" not in url)
    page.goto("/when/")
    page.focus("input[name=power]")
    page.keyboard.press("ArrowLeft")

    assert page.url.endswith("/when/")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_who_asks_for_more_contrast_gets_it(open_page, ana, scheme):
    page = open_page("en-GB", DESK)
    log_in(page, "ana@example.org", make.PASSWORD)
    soft = "getComputedStyle(document.documentElement).getPropertyValue('--soft')"
    page.emulate_media(color_scheme=scheme, contrast="no-preference")
    page.goto("/")
    usual = page.evaluate(soft)

    page.emulate_media(color_scheme=scheme, contrast="more")

    assert page.evaluate(soft) != usual
    assert contrast(page.evaluate(soft), page.evaluate(soft.replace("--soft", "--paper"))) >= 7


def test_on_paper_there_is_no_navigation_and_nothing_runs_off_the_sheet(open_page, ana):
    page = open_page("en-GB", {"width": 720, "height": 1000})
    log_in(page, "ana@example.org", make.PASSWORD)
    for path in ("/", "/months/", "/when/"):
        page.goto(path)
        page.emulate_media(media="print")

        assert not page.is_visible("nav.nav")
        assert not page.is_visible(".button")
        assert page.evaluate("document.documentElement.scrollWidth") <= 720
        page.emulate_media(media="screen")


def contrast(one, other):
    """WCAG's contrast of two colours written as #rgb or #rrggbb."""
    lights = sorted((_luminance(one.strip()), _luminance(other.strip())))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def _luminance(text):
    digits = text.removeprefix("#")
    digits = digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
