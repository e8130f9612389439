"""A community's own table: its columns explained once, then read like any other."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from metering.formats.columns import NAMES
from metering.forms.meters import ROLE_NAMES
from metering.models import ColumnMapping, MeterFile, Reading
from tests import factories

pytestmark = pytest.mark.django_db

TABLE = "Datum|Stunde|Bezug|Abgabe|Note\n12/05/2026|1|0,5|0|a\n12/05/2026|2|0,25|0,1|b\n"
TOLD = {
    "name": "Taller",
    "unit": "kWh",
    "labels": "",
    "column_0": "day",
    "column_1": "hour",
    "column_2": "import",
    "column_3": "export",
    "column_4": "",
}


@pytest.fixture
def admin(client):
    street = factories.community()
    person = factories.member(street, "Marta", "admin")
    factories.home(street, "Ana", factories.tariff(), person)
    client.force_login(person.user)
    return client


def explain(client, **told):
    return client.post(reverse("meter-columns"), {"sample": TABLE, **told})


def test_every_role_of_the_reader_can_be_chosen():
    assert ROLE_NAMES.keys() == NAMES.keys()


def test_a_sample_shows_its_columns_and_then_the_table_can_be_handed_in(admin):
    assert "Bezug" in explain(admin).content.decode()
    assert explain(admin, **TOLD).status_code == 302
    mapping = ColumnMapping.objects.get()
    point = factories.MeteringPoint.objects.get()
    file = SimpleUploadedFile("taller.txt", TABLE.encode())

    shown = admin.post(reverse("meter-files"), {"file": file, "mapping": mapping.pk, "metering_point": point.pk})
    assert shown.status_code == 302
    admin.post(reverse("commit-meter-file", args=[MeterFile.objects.get().public_id]))

    stored = Reading.objects.order_by("channel", "start").values_list("channel", "energy_wh", "resolution_minutes")
    assert list(stored) == [("export", 0, 60), ("export", 100, 60), ("import", 500, 60), ("import", 250, 60)]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"column_2": "", "column_3": ""}, "qué columna tiene la energía"),
        ({"column_0": ""}, "qué columna tiene el día"),
        ({"column_3": "import"}, "Dos columnas"),
        ({"unit": ""}, "no dice su unidad"),
        ({"column_1": "season"}, "falta"),
        ({"name": ""}, "requerido"),
    ],
)
def test_what_cannot_be_read_so_is_not_kept(admin, change, says):
    answer = explain(admin, **{**TOLD, **change})

    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert not ColumnMapping.objects.exists()


def test_a_name_is_taken_once_and_a_table_is_forgotten_unless_files_were_read_with_it(admin):
    explain(admin, **TOLD)
    assert explain(admin, **TOLD).status_code == 422
    mapping = ColumnMapping.objects.get()

    admin.post(reverse("forget-meter-columns", args=[mapping.pk]))
    assert not ColumnMapping.objects.exists()

    explain(admin, **TOLD)
    mapping = ColumnMapping.objects.get()
    point = factories.MeteringPoint.objects.get()
    file = SimpleUploadedFile("taller.txt", TABLE.encode())
    admin.post(reverse("meter-files"), {"file": file, "mapping": mapping.pk, "metering_point": point.pk})
    admin.post(reverse("forget-meter-columns", args=[mapping.pk]))
    assert ColumnMapping.objects.exists()
