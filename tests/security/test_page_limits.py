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


def near(number):
    """An address of a network in which whoever has one has all."""
    return f"2001:db8:1:2:{number:x}::{number:x}"


def test_whoever_has_a_whole_network_of_addresses_is_counted_once(settings):
    settings.PAGES_PER_MINUTE = 10
    heard = [Client(REMOTE_ADDR=near(number)).get("/login/").status_code for number in range(11)]

    assert heard == [200] * 10 + [429]
    assert Client(REMOTE_ADDR="2001:db8:1:3::1").get("/login/").status_code == 200


def test_wishes_and_codes_are_counted_by_network_too(settings):
    settings.PAGES_PER_MINUTE = 0
    street = make.community(join_open=True)

    def heard(path, facts, most):
        asked = (Client(REMOTE_ADDR=near(i)).post(path, facts | {"email": f"a{i}@b.es"}) for i in range(most))
        return [answer.status_code for answer in asked]

    wishes = heard(f"/c/{street.slug}/join/", {"name": "Eva", "place": "Azahar 1"}, 6)
    codes = heard("/api/v1/hand-over", {}, 21)

    assert (wishes[-2:], codes[-1]) == ([200, 429], 429)


def test_guesses_from_one_network_end_whatever_address_of_it_they_come_from(settings):
    settings.PAGES_PER_MINUTE = 0
    make.member(make.community(), "Ana")
    wrong = {"password": "wrong-wrong-wrong"}
    for i in range(10):
        Client(REMOTE_ADDR=near(i)).post("/login/", wrong | {"username": f"a{i}@example.org"})

    right = {"username": "ana@example.org", "password": make.PASSWORD}
    inside, outside = (Client(REMOTE_ADDR=one).post("/login/", right) for one in (near(99), "2001:db8:9::1"))

    assert (inside.status_code, outside.status_code) == (200, 302)


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
