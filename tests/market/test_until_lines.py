"""Every page of a community says until when it is true, once; the pages that need not are named here."""

import re

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse

from metering.models import Reading
from tests.security.walk.conftest import world
from tests.security.walk.routes import OF_ACCOUNTS, OPERATOR, ROUTES, address, named
from tests.security.walk.test_walk import call

__all__ = ["world"]
pytestmark = [pytest.mark.django_db, pytest.mark.timeout(120)]

LINE = re.compile(r"(?:Readings|Data) until [^<;]*\d\d:\d\d(?:; \d+ meters? (?:is|are) behind)?|No readings yet")
# The site's own words, a street that is only tried out, and the style page; forms of the account are named by their
# routes, and the operator's pages are about all communities.
EXEMPT = {
    "help", "help-page", "styleguide", "studio", "new-pilot", "pilot", "accept-invitation", "end-letters", "offline",
    "login", "logout", "api-docs",
    "public-figures",  # for everybody: it names the day that its figures go up to
}  # fmt: skip


@pytest.fixture
def visitor(world):
    client = Client(headers={"accept-language": "en"})
    client.force_login(world.users["owner"])
    return client


def pages(client, world):
    """Every page that answers this member, by the name of its route."""
    for name, asks in ROUTES.items():
        if "GET" in asks.methods and asks.need != OPERATOR:
            answer = call(client, "GET", address(name, world.here.things))
            if answer.status_code == 200 and answer.get("Content-Type", "").startswith("text/html"):
                yield name, answer.said


def test_every_page_inside_a_community_says_until_when_it_is_true(world, visitor):
    said = {name: len(LINE.findall(text)) for name, text in pages(visitor, world)}

    assert len(said) > 60
    assert {name: count for name, count in said.items() if count != (0 if name in EXEMPT else 1)} == {}


def test_forms_of_the_account_and_pages_of_refusal_say_nothing_of_the_street(world, visitor):
    found = {}
    for name, _pattern in named():
        if name.startswith(OF_ACCOUNTS):
            try:
                found[name] = call(visitor, "GET", reverse(name))
            except NoReverseMatch:
                continue
    found["nowhere"], found["refused"] = (
        call(visitor, "GET", "/nowhere/"),
        call(visitor, "GET", "/operator/status/"),
    )

    assert len(found) > 15
    assert [name for name, answer in found.items() if LINE.search(answer.said)] == []


def test_a_community_without_any_reading_says_so_on_every_page(world, visitor):
    Reading.objects.filter(metering_point__household__community=world.here.community).delete()

    said = {name: len(LINE.findall(text)) for name, text in pages(visitor, world)}

    assert {name: count for name, count in said.items() if count != (0 if name in EXEMPT else 1)} == {}
