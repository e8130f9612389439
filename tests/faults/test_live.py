"""A real broker, a real listener: nothing published is lost while either of them, or the database, is away."""

import asyncio
from datetime import timedelta
from unittest.mock import patch

import aiomqtt
import pytest
from django.db import OperationalError, connections

from metering.live.hearing import Hearing
from metering.live.listener import Broker, Listener
from metering.models import Reading, RegisterReading
from metering.services.tokens import issue_token
from tests import factories
from tests.factories import NOON, QUARTER
from tests.metering.broker import BrokerProcess

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def meter():
    """A meter's user and password, and its home."""
    home = factories.home(factories.community(), "Ana", factories.tariff())
    token, text = issue_token(
        community=home.community,
        name="Contador",
        scopes=["readings:write"],
        metering_points=[factories.meter(home)],
        at=NOON - timedelta(days=1),
    )
    return token.key_id, text.partition(".")[2]


@pytest.fixture
def broker(tmp_path, meter):
    broker = BrokerProcess(tmp_path, {"azotea": "our own", meter[0]: meter[1], "other": "another"})
    broker.start()
    yield broker
    broker.stop()


class Clock:
    """Stands still until it is moved."""

    def __init__(self):
        self.at = NOON

    def __call__(self):
        return self.at


async def publish(broker, user, password, topic, *payloads):
    async with aiomqtt.Client("127.0.0.1", broker.port, username=user, password=password) as client:
        for payload in payloads:
            await client.publish(topic, payload, qos=1)


async def until(condition, seconds=15.0):
    for _ in range(int(seconds / 0.05)):
        if await asyncio.to_thread(condition):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not happen in time")


def count(model, number):
    def counted():
        try:
            return model.objects.count() == number
        finally:
            connections.close_all()

    return counted


class Running:
    """A listener that runs while the block does."""

    def __init__(self, broker, clock):
        address = Broker("127.0.0.1", broker.port, "azotea", "our own", False, "azotea")
        self.listener = Listener(address, clock, pause=0.1)

    async def __aenter__(self):
        self.task = asyncio.create_task(self.listener.run())
        await asyncio.wait_for(self.listener.connected.wait(), 15)
        return self.listener

    async def __aexit__(self, *_error):
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


def dial(broker, meter, wh):
    return publish(broker, *meter, f"azotea/{meter[0]}/import/register_wh", str(wh))


def test_a_dial_is_heard_and_its_quarter_stored(broker, meter):
    async def story():
        clock = Clock()
        async with Running(broker, clock):
            await dial(broker, meter, 1_000)
            await until(count(RegisterReading, 1))
            clock.at += QUARTER
            await dial(broker, meter, 1_250)
            await until(count(Reading, 1))

    asyncio.run(story())

    assert Reading.objects.get().energy_wh == 250


def test_what_was_published_while_we_were_away_comes_afterwards(broker, meter):
    async def story():
        clock = Clock()
        async with Running(broker, clock):
            await dial(broker, meter, 1_000)
            await until(count(RegisterReading, 1))
        row = '{"readings": [{"channel": "export", "start": "2026-11-23T11:00:00Z", "energy_wh": 77}]}'
        await publish(broker, *meter, f"azotea/{meter[0]}/readings", row)
        clock.at += QUARTER
        async with Running(broker, clock):
            await until(count(Reading, 1))

    asyncio.run(story())

    assert Reading.objects.get().energy_wh == 77


def test_a_broker_that_comes_back_is_heard_again(broker, meter):
    async def story():
        clock = Clock()
        async with Running(broker, clock) as listener:
            await asyncio.to_thread(broker.stop)
            await until(lambda: not listener.connected.is_set())
            await asyncio.to_thread(broker.start)
            await asyncio.wait_for(listener.connected.wait(), 15)
            await dial(broker, meter, 1_000)
            await until(count(RegisterReading, 1))

    asyncio.run(story())


def test_a_message_waits_for_the_database(broker, meter):
    tries = []
    hear = Hearing.hear

    def failing(self, *given, **more):
        tries.append(given)
        if len(tries) < 3:
            raise OperationalError("the database is starting")
        return hear(self, *given, **more)

    async def story():
        with patch.object(Hearing, "hear", failing):
            async with Running(broker, Clock()):
                await dial(broker, meter, 1_000)
                await until(count(RegisterReading, 1))

    asyncio.run(story())

    assert len(tries) == 3


def test_a_bad_message_is_answered_to_its_sender_alone(broker, meter):
    async def story():
        async with (
            Running(broker, Clock()),
            aiomqtt.Client("127.0.0.1", broker.port, username=meter[0], password=meter[1]) as client,
        ):
            await client.subscribe(f"azotea/{meter[0]}/answers")
            await client.publish(f"azotea/{meter[0]}/import/register_wh", "much", qos=1)
            return str((await asyncio.wait_for(anext(client.messages), 15)).payload)

    assert '"not-a-number"' in asyncio.run(story())


def test_a_meter_cannot_speak_for_another_nor_without_its_password(broker, meter):
    async def story():
        async with Running(broker, Clock()):
            await publish(broker, "other", "another", f"azotea/{meter[0]}/import/register_wh", "666")
            with pytest.raises(aiomqtt.MqttError):
                await publish(broker, meter[0], "guessed", f"azotea/{meter[0]}/import/register_wh", "666")
            await dial(broker, meter, 1_000)
            await until(count(RegisterReading, 1))

    asyncio.run(story())

    assert RegisterReading.objects.get().register_wh == 1_000
