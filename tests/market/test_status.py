"""The operator sees how the site does, in words; nobody else does, and nobody with a password alone."""

import json
import re
from datetime import timedelta
from unittest.mock import patch

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.test import override_settings
from django.utils.translation import override

from community.models import User
from market.models import LogAnchor, Notice, Slot
from market.queries.status import communities
from market.services.slots import open_slots
from market.wording import status as wording
from metering.models import Upload
from tests import factories as make

pytestmark = pytest.mark.django_db
NOON = make.NOON


@pytest.fixture
def operator():
    return User.objects.create_superuser("op@example.org", make.PASSWORD, name="Op")


@pytest.fixture
def street():
    """Two slots cleared in time, one too late, one not yet; one meter of two is silent."""
    street = make.community()
    offer = make.tariff()
    ana, bruno = (make.home(street, name, offer, make.member(street, name)) for name in ("Ana", "Bruno"))
    open_slots(community=street, first=NOON - timedelta(hours=1), until=NOON)
    for number, slot in enumerate(street.slots.order_by("start")[:3]):
        late = timedelta(hours=1) if number == 2 else timedelta()
        Slot.objects.filter(pk=slot.pk).update(status="cleared", cleared_at=slot.gate_closure + late)
    make.read(ana, NOON - make.QUARTER, 100, 0)
    make.read(bruno, NOON - timedelta(days=2), 100, 0)
    return street


def facts(group):
    found = {one.key: one for one in wording.status(NOON)}
    return {fact.label: fact for fact in found[group].facts}


def test_each_community_has_its_last_day_in_one_row(street):
    make.community(slug="vacia", name="Vacía")

    calle, empty = communities(NOON)

    assert (calle.cleared, calle.on_time, calle.late, calle.meters, calle.silent) == (3, 2, 1, 2, 1)
    assert calle.heard_until == NOON
    assert (empty.name, empty.meters, empty.cleared) == ("Vacía", 0, 0)
    assert wording.trouble(calle) == "1 periodo va con retraso, 1 contador está callado"
    assert wording.trouble(empty) == ""


def test_what_needs_the_operator_is_said_and_counted(street):
    assert facts("slots")["Con retraso"].trouble
    assert facts("meters")["Callados"].value == "1"
    assert "te necesitan" in wording.headline(wording.status(NOON), communities(NOON))


def test_the_page_begins_with_what_needs_the_operator_and_where_it_stands(client, operator, street):
    client.force_login(operator)

    with patch("market.views.status.now", lambda: NOON):
        page = client.get("/operator/status/")

    told = page.context["troubles"]
    assert ("communities", "Calle") in {one[:2] for one in told}
    assert page.content.decode().count('class="notice attention"') == len(told)
    assert all(one.trouble and f'id="{one.key}-title"' in page.content.decode() for one in told)


def test_notices_that_were_given_up_are_seen(street):
    member = street.members.first()
    kept = {
        "member": member,
        "event": "car",
        "channel": "email",
        "made_at": NOON,
        "due_at": NOON,
        "changed_at": NOON,
    }
    Notice.objects.create(subject="a", state="failed", reason="550", **kept)

    fact = facts("work")["Avisos dados por perdidos en 90 días"]
    assert fact.value == "1"
    assert fact.trouble


@pytest.mark.parametrize(
    ("hours", "said", "trouble"),
    [(1, "hace 60 minutos", False), (31, "hace 31 horas", True), (None, "ninguna", True)],
)
def test_an_old_backup_is_a_trouble(tmp_path, hours, said, trouble):
    if hours is not None:
        folder = tmp_path / "azotea-20261123T000000Z"
        folder.mkdir()
        made = {"made_at": (NOON - timedelta(hours=hours)).isoformat()}
        (folder / "manifest.json").write_text(json.dumps(made))

    with override_settings(BACKUP_DIR=str(tmp_path)):
        fact = facts("room")["Última copia"]

    assert (fact.value, bool(fact.trouble)) == (said, trouble)


