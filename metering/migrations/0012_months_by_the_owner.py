"""The site's role owns no table, so the owner's functions make and drop the months of readings for it.

They make what `metering.services.partitions` needs and no more, and drop for work on all communities alone.
"""

from django.db import migrations

MONTHS = """
CREATE FUNCTION metering_make_month(first timestamptz) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' AS $$
BEGIN
    IF first <> date_trunc('month', first) OR first < '2000-01-01' OR first > now() + interval '10 years' THEN
        RAISE EXCEPTION '% is no month of readings', first;
    END IF;
    PERFORM pg_advisory_xact_lock(20261123);
    EXECUTE format(
        'CREATE TABLE IF NOT EXISTS public.%I PARTITION OF public.metering_reading FOR VALUES FROM (%L) TO (%L)',
        'metering_reading_' || to_char(first, 'YYYY_MM'), first, first + interval '1 month'
    );
END $$;
CREATE FUNCTION metering_drop_month(name text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT public.tenancy_is_all() OR name !~ '^metering_reading_[0-9]{4}_[0-9]{2}$' THEN
        RAISE EXCEPTION '% cannot be dropped', name USING ERRCODE = 'insufficient_privilege';
    END IF;
    EXECUTE format('DROP TABLE public.%I', name);
END $$;
"""
GONE = "DROP FUNCTION metering_make_month(timestamptz); DROP FUNCTION metering_drop_month(text);"


class Migration(migrations.Migration):
    dependencies = [("metering", "0011_equipment"), ("community", "0010_walls")]

    operations = [migrations.RunSQL(MONTHS, GONE)]
