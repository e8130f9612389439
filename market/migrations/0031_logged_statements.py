from django.db import migrations, models
import django.db.models.deletion


class Migration(migrations.Migration):
    dependencies = [("market", "0030_anchors")]

    operations = [
        migrations.AddField(
            model_name="logleaf",
            name="statement",
            field=models.OneToOneField(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="log_leaf", to="market.statement"
            ),
        ),
    ]
