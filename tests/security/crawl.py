"""A visitor who follows every link: pages, what is on them, and where they lead."""

import json
import re
from functools import cache
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest
from django.test import Client
from django.urls import Resolver404, resolve

from community.models import User
from config import clock
from tests import factories as make
from tests.market.test_query_counts import NOW, SHORT, street

LOADS = {"src", "srcset", "action", "formaction", "data", "poster", "background", "xlink:href"}
PER_ROUTE = 2


class Reader(HTMLParser):
    """What a page has that it should not have, where it leads, and how it sets htmx up."""

    def __init__(self):
        super().__init__()
        self.faults, self.links, self.htmx = [], set(), None

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "script" and not given.get("src"):
            self.faults.append("script without src")
        if tag in {"style", "base", "iframe", "object", "embed"}:
            self.faults.append(f"<{tag}>")
        if tag == "meta" and given.get("http-equiv"):
            self.faults.append("http-equiv")
        if tag == "meta" and given.get("name") == "htmx-config":
            self.htmx = json.loads(given["content"])
        for name, value in attrs:
            self._attribute(tag, name, value or "")

    def _attribute(self, tag, name, value):
        if re.fullmatch(r"on\w+|hx-on.*|data-hx-on.*|style", name):
            self.faults.append(f"{tag} {name}={value}")
        if value.strip().lower().startswith(("javascript:", "js:", "vbscript:")):
            self.faults.append(f"{tag} {name}={value}")
        loaded = name in LOADS or name.startswith("hx-") or (name == "href" and tag not in {"a", "area"})
        if loaded and re.match(r"\s*(?:[a-z][a-z+.-]*:)?//", value, re.IGNORECASE):
            self.faults.append(f"leaves the site: {tag} {name}={value}")
        if name == "href" and tag == "a":
            self.links.add(value)


def read(answer):
    """Read once, however many ask."""
    if not hasattr(answer, "reader"):
        answer.reader = Reader()
        answer.reader.feed(answer.content.decode())
    return answer.reader


def is_page(answer):
    return answer.get("Content-Type", "").startswith("text/html")


@cache
def route_of(path):
    """Kept: a page's links are those of all others, and each is looked for among some three hundred routes."""
    try:
        return resolve(urlsplit(path).path).route
    except Resolver404:
        return None


def walk(client, starts):
    """Every answer from these addresses on: links are followed, a few of each route."""
    waiting, seen, counted = list(starts), set(), {}
    while waiting:
        path = waiting.pop(0)
        if path in seen or counted.get(route := route_of(path), 0) >= PER_ROUTE:
            continue
        seen.add(path)
        counted[route] = counted.get(route, 0) + 1
        answer = client.get(path)
        yield path, answer
        if is_page(answer):
            links = (urljoin(path, link).partition("#")[0] for link in sorted(read(answer).links))
            waiting += [link for link in links if link.startswith("/")]


@pytest.fixture
def place(monkeypatch):
    """A street whose every list has rows, and who looks at it: by name, a client that is logged in."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return lived_in()


def lived_in():
    """The same, at whatever time it is."""
    _community, resident, admin = street("calle", 3, SHORT)
    operator = User.objects.create_superuser("op@example.org", make.PASSWORD, name="Op")
    clients = {"nobody": Client()}
    for name, user in (("resident", resident), ("admin", admin), ("operator", operator)):
        clients[name] = Client()
        clients[name].post("/login/", {"username": user.email, "password": make.PASSWORD})
        assert "_auth_user_id" in clients[name].session
    return clients
