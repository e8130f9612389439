"""The site's state in Prometheus's words, read when somebody asks."""

import json
import platform
import shutil
import tomllib
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path

import django
from django.conf import settings
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from config import queues
from config.middleware import durations
from market.queries import anchors, operations

SLOTS = {
    "due": "Slots whose gate has closed and that are not cleared.",
    "late": "Slots that should be cleared by now and are not.",
    "oldest_uncleared_seconds": "Since the gate of the oldest slot that is not cleared, 0 without one.",
}
LAST_DAY = {
    "cleared": "Slots of the last 24 hours that are cleared.",
    "refused": "Slots of the last 24 hours whose clearing the verifier refused.",
    "settled": "Slots of the last 24 hours that are settled.",
}
METERS = {
    "meters": "Meters that ever sent readings.",
    "silent": "Meters whose readings are later than usual.",
}
LOGS = {
    "unsigned": "Entries that no signed head covers, of the log with the most of them.",
    "head_age_seconds": "Since the newest head of the log that was signed longest ago.",
    "witness_age_seconds": "Since a witness cosigned the log that was cosigned longest ago, 0 without witnesses.",
    "alarms": "Logs that the signer refused to sign, ever.",
}
FILES = {
    "waiting": "Meter files that wait to be stored.",
    "oldest_seconds": "Since the oldest of them was asked to be stored.",
}


class State(Collector):
    """What the database, the broker and the disks say at `at`; it is read once, when it is collected."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield from _gauges("azotea_slots", operations.slots_to_clear(self.at), SLOTS)
        yield from _gauges("azotea_last_day_slots", operations.slots_of_last_day(self.at), LAST_DAY)
        yield from _gauges("azotea_meters", operations.meters_that_report(self.at), METERS)
        yield from _gauges("azotea_log", operations.state_of_logs(self.at), LOGS)
        yield from self._anchors()
        yield from _gauges("azotea_files", operations.files_waiting(self.at), FILES)
        yield from self._ingested()
        yield from _broker()
        yield from _disks()
        yield from self._backup()
        yield _build()

    def _ingested(self) -> Iterator[GaugeMetricFamily]:
        uploads = GaugeMetricFamily("azotea_last_hour_uploads", "Uploads of the last hour.", labels=["source"])
        readings = GaugeMetricFamily("azotea_last_hour_readings", "Readings of the last hour.", labels=["source"])
        for source, count, rows in operations.uploads_of_last_hour(self.at):
            uploads.add_metric([source], count)
            readings.add_metric([source], rows)
        yield from (uploads, readings)

    def _anchors(self) -> Iterator[GaugeMetricFamily]:
        """Only of the kinds that are turned on; communities go by their numbers."""
        words = "Since an anchor of a community's log was last complete; before the first, since its first head."
        ages = GaugeMetricFamily("azotea_anchor_age_seconds", words, labels=["community", "kind"])
        for community, kind, seconds in anchors.anchor_ages(settings.ANCHORS.kinds, self.at):
            ages.add_metric([str(community), kind], seconds)
        given_up = "Messages to others, such as anchors, that were given up after many failures."
        yield from (ages, GaugeMetricFamily("azotea_outbox_parked", given_up, value=anchors.messages_given_up()))

    def _backup(self) -> Iterator[GaugeMetricFamily]:
        if not settings.BACKUP_DIR:
            return
        words = "Since the newest backup; a thousand years without one."
        made = newest_backup(Path(settings.BACKUP_DIR))
        age = 1_000 * 365 * 86_400 if made is None else (self.at - made).total_seconds()
        yield GaugeMetricFamily("azotea_backup_age_seconds", words, value=age)


def _gauges(prefix: str, facts: dict[str, float], words: dict[str, str]) -> Iterator[GaugeMetricFamily]:
    for name, word in words.items():
        own = prefix if prefix.endswith(f"_{name}") else f"{prefix}_{name}"
        yield GaugeMetricFamily(own, word, value=facts[name])


def _broker() -> Iterator[GaugeMetricFamily]:
    waiting = queues.waiting()
    yield GaugeMetricFamily("azotea_broker_up", "Whether the broker answers.", value=float(waiting is not None))
    length = GaugeMetricFamily("azotea_queue_length", "Rings that wait, by queue.", labels=["queue"])
    for name, count in (waiting or {}).items():
        length.add_metric([name], count)
    yield length


def _disks() -> Iterator[GaugeMetricFamily]:
    """Room where this process can look: beside the code, and where backups are kept."""
    words = "Free room as a share of the disk, 0 to 1."
    free = GaugeMetricFamily("azotea_disk_free_ratio", words, labels=["place"])
    places: dict[str, str | Path] = {"site": settings.BASE_DIR, "backups": settings.BACKUP_DIR}
    for name, place in places.items():
        if place and Path(place).exists():
            usage = shutil.disk_usage(place)
            free.add_metric([name], usage.free / usage.total)
    yield free


def newest_backup(folder: Path) -> datetime | None:
    """When the newest whole backup in a folder was made; None without one."""
    made = [
        datetime.fromisoformat(json.loads(manifest.read_bytes())["made_at"])
        for manifest in folder.glob("azotea-*Z/manifest.json")
    ]
    return max(made, default=None)


def _build() -> GaugeMetricFamily:
    labels = {"version": _version(), "python": platform.python_version(), "django": django.get_version()}
    build = GaugeMetricFamily("azotea_build_info", "Always 1; its labels say what runs.", labels=list(labels))
    build.add_metric(list(labels.values()), 1)
    return build


@cache
def _version() -> str:
    return str(tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]["version"])


def exposition(at: datetime) -> bytes:
    """Everything, in Prometheus's text format 0.0.4."""
    state = CollectorRegistry()
    state.register(State(at))
    return generate_latest(state) + generate_latest(durations.registry())
