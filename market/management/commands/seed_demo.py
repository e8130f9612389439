"""`manage.py seed_demo`: the demo's neighbourhood with its past, brought up to the present of its clock."""

import json
import subprocess
import sys
from argparse import ArgumentParser
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand
from django.db import connection
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from community.demo import neighbourhood
from community.models import Community
from community.tariffs import local_day
from config.clock import now
from config.garbage import look_seldom
from config.programs.embedded import DATA_DIR
from market.demo.before import tell_of_before
from market.demo.build import build
from market.demo.history import live_through
from market.queries.due import next_to_open

# Slots after which the planner is told how the new tables have grown; by itself it notices too late.
ANALYZE_AFTER = {24, 96, 384, 1_536}
MANAGE = Path(__file__).resolve().parents[3] / "manage.py"


class Command(BaseCommand):
    help = "Builds the demo's neighbourhood and lives through its past; a second run only catches up."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, help="Days of past (default: from the first of last month on).")

    def handle(self, *args: Any, **options: Any) -> None:
        at = now()
        community = Community.objects.filter(slug=neighbourhood.SLUG).first()
        if community is None:
            first = _first_instant(at, options["days"])
            community, logins = build(at=first - timedelta(days=1))
            _keep(logins)
            tell_of_before(community, first)
        else:
            first = next_to_open(community, at)
        _catch_up(community, first, at)


def _first_instant(at: datetime, days: int | None) -> datetime:
    """Midnight of the first of last month, or so many days ago."""
    today = at.astimezone(ZoneInfo("Europe/Madrid")).date()
    first = today - timedelta(days=days) if days else (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    return local_day(first)[0]


def _keep(logins: dict[str, dict[str, str]]) -> None:
    """Leave the visitors' logins in the data folder, for its owner's eyes only."""
    path = DATA_DIR / "logins.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps(logins, indent=1), encoding="utf-8")


def _catch_up(community: Community, first: datetime, at: datetime) -> None:
    """Trade in this process while another keeps the books, so that both cores of a small machine work."""
    look_seldom(after=50_000)
    slots = max((at - first) // timedelta(minutes=community.slot_minutes), 0)
    with connection.cursor() as cursor:
        # Only this session: losing the last moments of an invented past in a power cut harms nobody.
        cursor.execute("SET synchronous_commit = off")
    keep = [sys.executable, str(MANAGE), "keep_books", "--until-closed", "--skip-checks"]
    books = subprocess.Popen(keep, stdin=subprocess.PIPE)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[day]}"))
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("Living through the past", total=slots, day="")

        def progress(start: datetime) -> None:
            bar.update(task, advance=1, day=start.strftime("%d %b"))
            if bar.tasks[task].completed in ANALYZE_AFTER:
                with connection.cursor() as cursor:
                    cursor.execute("ANALYZE")

        live_through(community, first, at, progress)
    books.communicate()
    if books.returncode:
        raise SystemExit(f"The books could not be kept (exit code {books.returncode}).")
