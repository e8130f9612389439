"""Nobody opens pages or sends forms like a machine; neighbours behind one address do not count for each other."""

import pytest
from django.test import Client
from redis.exceptions import RedisError

from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def ten_a_minute(settings):
    settings.PAGES_PER_MINUTE = 10


def visitor(street, name):
    client = Client(headers={"accept-language": "en"})
    client.force_login(make.member(street, name).user)
    return client


def test_who_opens_too_many_pages_waits_and_others_do_not():
    street = make.community()
    ana, eva = visitor(street, "Ana"), visitor(street, "Eva")

    heard = [ana.get("/more/").status_code for _ in range(11)]
    last = ana.get("/more/")

    assert heard == [200] * 10 + [429]
    assert last["Retry-After"] == "60"
    assert "wait a minute and go on" in last.content.decode()
    assert eva.get("/more/").status_code == 200, "the same address, another account"


def test_forms_are_fewer_than_pages(settings):
    settings.PAGES_PER_MINUTE = 15
    ana = visitor(make.community(), "Ana")

    heard = [ana.post("/announcements/mail/", {"wanted": "no"}).status_code for _ in range(4)]

    assert heard == [302, 302, 302, 429]
    assert ana.get("/more/").status_code == 200, "looking is counted apart"


def test_a_visitor_nobody_knows_is_counted_by_address_whatever_cookie_it_makes_up(client):
    heard = []
    for number in range(11):
        client.cookies["session"] = f"made-up-{number}"
        heard.append(client.get("/login/").status_code)

    assert heard == [200] * 10 + [429]


def test_meters_witnesses_and_watchmen_have_no_limit_here(client):
    home = make.home(make.community(), "Ana", make.tariff())
    token = {"authorization": f"Bearer {make.token(home)}"}

    assert {client.get("/api/v1/metering-points", headers=token).status_code for _ in range(12)} == {200}
    assert {client.get("/health/live").status_code for _ in range(12)} == {200}


def test_without_the_store_pages_stay_open(monkeypatch):
    def away(*_args, **_kwargs):
        raise RedisError

    monkeypatch.setattr("community.page_limits.within", away)
    ana = visitor(make.community(), "Ana")

    assert {ana.get("/more/").status_code for _ in range(12)} == {200}
