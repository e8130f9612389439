"""A reading belongs to its upload's metering point: one key says both, and is checked once a row instead of twice."""

from django.db import migrations

ONE_KEY = """
ALTER TABLE metering_upload ADD CONSTRAINT upload_with_its_metering_point UNIQUE (id, metering_point_id);
ALTER TABLE metering_reading
    DROP CONSTRAINT metering_reading_metering_point_fk,
    DROP CONSTRAINT metering_reading_upload_fk,
    ADD CONSTRAINT metering_reading_upload_fk FOREIGN KEY (upload_id, metering_point_id)
        REFERENCES metering_upload (id, metering_point_id) DEFERRABLE INITIALLY DEFERRED;
"""
TWO_KEYS = """
ALTER TABLE metering_reading
    DROP CONSTRAINT metering_reading_upload_fk,
    ADD CONSTRAINT metering_reading_metering_point_fk FOREIGN KEY (metering_point_id)
        REFERENCES metering_meteringpoint (id) DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT metering_reading_upload_fk FOREIGN KEY (upload_id)
        REFERENCES metering_upload (id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE metering_upload DROP CONSTRAINT upload_with_its_metering_point;
"""


class Migration(migrations.Migration):
    dependencies = [("metering", "0003_meter_files")]
    operations = [migrations.RunSQL(ONE_KEY, TWO_KEYS)]
