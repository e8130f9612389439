"""How often a token may call: told with every answer, refused with the time to wait, never shared."""

from unittest.mock import patch

import pytest
from django.test import Client
from redis.exceptions import ConnectionError as Away

from metering.api import rate_limits
from tests import factories
from tests.factories import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock():
    with patch("metering.api.authentication.now", lambda: NOON):
        yield


@pytest.fixture
def street():
    return factories.community(uploads_per_minute=2, reads_per_minute=600)


def caller(home):
    return Client(headers={"authorization": f"Bearer {factories.token(home)}", "accept-language": "en"})


def send(client, home):
    address = f"/api/v1/metering-points/{factories.meter(home).public_id}/readings"
    return client.post(address, '{"readings": []}', content_type="application/json")


def test_a_burst_of_twice_the_rate_is_fine_and_the_next_waits(street):
    home = factories.home(street, "Ana", factories.tariff())
    client = caller(home)

    answers = [send(client, home) for _ in range(5)]

    assert [answer.status_code for answer in answers] == [200] * 4 + [429]
    assert answers[0]["ratelimit-policy"] == '"uploads";q=2;w=60'
    assert answers[0]["ratelimit"] == '"uploads";r=3;t=30'
    assert answers[4]["retry-after"] == "30"
    assert answers[4].json()["code"] == "throttled"
    assert client.get("/api/v1/metering-points").status_code == 200


def test_one_tokens_calls_are_not_anothers(street):
    offer = factories.tariff()
    ana, bea = (factories.home(street, name, offer) for name in ("Ana", "Bea"))
    first, second = caller(ana), caller(bea)
    for _ in range(5):
        send(first, ana)

    assert send(second, bea).status_code == 200


def test_without_the_store_nobody_is_locked_out(street, caplog):
    home = factories.home(street, "Ana", factories.tariff())
    client = caller(home)

    with patch.object(rate_limits, "_redis", side_effect=Away):
        answers = [send(client, home) for _ in range(6)]

    assert {answer.status_code for answer in answers} == {200}
    assert "Rate limits are off" in caplog.text
