"""Names from before forms took one line of letters that show become what a form would take now.

Small tables, a row at a time; there is nothing to take back.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from community.lines import mend_lines


def mend(apps: StateApps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Mend holders of accounts, names of pilots and of who was authorised, and notes beside coefficients."""
    mend_lines(apps.get_model("market", "BankAccount"), ["holder"])
    mend_lines(apps.get_model("market", "CreditorAccount"), ["holder", "creditor_id"])
    mend_lines(apps.get_model("market", "Pilot"), ["name"])
    mend_lines(apps.get_model("market", "SharingSet"), ["note"])
    mend_lines(apps.get_model("market", "GestorMandate"), ["gestor"])


class Migration(migrations.Migration):
    dependencies = [("community", "0020_names_are_one_line"), ("market", "0040_questions_passed_over")]

    operations = [migrations.RunPython(mend, migrations.RunPython.noop)]
