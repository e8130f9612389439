"""Readings are partitioned by month: a year of a large community is hundreds of millions of rows."""

from django.db import migrations

PARTITIONED = """
CREATE TABLE metering_reading_by_month (LIKE metering_reading INCLUDING DEFAULTS INCLUDING CONSTRAINTS)
    PARTITION BY RANGE (start);
DROP TABLE metering_reading;
ALTER TABLE metering_reading_by_month RENAME TO metering_reading;
ALTER TABLE metering_reading
    ADD CONSTRAINT metering_reading_pkey
        PRIMARY KEY (metering_point_id, channel, start, resolution_minutes, version),
    ADD CONSTRAINT metering_reading_metering_point_fk FOREIGN KEY (metering_point_id)
        REFERENCES metering_meteringpoint (id) DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT metering_reading_upload_fk FOREIGN KEY (upload_id)
        REFERENCES metering_upload (id) DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX reading_start ON metering_reading (start);
CREATE INDEX reading_received_at ON metering_reading (received_at);
"""


class Migration(migrations.Migration):
    dependencies = [("metering", "0001_initial")]

    # The table is new and empty here; going back drops it with the first migration.
    operations = [migrations.RunSQL(PARTITIONED, migrations.RunSQL.noop)]
