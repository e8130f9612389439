"""Room for sealed hashes of passwords. Those there are become sealed at the next login, or all by `reseal`."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("community", "0017_whose_request_it_is")]

    operations = [
        migrations.AlterField("user", "password", models.CharField(max_length=400, verbose_name="password")),
    ]
