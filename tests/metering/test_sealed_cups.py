"""A CUPS is read by the site and found by whoever has it whole; the database itself does not tell it."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.core.exceptions import FieldError
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.test import override_settings
from django.urls import reverse

from community.models import User
from config.sealing import CannotUnseal
from metering.models import MeterFile, MeteringPoint
from metering.models.sealed import lookup_of
from metering.queries import with_cups
from metering.services.meter_files import take_in
from metering.services.retention import empty_files
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def point():
    return make.meter(make.home(make.community(), "Ático", make.tariff()))


def stored():
    with connection.cursor() as cursor:
        cursor.execute("SELECT cups, cups_lookup FROM metering_meteringpoint ORDER BY id")
        return cursor.fetchall()


def test_the_database_holds_no_code_and_the_site_reads_it(point):
    ((cups, lookup),) = stored()

    assert point.cups not in cups
    assert point.cups[2:18] not in lookup
    assert MeteringPoint.objects.get().cups == point.cups
    assert list(MeteringPoint.objects.values_list("cups", flat=True)) == [point.cups]


def test_only_the_whole_code_finds_its_point(point):
    assert with_cups([point.cups]).get() == point
    assert with_cups([f" {point.cups.lower()} "]).get() == point
    assert not with_cups([point.cups[:20]]).exists()
    with pytest.raises(FieldError):
        MeteringPoint.objects.filter(cups=point.cups)


def test_a_code_belongs_to_one_point(point):
    with pytest.raises(IntegrityError), transaction.atomic():
        MeteringPoint.objects.create(household=point.household, cups=point.cups)


def test_without_the_sites_keys_nobody_reads_or_guesses_it(point):
    before = lookup_of(point.cups)

    with override_settings(SEALING_KEYS="another"), pytest.raises(CannotUnseal):
        MeteringPoint.objects.get()
    with override_settings(TOKEN_PEPPER="another"):
        assert lookup_of(point.cups) != before


def test_keys_are_changed_by_one_command(point, settings):
    before, old = stored(), settings.SEALING_KEYS

    with override_settings(SEALING_KEYS=f"new,{old}", TOKEN_PEPPER="another"):
        call_command("reseal")
    with override_settings(SEALING_KEYS="new", TOKEN_PEPPER="another"):
        assert with_cups([point.cups]).get().cups == point.cups

    assert stored() != before


def test_operators_find_a_point_by_its_whole_code_and_cannot_type_it_twice(client, point):
    client.force_login(User.objects.create_superuser("root@example.org", make.PASSWORD, name="Root"))
    other = make.home(point.household.community, "Bajo", point.household.contracts.get().tariff)
    list_, add = reverse("admin:metering_meteringpoint_changelist"), reverse("admin:metering_meteringpoint_add")

    assert list(client.get(list_, {"q": point.cups}).context["cl"].result_list) == [point]
    assert list(client.get(list_, {"q": point.cups[:12]}).context["cl"].result_list) == []
    assert list(client.get(list_, {"q": "Bajo"}).context["cl"].result_list) == [make.meter(other)]
    assert point.cups not in str(point)
    typed = {"household": other.pk, "cups": "ES0021000000000001RK0F", "resolution_minutes": 15}
    assert client.post(add, typed).status_code == 302
    assert "ES0021" not in LogEntry.objects.get().object_repr
    assert "cups" in client.post(add, typed).context["adminform"].form.errors


def columns_that_say(text):
    """Every column of every table in which a text can be read."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'"
            " AND data_type IN ('text', 'character varying', 'jsonb', 'bytea')"
        )
        for table, column, kind in cursor.fetchall():
            told = f"encode(\"{column}\", 'escape')" if kind == "bytea" else f'"{column}"::text'
            cursor.execute(f'SELECT count(*) FROM "{table}" WHERE {told} LIKE %s', [f"%{text}%"])
            found += [(table, column)] * bool(cursor.fetchone()[0])
    return found


def a_file_of(point):
    content = f"CUPS;Fecha;Hora;Consumo_kWh;Metodo_obtencion\n{point.cups};01/10/2026;1;0,123;R\n".encode()
    name = f"{point.cups}_octubre.csv"
    return take_in(community=point.household.community, name=name, content=content, at=make.NOON), name, content


def test_no_column_tells_the_code_of_a_meter_whose_file_was_handed_in(point):
    file, name, content = a_file_of(point)

    assert columns_that_say(point.cups[:20]) == []
    kept = MeterFile.objects.get()
    assert (kept.name, kept.content) == (name, content)
    assert point.cups not in str(kept)
    assert file == kept
    assert take_in(community=kept.community, name=name, content=content, at=make.NOON) == kept


def test_a_file_whose_time_is_over_keeps_neither_content_nor_name(point):
    file, _name, _content = a_file_of(point)

    assert empty_files({file.community_id: make.NOON + timedelta(days=1)}, dry=False) == 1

    file.refresh_from_db()
    assert (file.content, file.name) == (b"", "")
    assert empty_files({file.community_id: make.NOON + timedelta(days=1)}, dry=True) == 0


def test_files_get_the_new_key_with_the_codes(point, settings):
    file, name, content = a_file_of(point)

    with override_settings(SEALING_KEYS=f"new,{settings.SEALING_KEYS}"):
        call_command("reseal")
    with override_settings(SEALING_KEYS="new"):
        file.refresh_from_db()

    assert (file.name, file.content) == (name, content)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("owner_of_new_tables")
def test_files_from_before_are_sealed_and_come_back_as_they_were():
    point = make.meter(make.home(make.community(), "Ático", make.tariff()))
    _file, name, content = a_file_of(point)

    try:
        MigrationExecutor(connection).migrate([("metering", "0013_meter_keys")])
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, content FROM metering_meterfile")
            (before,) = cursor.fetchall()
    finally:
        MigrationExecutor(connection).migrate([("metering", "0014_sealed_files")])

    assert (before[0], bytes(before[1])) == (name, content)
    assert columns_that_say(point.cups[:20]) == []
    assert (MeterFile.objects.get().name, MeterFile.objects.get().content) == (name, content)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("owner_of_new_tables")
def test_rows_from_before_are_sealed_and_come_back_as_they_were():
    before, after = [("metering", "0009_reminders")], [("metering", "0010_privacy")]
    point = make.meter(make.home(make.community(), "Ático", make.tariff()))
    newest = [node for node in MigrationExecutor(connection).loader.graph.leaf_nodes() if node[0] == "metering"]

    try:
        MigrationExecutor(connection).migrate(before)
        with connection.cursor() as cursor:
            cursor.execute("SELECT cups FROM metering_meteringpoint")
            assert cursor.fetchall() == [(point.cups,)]
        MigrationExecutor(connection).migrate(after)
        assert with_cups([point.cups]).get().cups == point.cups
    finally:
        MigrationExecutor(connection).migrate(newest)
