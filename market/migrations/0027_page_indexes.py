"""A home's year of energies is read from the index alone; made and dropped while the site goes on."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("market", "0026_jobs")]

    operations = [
        AddIndexConcurrently(
            "settledhome",
            models.Index(
                fields=["household", "start"],
                name="settled_home_energies",
                include=["import_wh", "export_wh"],
                condition=Q(is_current=True),
            ),
        ),
        RemoveIndexConcurrently("settledhome", "settled_home_current"),
    ]
