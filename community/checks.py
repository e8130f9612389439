"""`manage.py check --deploy --database default`, with the site's own environment: whether its walls stand."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Tags, register
from django.core.checks import Warning as Told

from community.services.securing import openings


@register(Tags.database, deploy=True)
def walls_stand(*, databases: Sequence[str] | None = None, **_given: Any) -> list[CheckMessage]:
    """What lets this connection see more than one community, each with its cure."""
    if not databases:
        return []
    return [Told(what, hint=cure, id=f"azotea.W{number:03d}") for number, what, cure in openings()]
