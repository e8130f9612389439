"""A question about a day may be passed over for a newer one. Nothing changes in the table."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("market", "0039_orders_are_final"),
    ]

    operations = [
        migrations.AlterField(
            model_name='whatif',
            name='status',
            field=models.CharField(choices=[('asked', 'being worked out'), ('done', 'done'), ('failed', 'no answer was found'), ('passed', 'other rules were tried before it was worked out')], default='asked', max_length=6),
        ),
    ]
