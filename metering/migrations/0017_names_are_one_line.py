"""Names from before forms took one line of letters that show become what a form would take now.

Small tables, a row at a time; there is nothing to take back.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from community.lines import mend_lines


def mend(apps: StateApps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Mend names of tokens, codes and tables, and what is told of equipment."""
    for name in ("ApiToken", "HandOver"):
        mend_lines(apps.get_model("metering", name), ["name"])
    mend_lines(apps.get_model("metering", "ColumnMapping"), ["name"], unique=["community_id", "name"])
    mend_lines(apps.get_model("metering", "Equipment"), ["maker", "model", "firmware"])


class Migration(migrations.Migration):
    dependencies = [("community", "0020_names_are_one_line"), ("metering", "0016_months_attached")]

    operations = [migrations.RunPython(mend, migrations.RunPython.noop)]
