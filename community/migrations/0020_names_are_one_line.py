"""Names from before forms took one line of letters that show become what a form would take now.

They stand in subjects, lists and documents. Small tables, a row at a time; there is nothing to take back.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from community.lines import mend_lines


def mend(apps: StateApps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Mend names of people, homes, communities and offers, and titles of announcements."""
    for name in ("User", "Community", "Device", "Invitation"):
        mend_lines(apps.get_model("community", name), ["name"])
    mend_lines(apps.get_model("community", "Household"), ["name"], unique=["community_id", "name"])
    mend_lines(apps.get_model("community", "JoinRequest"), ["name", "place"])
    mend_lines(
        apps.get_model("community", "Tariff"), ["retailer", "name"], unique=["community_id", "retailer", "name"]
    )
    mend_lines(apps.get_model("community", "Announcement"), ["title_es", "title_ca", "title_en"])


class Migration(migrations.Migration):
    dependencies = [("community", "0019_renaming_holds_up_no_trades")]

    operations = [migrations.RunPython(mend, migrations.RunPython.noop)]
