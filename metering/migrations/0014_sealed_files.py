"""What meter files hold is sealed, and their names, as both name the CUPS.

A row at a time, each by itself: files are large, and nobody waits for the others. What was sealed already is left
as it is, so that it may be begun again. Can be taken back.
"""

from collections.abc import Callable

import django.core.validators
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

import metering.models.sealed
from config.sealing import CannotUnseal, seal, seal_bytes, unseal, unseal_bytes

ROW = "SELECT content, name FROM metering_meterfile WHERE id = %s FOR UPDATE"
CHANGE = "UPDATE metering_meterfile SET content = %s, name = %s WHERE id = %s"


def _each(schema_editor: BaseDatabaseSchemaEditor, change: Callable[[bytes, str], tuple[bytes, str]]) -> None:
    # As they stand: the model would unseal what is not sealed yet.
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT id FROM metering_meterfile ORDER BY id")
        for (pk,) in cursor.fetchall():
            cursor.execute(ROW, [pk])
            for content, name in cursor.fetchall():
                cursor.execute(CHANGE, [*change(bytes(content), name), pk])


def _sealed(content: bytes, name: str) -> tuple[bytes, str]:
    try:
        unseal(name)
    except CannotUnseal:
        return seal_bytes(content) if content else content, seal(name)
    return content, name


def _plain(content: bytes, name: str) -> tuple[bytes, str]:
    try:
        return unseal_bytes(content) if content else content, unseal(name)[:200]
    except CannotUnseal:
        return content, name


def seal_all(_apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Seal every file."""
    _each(schema_editor, _sealed)


def unseal_all(_apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Write every file in clear again."""
    _each(schema_editor, _plain)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("metering", "0013_meter_keys")]

    operations = [
        migrations.AlterField(
            "meterfile",
            "name",
            metering.models.sealed.SealedText(validators=[django.core.validators.MaxLengthValidator(200)]),
        ),
        migrations.AlterField("meterfile", "content", metering.models.sealed.SealedBytes()),
        migrations.RunPython(seal_all, unseal_all),
    ]
