"""A CUPS is sealed in the database; a keyed hash finds its point and keeps it unique. Can be taken back."""

import django.core.validators
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

import metering.cups
import metering.models.sealed
from config.sealing import seal, unseal
from metering.models.sealed import lookup_of

VALIDATORS = [django.core.validators.MaxLengthValidator(22), metering.cups.validate_cups]


def _rows(schema_editor: BaseDatabaseSchemaEditor) -> list[tuple[int, str]]:
    # As they stand: the model would unseal what is not sealed yet.
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT id, cups FROM metering_meteringpoint ORDER BY id")
        return cursor.fetchall()


def seal_all(_apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Seal every code and note how it is found."""
    change = "UPDATE metering_meteringpoint SET cups = %s, cups_lookup = %s WHERE id = %s"
    with schema_editor.connection.cursor() as cursor:
        cursor.executemany(change, [(seal(cups), lookup_of(cups), pk) for pk, cups in _rows(schema_editor)])
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def unseal_all(_apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Write every code in clear again."""
    with schema_editor.connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE metering_meteringpoint SET cups = %s WHERE id = %s",
            [(unseal(cups), pk) for pk, cups in _rows(schema_editor)],
        )
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):
    dependencies = [("metering", "0009_reminders")]

    operations = [
        migrations.AddField(
            "meteringpoint", "cups_lookup", metering.models.sealed.LookupOf("cups", null=True, editable=False)
        ),
        migrations.AlterField(
            "meteringpoint", "cups", metering.models.sealed.SealedText(validators=VALIDATORS, verbose_name="CUPS")
        ),
        migrations.RunPython(seal_all, unseal_all),
        migrations.AlterField(
            "meteringpoint", "cups_lookup", metering.models.sealed.LookupOf("cups", editable=False, unique=True)
        ),
    ]
