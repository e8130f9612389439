"""The browser itself refuses to make elements of text, and the pages do not need it to."""

import pytest
from playwright.sync_api import Error

from community.models import User
from tests import factories as make
from tests.browser.conftest import DESK, log_in
from tests.browser.test_accessibility import street

__all__ = ["street"]

pytestmark = pytest.mark.django_db(transaction=True)

WAYS = {
    "innerHTML": "document.body.appendChild(document.createElement('div')).innerHTML = '<b>x</b>'",
    "insertAdjacentHTML": "document.body.insertAdjacentHTML('beforeend', '<b>x</b>')",
    "script text": "document.createElement('script').textContent = 'window.ran = 1'",
    "script address": "document.createElement('script').src = '/static/js/azotea.js'",
    "a second policy": "trustedTypes.createPolicy('other', { createHTML: (text) => text })",
    "a timer of text": "setTimeout('window.ran = 1', 0)",
}


@pytest.mark.parametrize("way", WAYS)
def test_no_script_makes_elements_or_code_of_text(browser, live_server, way):
    page = browser.new_context(base_url=live_server.url).new_page()
    page.goto("/login/")

    with pytest.raises(Error, match=r"(?i)trusted|policy"):
        page.evaluate(f"() => {{ {WAYS[way]} }}")
    page.context.close()


def test_charts_and_parts_fetched_by_htmx_work_under_it(open_page, street):
    page = open_page(viewport=DESK)
    log_in(page, "marta@example.org", make.PASSWORD)
    page.goto("/?d=2026-11-22")

    with page.expect_response(lambda answer: answer.request.headers.get("hx-request") == "true") as fetched:
        page.click(".datebar a[hx-get]")

    assert fetched.value.ok
    page.wait_for_url(lambda url: not url.endswith("?d=2026-11-22"))  # until then the way back leads elsewhere
    page.wait_for_selector("#day figure svg")
    page.go_back()
    page.wait_for_url("**/?d=2026-11-22")
    page.wait_for_selector("#day")


def test_the_operators_pages_work_without_a_complaint(open_page, street):
    User.objects.create_superuser("op@example.org", make.PASSWORD, name="Op")
    page = open_page(viewport=DESK)
    log_in(page, "op@example.org", make.PASSWORD)

    for path in (
        "/operator/",
        "/operator/community/community/",
        "/operator/community/community/add/",
        "/operator/jobs/",
    ):
        page.goto(path)
        assert page.locator("h1").count() > 0
