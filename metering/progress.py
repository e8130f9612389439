"""How far a worker has come with a file, and what it found: kept for an hour beside the database, never in it."""

from dataclasses import dataclass

from django.core.cache import cache

from metering.formats import PARSER_VERSION
from metering.services.summaries import FileSummary

KEPT_SECONDS = 3_600


@dataclass(frozen=True, slots=True)
class Step:
    """What a worker does with a file: `reading` or `storing`, how much of it is done, and of how much."""

    name: str
    done: int
    of: int


def tell(file_id: int, name: str, done: int, of: int) -> None:
    """Note how far a worker has come."""
    cache.set(f"meter-file:{file_id}:step", Step(name, done, of), KEPT_SECONDS)


def step(file_id: int) -> Step | None:
    """How far a worker has come, if it has begun."""
    found: Step | None = cache.get(f"meter-file:{file_id}:step")
    return found


def keep_summary(file_id: int, found: FileSummary) -> None:
    """Keep what a worker found in a file."""
    cache.set(f"meter-file:{file_id}:summary:{PARSER_VERSION}", found, KEPT_SECONDS)


def kept_summary(file_id: int) -> FileSummary | None:
    """What a worker found in a file."""
    found: FileSummary | None = cache.get(f"meter-file:{file_id}:summary:{PARSER_VERSION}")
    return found


def forget(file_id: int) -> None:
    """Drop what is kept, because it has changed."""
    cache.delete_many([f"meter-file:{file_id}:summary:{PARSER_VERSION}", f"meter-file:{file_id}:step"])
