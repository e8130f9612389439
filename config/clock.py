"""The neighbourhood's clock. Doors read it once and pass the instant on as `at`; nothing else tells the time.

In production it is the real time. `make demo SPEED=60` runs it 60 times faster from an origin that the
supervisor wrote once, so that every process of the demo agrees on the time.
"""

from datetime import datetime

from django.conf import settings
from django.utils import timezone


def now() -> datetime:
    """The neighbourhood's present instant, in UTC."""
    real = timezone.now()
    if not settings.CLOCK_ORIGIN:
        return real
    real_origin, origin = (datetime.fromisoformat(part) for part in settings.CLOCK_ORIGIN.split("|"))
    return origin + (real - real_origin) * settings.CLOCK_SPEED