def test_anchors_are_told_by_their_age_and_old_ones_are_a_trouble(monkeypatch, street):
    from prometheus_client.core import GaugeMetricFamily

    from market.wording import metrics

    def collect(_self):
        ages = GaugeMetricFamily("azotea_anchor_age_seconds", "x", labels=["community", "kind"])
        ages.add_metric([str(street.pk), "tsa"], 7_300)
        ages.add_metric([str(street.pk), "ots"], 3 * 86_400)
        yield ages

    monkeypatch.setattr(metrics.State, "collect", collect)

    told = facts("books")
    fresh, old = told["Último anclaje externo (Calle, tsa)"], told["Último anclaje externo (Calle, ots)"]
    assert (fresh.value, fresh.trouble) == ("hace 2 horas", "")
    assert old.value == "hace 3 días"
    assert old.trouble


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Sent by devices in the last hour", "Slots that wait for the solver", "authority")),
        ("es", ("Enviados por aparatos en la última hora", "Periodos que esperan su cálculo", "autoridad")),
        ("ca", ("Enviats per aparells en l'última hora", "Períodes que esperen el seu càlcul", "autoritat")),
    ],
)
def test_sources_queues_and_kinds_of_anchors_are_told_in_words(monkeypatch, street, language, words):
    from prometheus_client.core import GaugeMetricFamily

    from market.wording import metrics

    def collect(_self):
        uploads = GaugeMetricFamily("azotea_last_hour_uploads", "x", labels=["source"])
        queues = GaugeMetricFamily("azotea_queue_length", "x", labels=["queue"])
        anchors = GaugeMetricFamily("azotea_anchor_age_seconds", "x", labels=["community", "kind"])
        for source in Upload.Source.values:
            uploads.add_metric([source], 1)
        for queue in settings.CELERY_TASK_QUEUES:
            queues.add_metric([queue.name], 0)
        for kind in LogAnchor.Kind.values:
            anchors.add_metric([str(street.pk), kind], 1)
        yield from (uploads, queues, anchors)

    monkeypatch.setattr(metrics.State, "collect", collect)

    with override(language):
        told = " ".join(fact.label for group in wording.status(NOON) for fact in group.facts)

    assert all(word in told for word in words)
    assert not re.search(r"\b(api|default|studio|rfc3161|opentimestamps|iota)\b", told)


def test_versions_are_told():
    told = facts("versions")

    assert {"Azotea", "Python", "Django", "PostgreSQL"} == set(told)
    assert told["PostgreSQL"].value[0] == "1"


@override_settings(SECOND_FACTOR_REQUIRED=True)
def test_only_an_operator_with_a_second_factor_sees_it(client, operator, street):
    visitor = client.get("/operator/status/")
    client.force_login(street.members.first().user)
    resident = client.get("/operator/status/")
    client.force_login(operator)
    password_alone = client.get("/operator/status/")
    Authenticator.objects.create(user=operator, type="totp", data={"secret": "x"})
    both = client.get("/operator/status/")

    assert (visitor.status_code, resident.status_code) == (302, 302)
    assert "/operator/login/" in visitor.headers["Location"]
    assert password_alone.headers["Location"].endswith("/account/second-factor/")
    assert both.status_code == 200
    assert "Calle" in both.content.decode()
    assert "no-store" in both.headers["Cache-Control"]


def test_it_takes_as_many_queries_for_ten_communities(client, operator, street):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.force_login(operator)
    client.get("/operator/status/")
    with CaptureQueriesContext(connection) as few:
        client.get("/operator/status/")
    for number in range(9):
        make.community(slug=f"c{number}", name=f"C{number}")
    with CaptureQueriesContext(connection) as many:
        client.get("/operator/status/")

    assert len(few) == len(many) < 30


def test_a_site_without_a_community_says_what_to_do_first_and_knows_no_head(client, operator):
    client.force_login(operator)

    page = client.get("/operator/status/").content.decode()

    assert 'href="/operator/new-community/"' in page.partition("<main")[2]
    assert facts("books")[str(wording._("Oldest of the newest heads"))].value == "—"
