"""What a member waits for: day, month and year pages of a street with a year of quarters, and their queries.

    .venv/bin/python benchmarks/views.py [homes]

The year is written straight into the tables (100 homes: 7 million readings, 3.5 million settled quarters), then
each page is asked for in turn from the site's own WSGI application. Printed are medians and numbers of queries.
"""

import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path
from unittest.mock import patch

from django.test import Client

HOMES, ROUNDS = 100, 15
FIRST, DAYS = datetime(2025, 11, 30, 23, 0, tzinfo=UTC), 365
NOW = FIRST + timedelta(days=DAYS, hours=1)
PAGES = {"day": "/?d=2026-11-20", "month": "/months/2026-11/", "year": "/months/"}
STARTS = "generate_series(%(first)s::timestamptz, %(last)s::timestamptz, '15 min') AS start"
FILL = (
    f"""
    INSERT INTO market_slot (community_id, start, "end", gate_closure, status, cleared_at, price_ueur_kwh,
        grid_fee_ueur_kwh, price_rule, fairness_rule, traded_wh, import_wh, export_wh, welfare_neur, emergency,
        bindings, problems)
    SELECT %(community)s, start, start + interval '15 min', start - interval '5 min', 'cleared', start, 120000,
        5000, 'equilibrium_midpoint', 'pro_rata', 100, 0, 0, 0, false, '[]', '[]' FROM {STARTS}
    """,
    """
    INSERT INTO market_settlement (slot_id, revision, settled_at, provisional, readings_as_of, is_current)
    SELECT id, 1, "end", false, "end", true FROM market_slot
    """,
    """
    INSERT INTO market_settledhome (settlement_id, household_id, start, is_current, missing, import_wh, export_wh,
        bought_wh, sold_wh, trueup_bought_wh, trueup_sold_wh, import_ueur_kwh, feed_in_ueur_kwh, price_ueur_kwh,
        baseline_neur, actual_neur, provisional, quality, grid_fee_ueur_kwh)
    SELECT s.id, h.id, m.start, true, false, 300, 0, 100, 0, 0, 0, 200000, 50000, 120000, 60000000, 52000000,
        false, 'measured', 5000
    FROM market_settlement s JOIN market_slot m ON m.id = s.slot_id CROSS JOIN community_household h
    """,
    """
    INSERT INTO metering_upload (public_id, metering_point_id, source, content_sha256, received_at, received,
        created, unchanged, revised, set_aside)
    SELECT gen_random_uuid(), id, 'api', '', %(last)s, 0, 0, 0, 0, 0 FROM metering_meteringpoint
    """,
    f"""
    INSERT INTO metering_reading (metering_point_id, channel, start, resolution_minutes, version, energy_wh,
        quality, received_at, upload_id, row)
    SELECT u.metering_point_id, channel, start, 15, 1, 300, 'measured', start + interval '20 min', u.id, 0
    FROM {STARTS}, metering_upload u, unnest(array['import', 'export']) AS channel
    """,
    "ANALYZE",
)


def street(homes: int) -> object:
    """The member who looks, in a street of so many homes with a whole year behind them, its months closed."""
    from django.core.management import call_command
    from django.db import connection

    from community.models import Community, Household, Member, User
    from market.services.statements import close_month
    from metering.models import MeteringPoint
    from metering.services.partitions import ensure_partitions

    call_command("migrate", verbosity=0)
    community = Community.objects.create(slug="bench", name="Bench", created_at=FIRST)
    user = User.objects.create_user("m@example.org", "x", name="M")
    member = Member.objects.create(community=community, user=user, role="resident", joined_at=FIRST)
    for number in range(homes):
        home = Household.objects.create(
            community=community, member=None if number else member, name=f"Home {number}"
        )
        MeteringPoint.objects.create(household=home, cups=f"ES{number:018d}XX")
    last = FIRST + timedelta(days=DAYS) - timedelta(minutes=15)
    ensure_partitions(FIRST, last)
    with connection.cursor() as cursor:
        for statement in FILL:
            cursor.execute(statement, {"community": community.pk, "first": FIRST, "last": last})
    for number in range(11):
        month = date(2025 + (11 + number) // 12, (11 + number) % 12 + 1, 1)
        close_month(community=community, month=month, at=NOW)
    return user


def measure(client: Client, homes: int) -> None:
    """Ask for each page in turn and print what it took."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    for name, path in PAGES.items():
        seconds = []
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            answer = client.get(path)
            seconds.append(time.perf_counter() - begun)
            assert answer.status_code == 200, answer.status_code
        with CaptureQueriesContext(connection) as queries:
            client.get(path)
        median = statistics.median(seconds) * 1000
        slowest = max(float(query["time"]) for query in queries.captured_queries) * 1000
        print(f"  {name:5} {median:6.1f} ms, {len(queries)} queries, the slowest {slowest:.0f} ms")
        print(json.dumps({"bench": "views", "figure": f"{name}_ms", "n": homes, "value": round(median, 1)}))


def main() -> None:
    from config import embedded

    folder = Path(tempfile.mkdtemp(prefix="azotea-bench-"))
    os.environ["AZOTEA_DATA"] = str(folder)
    os.environ.update(embedded.start(folder, hasty=True, dies_with_us=True))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    homes = int(sys.argv[1]) if sys.argv[1:] else HOMES
    try:
        print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; {homes} homes")
        client = Client()
        client.force_login(street(homes))
        import_module("config.wsgi")  # loads and freezes what a web process does
        with patch("config.clock.now", lambda: NOW):
            measure(client, homes)
    finally:
        embedded.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.path.insert(0, os.getcwd())
    main()
