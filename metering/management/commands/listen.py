"""`manage.py listen`: hear the meters on an MQTT broker."""

import asyncio
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.clock import now
from metering.live.listener import Broker, Listener


class Command(BaseCommand):
    help = "Stores what meters publish on the broker of MQTT_URL, until it is stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.MQTT_URL:
            raise CommandError("MQTT_URL is not set: there is no broker to listen to.")
        try:
            broker = Broker.of(settings.MQTT_URL)
        except ValueError as error:
            raise CommandError(str(error)) from error
        asyncio.run(_until_stopped(broker))


async def _until_stopped(broker: Broker) -> None:
    task = asyncio.ensure_future(Listener(broker, now).run())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        return
