"""The API knows no cookie, and pages know no token."""

import pytest
from django.test import Client
from django.urls import get_resolver

from tests import factories as make
from tests.security.test_requests_from_elsewhere import address, routes

pytestmark = pytest.mark.django_db

# For everybody: the description, the page that shows it, and the exchange of a code that is itself the secret.
OPEN = {"api/v1/schema", "api/v1/docs", "api/v1/hand-over"}


def api_routes():
    (api,) = [found for found in get_resolver().url_patterns if str(found.pattern) == "api/v1/"]
    return sorted(set(routes(api.url_patterns, "api/v1/", api=True)) - OPEN)


@pytest.mark.parametrize("role", ["owner", "admin"])
def test_a_browser_that_is_logged_in_is_nobody_at_the_api(role):
    browser = Client()
    street = make.community()
    make.home(street, "Azahar 1", make.tariff(), make.member(street, "Marta", role))
    browser.post("/login/", {"username": "marta@example.org", "password": make.PASSWORD})
    assert browser.get("/more/").status_code == 200

    answers = {
        (method, route): getattr(browser, method)(address(route), content_type="application/json").status_code
        for route in api_routes()
        for method in ("get", "post", "put", "patch", "delete")
    }

    assert len(answers) >= 50
    assert {asked: status for asked, status in answers.items() if status != 401} == {}


def test_a_token_opens_no_page_and_makes_no_session():
    street = make.community()
    home = make.home(street, "Azahar 1", make.tariff(), make.member(street, "Ana"))
    gateway = Client(headers={"authorization": f"Bearer {make.token(home)}"})

    heard = gateway.get("/api/v1/metering-points")

    assert heard.status_code == 200
    assert not heard.cookies
    for path in ("/", "/months/", "/account/bank/", "/account/data/"):
        assert gateway.get(path)["location"].startswith("/login/?next="), path
