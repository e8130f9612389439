"""Pulling from Datadis: once a day, written down first, corrections fetched, nothing without consent."""

import gzip
import json
import tracemalloc
from datetime import date, datetime, timedelta
from functools import partial
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from django.test import override_settings

from config.sealing import CannotUnseal, seal, unseal
from metering import tasks
from metering.datadis.portal import HOURLY, MOST_BYTES, Incomprehensible, Portal, PortalSaysNo, PortalSupply
from metering.models import Consent, DatadisAccount, DatadisQuery, MeterFile, Reading
from metering.services import datadis
from tests import factories
from tests.factories import NOON
from tests.metering.datadis_portal import HOLDER, NIF, PASSWORD, LoopbackPortal

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
OCTOBER, SEPTEMBER = date(2026, 10, 1), date(2026, 9, 1)
MADRID = ZoneInfo("Europe/Madrid")


def month_rows(cups, first, kwh="0.25", *, labels=range(1, 25)):
    """A month of hours as the portal writes them; October's last Sunday has its 25th hour."""
    rows, day = [], first
    while day.month == first.month:
        hours = [f"{label:02}:00" for label in labels]
        if day == date(2026, 10, 25):
            hours.insert(2, "02:00")
        rows += [
            {"cups": cups, "date": f"{day:%Y/%m/%d}", "time": hour, "consumptionKWh": kwh, "obtainMethod": "Real"}
            for hour in hours
        ]
        day += DAY
    return rows


@pytest.fixture
def point():
    street = factories.community()
    home = factories.home(street, "Ana", factories.tariff(), factories.member(street, "Ana"))
    datadis.keep_account(community=street, nif=NIF, password=PASSWORD, changed_by=home.member, at=NOON)
    return factories.meter(home)


@pytest.fixture
def portal(point):
    portal = LoopbackPortal(point.cups[:20])
    portal.answers = {"2026/10": month_rows(point.cups, OCTOBER), "2026/09": month_rows(point.cups, SEPTEMBER)}
    yield portal
    portal.shutdown()
    portal.server_close()


@pytest.fixture
def consent(point):
    return datadis.give_consent(
        metering_point=point, holder_nif=HOLDER, given_by=point.household.member, at=NOON, until=NOON + 365 * DAY
    )


def pull(portal, consent, at=NOON, patience=5.0):
    connect = partial(Portal, portal.url, local="127.0.0.1", patience_seconds=patience)
    return [(q.month, q.outcome) for q in datadis.pull(consent_id=consent.pk, at=at, connect=connect)]


def test_the_last_two_closed_months_come_and_each_reading_names_its_file(portal, consent, point, caplog):
    assert pull(portal, consent) == [(OCTOBER, "stored"), (SEPTEMBER, "stored")]

    starts = Reading.objects.filter(metering_point=point, channel="import")
    assert starts.count() == 31 * 24 + 1 + 30 * 24
    assert starts.earliest("start").start == datetime(2026, 9, 1, tzinfo=MADRID)
    assert {reading.upload.file.name for reading in starts.select_related("upload__file")} == {
        f"datadis {point.household.name} 2026-09.json",
        f"datadis {point.household.name} 2026-10.json",
    }
    assert point.cups not in caplog.text
    assert HOLDER not in caplog.text
    assert not Reading.objects.filter(channel="export").exists()  # not said, and so not zero


def test_the_same_query_is_never_made_twice_within_a_day(portal, consent):
    pull(portal, consent)

    assert pull(portal, consent, NOON + DAY - timedelta(minutes=1)) == []
    assert set(portal.asked.values()) == {1}


def test_a_query_is_written_down_before_it_is_made(portal, consent):
    def fail(*_given):
        assert DatadisQuery.objects.filter(kind="supplies", outcome="").count() == 1
        raise RuntimeError("the power went")

    with patch.object(Portal, "supplies", fail), pytest.raises(RuntimeError):
        pull(portal, consent)

    assert pull(portal, consent, NOON + timedelta(hours=1)) == []
    assert portal.asked == {}


def test_a_closed_month_is_asked_for_again_and_a_correction_becomes_a_new_version(portal, consent, point):
    pull(portal, consent)
    portal.asked.clear()
    portal.answers["2026/10"] = month_rows(point.cups, OCTOBER, "0.3")

    assert pull(portal, consent, NOON + 3 * DAY) == []
    assert pull(portal, consent, NOON + 8 * DAY) == [(date(2026, 11, 1), "empty"), (OCTOBER, "stored")]

    assert set(
        Reading.objects.filter(start__gte=datetime(2026, 10, 2, tzinfo=MADRID)).values_list("version", flat=True)
    ) == {1, 2}


