"""The operator's page of jobs: what failed is there until it is done, and only what may be repeated can be."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.conf import settings
from django.urls import reverse
from kombu.exceptions import OperationalError as BrokerAway

from community.models import User
from config.celery import app
from market import tasks
from market.models import FailedJob, Slot
from market.services.jobs import MAY_BE_REPEATED, note_failure
from metering.models import MeterFile
from tests import factories as make
from tests.market.test_tasks import broker, rings

__all__ = ["broker"]
pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/operator/jobs/"


@pytest.fixture
def operator(client):
    client.force_login(User.objects.create_superuser("op@example.org", make.PASSWORD, name="Op"))
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    return client


def failed(task="market.tasks.clear_slot", error="ValueError: no", **given):
    note_failure(task=task, given=given or {"slot_id": 7}, error=error, at=make.NOON)
    return FailedJob.objects.get(task=task, given=given or {"slot_id": 7})


def test_a_task_that_fails_is_noted_with_its_attempts_and_forgotten_once_it_is_done():
    slot = make.slot(make.community())
    with patch("market.services.clear.clear_slot", side_effect=ValueError("of ana@example.org")):
        for _time in range(2):
            tasks.clear_slot.apply(kwargs={"slot_id": slot.pk})

    job = FailedJob.objects.get()
    assert (job.task, job.given, job.attempts) == ("market.tasks.clear_slot", {"slot_id": slot.pk}, 2)
    assert job.error == "ValueError: of [e-mail]"

    with patch("market.tasks.now", lambda: slot.gate_closure):
        tasks.clear_slot.apply(kwargs={"slot_id": slot.pk})
    assert not FailedJob.objects.exists()
    assert Slot.objects.get().status == "cleared"


def test_the_operator_sees_what_is_late_failed_and_waits(operator):
    street = make.community()
    slot = make.slot(street)
    Slot.objects.filter(pk=slot.pk).update(gate_closure=make.NOON - timedelta(hours=1))
    failed()
    MeterFile.objects.create(
        community=street, name="noviembre.csv", content=b"", content_sha256="0" * 64, received_at=make.NOON,
        asked_at=make.NOON, parser_version=1,
    )  # fmt: skip

    with patch("market.views.jobs.now", lambda: make.NOON):
        page = operator.get(PAGE)

    text = page.content.decode()
    assert page.status_code == 200
    assert page.context["slots"]["late"] == 1
    for word in ("late", "market.tasks.clear_slot", "slot_id=7", "ValueError: no", "1 attempt", "noviembre.csv"):
        assert word in text
    assert reverse("repeat-job", args=[FailedJob.objects.get().pk]) in text
    assert "Jobs: what is due" in operator.get("/operator/").content.decode()


def test_the_page_is_there_in_spanish_and_when_the_broker_is_away(operator):
    operator.cookies[settings.LANGUAGE_COOKIE_NAME] = "es"
    with patch("config.queues.waiting", lambda: None):
        page = operator.get(PAGE)
    assert page.status_code == 200
    assert '<html lang="es">' in page.content.decode()


def test_what_failed_is_rung_for_again_by_one_click(operator, broker):
    job = failed()
    answer = operator.post(reverse("repeat-job", args=[job.pk]), follow=True)

    message = broker.lrange("solver", 0, -1)
    assert len(message) == 1, "in the queue of its own"
    assert b"market.tasks.clear_slot" in message[0]
    assert b"slot_id" in message[0]
    assert "A worker was asked" in answer.content.decode()
    assert FailedJob.objects.filter(pk=job.pk).exists(), "until it is done"


def test_what_could_happen_twice_is_not_rung_for(operator, broker):
    job = failed("market.tasks.send_statement", delivery_id=1)
    assert "/again/" not in operator.get(PAGE).content.decode()
    answer = operator.post(reverse("repeat-job", args=[job.pk]), follow=True)
    assert "might be done twice" in answer.content.decode()
    assert rings(broker, "default") == []


def test_a_broker_that_is_away_is_said_and_what_is_gone_is_not_found(operator):
    job = failed()
    with patch("market.views.jobs.app.send_task", side_effect=BrokerAway):
        answer = operator.post(reverse("repeat-job", args=[job.pk]), follow=True)
    assert "nobody was asked" in answer.content.decode()
    assert operator.post(reverse("repeat-job", args=[job.pk + 1])).status_code == 404


def test_only_staff_see_the_page_and_only_by_post_is_anything_asked(client, operator, broker):
    job = failed()
    again = reverse("repeat-job", args=[job.pk])
    assert operator.get(again).status_code == 405
    client.logout()
    client.force_login(make.member(make.community(), "Ana").user)
    for answer in (client.get(PAGE), client.post(again)):
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/operator/login/")
    assert rings(broker, "solver") == []


def test_everything_that_may_be_repeated_is_a_task():
    app.loader.import_default_modules()
    assert set(app.tasks) >= MAY_BE_REPEATED
    assert not any("tick" in task or "send" in task or "pull" in task for task in MAY_BE_REPEATED)
