"""What machines ask: is it alive, is it ready, and the figures behind the operator's alerts."""

import re
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from django.db import OperationalError
from django.urls import reverse
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis

from config import queues
from config.settings.anchors import AnchorSettings
from market.models import Slot
from market.queries.operations import LATE_AFTER
from market.services.backup import MANIFEST
from tests import factories as make
from tests.market.ledger.conftest import begun, guard, homes, logged, street

__all__ = ["begun", "guard", "homes", "logged", "street"]
pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
SAMPLE = re.compile(r"azotea_[a-z_]+")


@pytest.fixture(autouse=True)
def _noon():
    with patch("market.views.operations.now", lambda: make.NOON + timedelta(hours=1)):
        yield


def figures(client, **headers):
    """Every sample that is told: by its name, or by name and its first label."""
    answer = client.get(reverse("metrics"), **headers)
    assert answer.status_code == 200
    found = {}
    for family in text_string_to_metric_families(answer.content.decode()):
        for sample in family.samples:
            found[sample.name] = sample.value
            found |= {(sample.name, value): sample.value for value in sample.labels.values()}
    return found


def closed(street, minutes_ago):
    """An open slot whose gate closed so long ago."""
    slot = make.slot(street)
    gate = make.NOON + timedelta(hours=1) - timedelta(minutes=minutes_ago)
    Slot.objects.filter(pk=slot.pk).update(gate_closure=gate, start=gate, end=gate + make.QUARTER)
    return slot


# --- health ------------------------------------------------------------------------------------------------------


def test_a_live_process_says_so_without_asking_anybody(client, django_assert_num_queries):
    with django_assert_num_queries(0), patch.object(Redis, "llen", side_effect=AssertionError):
        answer = client.get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_a_site_with_everything_in_place_is_ready(client):
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "checks": {"database": "ok", "migrations": "ok", "broker": "ok", "slots": "ok"},
    }


def test_a_slot_just_closed_is_no_alarm_and_a_late_one_is(client):
    slot = closed(make.community(), 1)
    assert client.get("/health/ready").status_code == 200

    late = make.NOON + timedelta(hours=1) - LATE_AFTER - timedelta(seconds=1)
    Slot.objects.filter(pk=slot.pk).update(gate_closure=late)
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["checks"]["slots"]) == (503, "failed")


def test_a_broker_that_is_away_is_named(client):
    with patch.object(queues, "_redis", lambda: queues.connect("redis://127.0.0.1:1/0")):
        answer = client.get("/health/ready")
        told = figures(client)
    assert answer.status_code == 503
    assert [name for name, state in answer.json()["checks"].items() if state == "failed"] == ["broker"]
    assert told["azotea_broker_up"] == 0


def test_a_database_that_is_away_is_named_and_nothing_of_it_is_told(client):
    broken = OperationalError("could not connect to azotea@db.example with password hunter2")
    with patch("market.views.operations.applied_migrations", side_effect=broken):
        answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["checks"]["database"]) == (503, "failed")
    assert "hunter2" not in answer.content.decode()


def test_code_that_is_newer_than_its_tables_is_not_ready(client):
    with patch("market.views.operations._known", lambda: {("market", "9999_not_applied")}):
        answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["checks"]["migrations"]) == (503, "failed")


def test_probes_on_the_network_are_not_sent_to_another_address(client, settings):
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/health/live").status_code == client.get("/health/ready").status_code == 200
    assert client.get("/login/").status_code == 301


# --- who may read the metrics ------------------------------------------------------------------------------------


def test_without_a_token_only_this_machine_reads_metrics(client):
    assert client.get("/metrics", REMOTE_ADDR="127.0.0.1").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="::1").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.7").status_code == 404
    assert client.get("/metrics", REMOTE_ADDR="").status_code == 404


@pytest.mark.parametrize("header", ["HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP"])
def test_what_a_proxy_on_this_machine_passes_on_is_not_of_this_machine(client, header):
    assert client.get("/metrics", REMOTE_ADDR="127.0.0.1", **{header: "127.0.0.1"}).status_code == 404


