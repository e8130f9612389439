"""Keeps the connection to the broker: what was published while we were away comes afterwards."""

import asyncio
import json
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from urllib.parse import parse_qs, unquote, urlsplit

import aiomqtt
from django.db import Error as DatabaseError
from django.db import close_old_connections, connections

from metering.live.hearing import ROOT, Answer, Hearing

logger = logging.getLogger(__name__)
SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 60.0


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is, and who we are there."""

    host: str
    port: int
    user: str | None
    password: str | None
    encrypted: bool
    client_id: str

    @classmethod
    def of(cls, url: str) -> "Broker":
        """From `mqtts://user:password@host:8883?client_id=…`. Raises `ValueError`."""
        parts = urlsplit(url)
        if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname:
            raise ValueError("MQTT_URL looks like mqtts://user:password@broker.example:8883")
        encrypted = parts.scheme == "mqtts"
        return cls(
            parts.hostname,
            parts.port or (8883 if encrypted else 1883),
            unquote(parts.username) if parts.username else None,
            unquote(parts.password) if parts.password else None,
            encrypted,
            parse_qs(parts.query).get("client_id", ["azotea"])[0],
        )


class Listener:
    """Hears the broker until it is cancelled. A message is acknowledged once it is stored, not before.

    The session is kept by the broker (its id never changes), so that nothing published with QoS 1 is lost while
    we restart. `now` tells the time; `pause` is how long to wait before connecting again.
    """

    def __init__(self, broker: Broker, now: Callable[[], datetime], pause: float = SHORTEST_PAUSE) -> None:
        self.broker, self.now, self.shortest = broker, now, pause
        self.hearing = Hearing()
        # One thread, and so one database connection, and one message after the other.
        self.thread = ThreadPoolExecutor(1, "hearing")
        self.connected = asyncio.Event()

    async def run(self) -> None:
        """Connect, hear, and connect again for ever."""
        pause = self.shortest
        try:
            while True:
                try:
                    await self._session()
                except aiomqtt.MqttError as error:
                    pause = self.shortest if self.connected.is_set() else min(pause * 2, LONGEST_PAUSE)
                    self.connected.clear()
                    logger.warning("The broker is away (%s); again in %.0f s", error, pause)
                    await asyncio.sleep(pause)
        finally:
            await self._in_thread(self._end)
            self.thread.shutdown()

    def _end(self) -> None:
        self.hearing.end(self.now())
        connections.close_all()

    async def _session(self) -> None:
        broker = self.broker
        async with aiomqtt.Client(
            broker.host,
            broker.port,
            username=broker.user,
            password=broker.password,
            identifier=broker.client_id,
            clean_session=False,
            tls_params=aiomqtt.TLSParameters() if broker.encrypted else None,
        ) as client:
            # aiomqtt acknowledges what it has received; here that is too early.
            client._client.manual_ack_set(True)
            # What waited for us may come before the broker says that it has heard our wish.
            hearing = asyncio.ensure_future(self._hear_all(client))
            try:
                await client.subscribe(f"{ROOT}/#", qos=1)
                logger.info("Listening to %s:%d", broker.host, broker.port)
                self.connected.set()
                await hearing
            finally:
                hearing.cancel()

    async def _hear_all(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            answer = await self._hear(message)
            client._client.ack(message.mid, message.qos)
            if answer is not None:
                await client.publish(answer.topic, json.dumps(answer.body), qos=0)

    async def _hear(self, message: aiomqtt.Message) -> Answer | None:
        payload = message.payload if isinstance(message.payload, bytes) else str(message.payload).encode()
        pause = self.shortest
        while True:
            try:
                hear = partial(self.hearing.hear, str(message.topic), payload, self.now())
                return await self._in_thread(partial(hear, retained=message.retain))
            except DatabaseError:
                logger.exception("Not stored yet: the database is away")
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    async def _in_thread(self, work: Callable[[], Answer | None]) -> Answer | None:
        def call() -> Answer | None:
            close_old_connections()
            return work()

        return await asyncio.get_running_loop().run_in_executor(self.thread, call)
