"""Opening the rules has yesterday put together by a worker, once, so that the first change is answered soon."""

import psycopg
import pytest
from django.core.cache import cache
from django.db import OperationalError, connection, transaction
from kombu.exceptions import OperationalError as BrokerAway
from redis.exceptions import RedisError

from config.celery import app
from market import tasks
from market.clearing.simplex import solve
from market.models import WhatIf
from market.queries.remembered import LOCK_SPACE, remembered
from market.queries.what_if import yesterday_of
from market.services import day_again as lived
from market.services.what_if import work_out
from tests import factories as make
from tests.market.test_what_if import TOMORROW, ana, changed, homes, street, yesterday

pytestmark = pytest.mark.django_db
__all__ = ["ana", "homes", "street", "yesterday"]  # fixtures
NAME = "market.tasks.prepare_yesterday"


@pytest.fixture(autouse=True)
def next_day(monkeypatch):
    cache.clear()
    monkeypatch.setattr("config.clock.now", lambda: TOMORROW)
    monkeypatch.setattr("market.tasks.now", lambda: TOMORROW)


@pytest.fixture
def rung(monkeypatch):
    """The preparations that workers were asked for."""
    found = []
    monkeypatch.setattr(app, "send_task", lambda name, **told: found.append((name, told.get("kwargs"))))
    return found


def opened(client, path="/rules/"):
    with pytest.MonkeyPatch.context() as now:
        now.setattr("config.clock.now", lambda: TOMORROW)
        return client.get(path).status_code


def test_opening_the_rules_rings_once_for_each_home_and_day(ana, homes, client, rung):
    assert [opened(ana) for _ in range(3)] == [200, 200, 200]
    client.force_login(homes[1].member.user)
    opened(client)

    assert rung == [(NAME, {"household_id": home.pk, "quick": True}) for home in homes[:2]]


def test_saving_rules_that_are_wrong_and_trying_them_ring_for_no_preparation(ana, yesterday, rung):
    changed(ana, min_sell="doce")
    changed(ana, min_sell="0,11")

    assert [name for name, _given in rung] == ["market.tasks.tick_studio"]


def test_a_street_too_small_to_hide_a_home_has_nothing_prepared(ana, homes, rung):
    make.meter(homes[4]).delete()

    assert opened(ana) == 200
    assert rung == []


def test_the_rules_open_while_nobody_can_be_rung(ana, monkeypatch):
    def away(*_given, **_told):
        raise BrokerAway

    monkeypatch.setattr(app, "send_task", away)

    assert opened(ana) == 200


def test_the_rules_open_while_the_memory_is_away(ana, rung, monkeypatch):
    def away(*_given, **_told):
        raise RedisError

    monkeypatch.setattr(cache, "add", away)

    assert opened(ana) == 200
    assert rung == []


def test_a_prepared_day_spares_the_first_change_its_street(ana, homes, yesterday, monkeypatch):
    changed(ana, min_sell="0,25")
    asked = WhatIf.objects.get()
    work_out(what_if_id=asked.pk, solve=solve)
    asked.refresh_from_db()
    expected = asked.would_be
    WhatIf.objects.update(status="asked", was={}, would_be={})
    cache.clear()

    tasks.prepare_yesterday(household_id=homes[0].pk, quick=True)
    monkeypatch.setattr(lived, "scenes", lambda *_given: pytest.fail("the street is read again"))
    work_out(what_if_id=asked.pk, solve=solve)

    asked.refresh_from_db()
    assert (asked.status, asked.would_be) == ("done", expected)


def test_a_day_without_an_answer_is_nobodys_failure_until_somebody_asks(homes, yesterday, monkeypatch):
    def fails(*_given):
        raise ArithmeticError

    monkeypatch.setattr(lived, "_by_rules_of_then", fails)

    tasks.prepare_yesterday(household_id=homes[0].pk)

    assert remembered(lived.key_of(homes[0], yesterday_of(homes[0], TOMORROW))) is None


def test_preparations_of_short_streets_do_not_wait_behind_trainings():
    lines = [app.amqp.router.route({}, NAME, kwargs={"quick": quick})["queue"].name for quick in (True, False)]

    assert lines == ["solver", "studio"]


@pytest.fixture
def held(homes, yesterday):
    """Another worker's connection, which puts Ana's yesterday together."""
    key = lived.key_of(homes[0], yesterday_of(homes[0], TOMORROW))
    info = connection.get_connection_params()
    names = ("host", "port", "user", "password", "dbname")
    with psycopg.connect(**{name: info[name] for name in names if name in info}) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [LOCK_SPACE, key])
        yield other


def test_a_day_that_another_worker_puts_together_is_waited_for(homes, held, settings):
    settings.CELERY_TASK_TIME_LIMIT = 1
    slots = yesterday_of(homes[0], TOMORROW)

    with pytest.raises(OperationalError, match="lock timeout"), transaction.atomic():
        lived.day_as_it_was(homes[0], slots, solve)
    held.rollback()

    assert lived.day_as_it_was(homes[0], slots, solve).scenes


def test_what_another_worker_put_together_meanwhile_is_not_put_together_again(homes, yesterday, monkeypatch):
    there = lived.Day((), ())
    looks = iter([None, there])
    monkeypatch.setattr(lived, "remembered", lambda _key: next(looks))
    monkeypatch.setattr(lived, "scenes", lambda *_given: pytest.fail("the street is read again"))

    assert lived.day_as_it_was(homes[0], yesterday_of(homes[0], TOMORROW), solve) is there
