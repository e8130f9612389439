"""How many rings wait at the broker."""

from functools import cache

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry


def connect(url: str) -> Redis:
    """The broker, asked once and not again: whoever looks after the site does not wait for it."""
    once = Retry(NoBackoff(), 0)
    return Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1, retry=once)


@cache
def _redis() -> Redis:
    return connect(settings.CELERY_BROKER_URL)


def waiting() -> dict[str, int] | None:
    """Rings that wait, by queue; None if the broker does not answer within a second."""
    try:
        return {queue.name: int(_redis().llen(queue.name)) for queue in settings.CELERY_TASK_QUEUES}
    except RedisError:
        return None
