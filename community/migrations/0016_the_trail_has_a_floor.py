"""The trail lets nothing go that is younger than six years, whatever a transaction says."""

from django.db import migrations, models

# As long as the daily retention keeps them (`AUDIT_KEPT`), by the database's own clock.
FLOOR = """
CREATE OR REPLACE FUNCTION community_audit_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.at < least(
        nullif(current_setting('azotea.retention_before', true), '')::timestamptz, now() - interval '2192 days'
    ) AND nullif(current_setting('azotea.retention_before', true), '') IS NOT NULL THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'what was noted of who saw or changed what stays as it is'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'audit_event_is_final';
END $$;
"""
NO_FLOOR = """
CREATE OR REPLACE FUNCTION community_audit_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.at < nullif(current_setting('azotea.retention_before', true), '')::timestamptz THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'what was noted of who saw or changed what stays as it is'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'audit_event_is_final';
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("community", "0015_device_state_energies")]

    operations = [
        migrations.RunSQL(FLOOR, NO_FLOOR),
        migrations.AlterField(
            "auditevent", "token", models.CharField(blank=True, help_text="Its key.", max_length=140)
        ),
    ]
