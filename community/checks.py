"""`manage.py check --deploy --database default`, with the site's own environment: whether its walls stand, and
whether what goes to other machines is encrypted.
"""

import ipaddress
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Tags, register
from django.core.checks import Warning as Told

from community.services.securing import openings

# Which address of the environment, what makes it a guarded one, and how to write that.
GUARDS = {
    "DATABASE_URL": ("", "?sslmode=verify-full"),
    "REDIS_URL": ("rediss", "rediss://"),
    "MQTT_URL": ("mqtts", "mqtts://"),
}


@register(Tags.database, deploy=True)
def walls_stand(*, databases: Sequence[str] | None = None, **_given: Any) -> list[CheckMessage]:
    """What lets this connection see more than one community, each with its cure."""
    if not databases:
        return []
    return [Told(what, hint=cure, id=f"azotea.W{number:03d}") for number, what, cure in openings()]


@register(Tags.security, deploy=True)
def other_machines_are_reached_in_secret(**_given: Any) -> list[CheckMessage]:
    """Addresses of PostgreSQL, Valkey and the broker of meters that lead off this machine without TLS."""
    return [
        Told(
            f"{name} leads to another machine without TLS.",
            hint=f"Write {cure}, unless nobody else is on the network between.",
            id="azotea.W004",
        )
        for name, (scheme, cure) in GUARDS.items()
        if not _is_guarded(getattr(settings, name, ""), scheme)
    ]


def _is_guarded(address: str, scheme: str) -> bool:
    parts = urlsplit(address)
    options = dict(parse_qsl(parts.query))
    # A socket is a path, and may stand where options do.
    host = parts.hostname or options.get("host", "")
    if not host or host.startswith("/") or _is_here(host):
        return True
    return parts.scheme == scheme if scheme else options.get("sslmode") in {"verify-full", "verify-ca"}


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.startswith("%2f")