def test_with_a_token_only_who_brings_it_reads_metrics(client, settings):
    settings.METRICS_TOKEN = "a-long-token"
    assert client.get("/metrics", REMOTE_ADDR="127.0.0.1").status_code == 404
    assert client.get("/metrics", HTTP_AUTHORIZATION="Bearer a-long-toke").status_code == 404
    assert client.get("/metrics", HTTP_AUTHORIZATION="Bearer ñ").status_code == 404
    right = client.get("/metrics", HTTP_AUTHORIZATION="Bearer a-long-token", REMOTE_ADDR="192.0.2.7")
    assert right.status_code == 200


# --- the figures -------------------------------------------------------------------------------------------------


def test_slots_are_due_then_late_and_their_age_is_told(client):
    closed(make.community(), 3)
    told = figures(client)
    assert (told["azotea_slots_due"], told["azotea_slots_late"]) == (1, 0)
    assert told["azotea_slots_oldest_uncleared_seconds"] == 180

    Slot.objects.update(gate_closure=make.NOON)
    assert figures(client)["azotea_slots_late"] == 1


def test_a_day_of_settled_slots_and_its_log_are_told(client, logged):
    told = figures(client)
    assert (told["azotea_last_day_slots_cleared"], told["azotea_last_day_slots_settled"]) == (3, 3)
    assert (told["azotea_log_unsigned"], told["azotea_log_alarms"]) == (0, 0)
    assert told["azotea_last_hour_readings", "api"] == 18
    assert (told["azotea_meters"], told["azotea_meters_silent"]) == (3, 0)


def test_a_clearing_that_the_verifier_refused_is_counted(client):
    slot = closed(make.community(), 30)
    Slot.objects.filter(pk=slot.pk).update(status="fallback", cleared_at=make.NOON)
    assert figures(client)["azotea_last_day_slots_refused"] == 1


def test_a_meter_that_sent_once_and_no_more_is_silent(client):
    home = make.home(make.community(), "Ana", make.tariff())
    make.home(home.community, "Bruno", home.contracts.get().tariff)
    make.read(home, make.NOON - timedelta(days=2), 100, 0)
    told = figures(client)
    assert (told["azotea_meters"], told["azotea_meters_silent"]) == (1, 1)


def test_rings_that_wait_are_counted_by_queue(client):
    broker = queues._redis()
    broker.delete("solver")
    broker.lpush("solver", "a", "b")
    try:
        assert figures(client)["azotea_queue_length", "solver"] == 2
    finally:
        broker.delete("solver")


def test_the_newest_whole_backup_counts(client, settings, tmp_path):
    settings.BACKUP_DIR = str(tmp_path)
    assert figures(client)["azotea_backup_age_seconds"] > 86_400 * 365
    for name, hours in (
        ("azotea-20261123T100000Z", 2),
        ("azotea-20261123T110000Z", 1),
        ("azotea-x.unfinished", 0),
    ):
        (tmp_path / name).mkdir()
        made = make.NOON + timedelta(hours=1) - timedelta(hours=hours)
        (tmp_path / name / MANIFEST).write_text(f'{{"made_at": "{made.isoformat()}"}}')
    assert figures(client)["azotea_backup_age_seconds"] == 3_600


def test_durations_name_the_route_and_never_the_address(client):
    client.get(reverse("accept-invitation", args=["a-secret-of-an-invitation"]))
    client.get("/no/such/page/")
    client.generic("INVENTED", "/login/")
    text = client.get("/metrics").content.decode()
    assert re.search(r'duration_seconds_count\{method="GET",route="accept-invitation",status="[24]xx"\}', text)
    assert 'method="GET",route="other",status="4xx"' in text
    assert "a-secret" not in text
    assert "INVENTED" not in text


def test_nobody_is_named_in_the_metrics(client, logged, street):
    text = client.get("/metrics").content.decode()
    assert not any(word in text for home in logged for word in (home.name, make.meter(home).cups))
    assert street.slug not in text


def test_every_figure_of_the_alert_rules_is_told(client, logged, settings, tmp_path):
    settings.BACKUP_DIR, settings.ANCHORS = str(tmp_path), AnchorSettings(calendars="https://calendar.example")
    rules = re.findall(r"expr:(?: >-\n)?(.*)", (ROOT / "docs/alerts.yml").read_text())
    asked = {name for rule in rules for name in SAMPLE.findall(rule)}
    client.get("/health/live")
    assert len(asked) > 12
    assert asked - set(figures(client)) == set()
