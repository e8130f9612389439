"""A home's name is unique by an index with a condition (which always holds): PostgreSQL takes it for no key then, and
whoever renames a home takes no lock that rows pointing to it wait for. The new index comes before the old one goes.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("community", "0018_sealed_passwords")]

    operations = [
        migrations.AddConstraint(
            "household",
            models.UniqueConstraint(
                fields=["community", "name"],
                condition=models.Q(community__isnull=False),
                name="household_has_its_own_name",
                violation_error_message="The community has a home of this name already.",
            ),
        ),
        migrations.RemoveConstraint("household", "household_name_is_unique"),
    ]
