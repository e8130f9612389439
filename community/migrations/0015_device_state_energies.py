"""What batteries moved is read from the index alone; made and dropped while the site goes on."""

import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("community", "0014_announcements_in_catalan")]

    operations = [
        AddIndexConcurrently(
            "devicestate",
            models.Index(fields=["device", "at"], name="device_state_energies", include=["energy_wh"]),
        ),
        migrations.AlterField(
            "devicestate",
            "device",
            models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="states", to="community.device"
            ),
        ),
    ]