def test_an_unchanged_month_changes_nothing(portal, consent):
    pull(portal, consent)
    portal.asked.clear()

    assert pull(portal, consent, NOON + 7 * DAY) == [(OCTOBER, "unchanged"), (SEPTEMBER, "unchanged")]
    assert set(Reading.objects.values_list("version", flat=True)) == {1}


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ([], "empty"),
        (b"[]", "empty"),
        (b"", "empty"),
        (429, "too-often"),
        (403, "not-allowed"),
        (500, "unavailable"),
        ("slow", "timed-out"),
        (b"<html>", "incomprehensible"),
        (b'{"message": "mantenimiento"}', "unreadable"),
    ],
)
def test_what_the_portal_does_not_give_is_recorded_and_waits_a_day(portal, consent, answer, outcome):
    portal.answers["2026/10"] = answer

    assert pull(portal, consent, patience=0.5) == [(OCTOBER, outcome), (SEPTEMBER, "stored")]
    assert pull(portal, consent, NOON + timedelta(hours=23)) == []
    portal.asked.clear()
    portal.answers["2026/10"] = month_rows(consent.metering_point.cups, OCTOBER)
    assert pull(portal, consent, NOON + DAY + timedelta(minutes=1)) == [(OCTOBER, "stored")]


@pytest.mark.parametrize("url", ["http://datadis.es/", "http://{}/", "https://{}/"])
def test_nif_and_password_go_to_nobody_in_clear_and_nobody_in_the_own_network(portal, url):
    place = f"127.0.0.1:{portal.server_port}"

    with pytest.raises(PortalSaysNo, match=r"by https only|network of its own"):
        Portal(url.format(place), NIF, PASSWORD).supplies(HOLDER)

    assert portal.logins == 0


def test_a_little_that_unpacks_to_very_much_is_not_unpacked(portal, consent):
    portal.answers["2026/10"] = packed = gzip.compress(bytes(3 * MOST_BYTES))
    portal.packing = "gzip"
    supply = PortalSupply(portal.cups, "2", 5)
    session = Portal(portal.url, NIF, PASSWORD, local="127.0.0.1")
    tracemalloc.start()

    with pytest.raises(Incomprehensible, match="more than"):
        session.curve(supply, HOLDER, OCTOBER, HOURLY)
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(packed) < MOST_BYTES / 200
    assert most < 3 * MOST_BYTES


def test_a_curve_that_comes_packed_is_read(portal, consent):
    rows = {"timeCurve": month_rows(consent.metering_point.cups, OCTOBER)}
    portal.answers = {"2026/10": gzip.compress(json.dumps(rows).encode())}
    portal.packing = "gzip"

    assert pull(portal, consent)[0] == (OCTOBER, "stored")


def test_days_that_run_from_00_to_23_are_kept_until_a_person_says_what_they_mean(portal, consent, point):
    portal.answers["2026/09"] = month_rows(point.cups, SEPTEMBER, labels=range(24))

    assert pull(portal, consent)[1] == (SEPTEMBER, "unreadable")
    assert MeterFile.objects.get(failure__code="start-or-end").name.endswith("2026-09.json")


def test_a_wrong_password_is_recorded_and_asks_nothing(portal, consent):
    DatadisAccount.objects.update(sealed_password=seal("otra"))

    assert pull(portal, consent) == [(None, "login-refused")]
    assert portal.asked == {}


def test_without_the_holders_authorisation_nothing_is_given(portal, point):
    other = datadis.give_consent(
        metering_point=point, holder_nif="00000000T", given_by=point.household.member, at=NOON, until=NOON + DAY
    )

    assert pull(portal, other)[0] == (None, "not-allowed")


def test_a_consent_that_ended_or_was_taken_back_asks_nothing(portal, consent):
    street = consent.metering_point.household.community

    assert datadis.due_consents(community=street, at=NOON) == [consent.pk]
    assert datadis.due_consents(community=street, at=consent.expires_at) == []
    datadis.revoke_consent(consent=consent, at=NOON)
    assert datadis.due_consents(community=street, at=NOON) == []
    assert pull(portal, consent) == []
    assert portal.asked == {}


def test_a_meter_has_one_consent_at_a_time(consent, point):
    again = {"metering_point": point, "holder_nif": HOLDER, "given_by": point.household.member}

    with pytest.raises(datadis.ConsentGiven):
        datadis.give_consent(**again, at=NOON, until=NOON + DAY)
    later = datadis.give_consent(**again, at=consent.expires_at, until=consent.expires_at + DAY)

    assert Consent.objects.filter(revoked_at__isnull=True).get() == later


def test_names_and_passwords_are_sealed_and_a_key_can_be_replaced(consent):
    sealed = DatadisAccount.objects.get().sealed_password
    assert PASSWORD not in sealed
    assert HOLDER not in consent.sealed_nif
    with override_settings(SEALING_KEYS="old key"):
        kept = seal("secreto")
    with override_settings(SEALING_KEYS="new key, old key"):
        assert unseal(kept) == "secreto"
    with override_settings(SEALING_KEYS="new key"), pytest.raises(CannotUnseal):
        unseal(kept)


def test_the_bell_rings_for_what_is_due_only_where_the_operator_wants_it(portal, consent):
    rings = []
    with (
        patch.object(tasks.pull_meter, "delay", lambda **given: rings.append(given["consent_id"])),
        patch("metering.tasks.now", lambda: NOON),
    ):
        tasks.pull_datadis()
        assert rings == []
        with override_settings(DATADIS_URL=portal.url, OUTBOUND_LOCAL="127.0.0.1"):
            tasks.pull_datadis()
            tasks.pull_meter(consent_id=rings[0])

    assert rings == [consent.pk]
    assert Reading.objects.exists()
