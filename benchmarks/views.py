"""What a member waits for: day, month and year pages of a street with a year of quarters, and their queries.

    .venv/bin/python -m benchmarks.views [homes]

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
# Per table: where its rows come from, and what they hold; the model's own defaults fill in what is not named.
FILL: tuple[tuple[str, str, dict[str, str]], ...] = (
    (
        "market.Slot",
        STARTS,
        {
            "community_id": "%(community)s", "start": "start", "end": "start + interval '15 min'",
            "gate_closure": "start - interval '5 min'", "status": "'cleared'", "cleared_at": "start",
            "price_ueur_kwh": "120000", "grid_fee_ueur_kwh": "5000", "price_rule": "'equilibrium_midpoint'",
            "fairness_rule": "'pro_rata'", "traded_wh": "100",
        },
    ),
    (
        "market.Settlement",
        "market_slot",
        {"slot_id": "id", "settled_at": '"end"', "provisional": "false", "readings_as_of": '"end"'},
    ),
    (
        "market.SettledHome",
        "market_settlement s JOIN market_slot m ON m.id = s.slot_id CROSS JOIN community_household h",
        {
            "settlement_id": "s.id", "household_id": "h.id", "start": "m.start", "import_wh": "300",
            "export_wh": "0", "bought_wh": "100", "sold_wh": "0", "paid_neur": "12000000",
            "import_ueur_kwh": "200000", "feed_in_ueur_kwh": "50000", "price_ueur_kwh": "120000",
            "grid_fee_ueur_kwh": "5000",
            "baseline_neur": "60000000", "actual_neur": "52000000",
        },
    ),
    (
        "metering.Upload",
        "metering_meteringpoint",
        {
            "public_id": "gen_random_uuid()", "metering_point_id": "id", "source": "'api'", "content_sha256": "''",
            "received_at": "%(last)s", "received": "0", "created": "0", "unchanged": "0", "revised": "0",
        },
    ),
    (
        "metering.Reading",
        f"{STARTS}, metering_upload u, unnest(array['import', 'export']) AS channel",
        {
            "metering_point_id": "u.metering_point_id", "channel": "channel", "start": "start", "version": "1",
            "resolution_minutes": "15", "energy_wh": "300", "quality": "'measured'",
            "received_at": "start + interval '20 min'", "upload_id": "u.id", "row": "0",
        },
    ),
)  # fmt: skip


def fill(label: str, source: str, columns: dict[str, str], known: dict[str, object]) -> None:
    """Write rows of a model straight into its table, as a query says them."""
    from django.apps import apps
    from django.db import connection

    values, parameters = dict(columns), dict(known)
    for field in apps.get_model(label)._meta.concrete_fields:
        if field.attname not in values and not field.primary_key:
            values[field.attname] = f"%(default_{field.attname})s"
            default = field.get_db_prep_save(field.get_default(), connection)
            parameters[f"default_{field.attname}"] = default
    table = apps.get_model(label)._meta.db_table
    names = ", ".join(f'"{name}"' for name in values)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {', '.join(values.values())} FROM {source}", parameters
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
    for label, source, columns in FILL:
        fill(label, source, columns, {"community": community.pk, "first": FIRST, "last": last})
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
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
    from config.programs import embedded

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
