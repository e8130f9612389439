"""What a member asks of a whole day is kept as rules, not as limits of each slot."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("market", "0037_keys_of_homes_end_with_erasures"),
    ]

    operations = [
        migrations.AddField(
            model_name='whatif',
            name='rules',
            field=models.JSONField(blank=True, help_text='Rules of a day that is lived again; null where limits are tried.', null=True),
        ),
    ]
