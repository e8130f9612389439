"""A signature that came before is found by an index; made and dropped while the site goes on."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("metering", "0014_sealed_files")]

    operations = [
        AddIndexConcurrently("uploadsignature", models.Index(fields=["signature"], name="upload_signature_seen"))
    ]
