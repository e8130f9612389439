"""A month of readings is made beside their table and then attached: who reads readings meanwhile waits for nobody.

Made as a part of the table at once, as until now, it waits for everybody who reads any month, and these for it.
"""

from django.db import migrations

MADE = """
CREATE OR REPLACE FUNCTION metering_make_month(first timestamptz) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' AS $$
DECLARE name text := 'metering_reading_' || to_char(first, 'YYYY_MM');
BEGIN
    IF first <> date_trunc('month', first) OR first < '2000-01-01' OR first > now() + interval '10 years' THEN
        RAISE EXCEPTION '% is no month of readings', first;
    END IF;
    PERFORM pg_advisory_xact_lock(20261123);
    -- Asked of the rows: a name that was looked up in vain before we waited counts as unknown still.
    IF EXISTS (SELECT FROM pg_class WHERE relname = name AND relnamespace = 'public'::regnamespace) THEN
        RETURN;
    END IF;
    EXECUTE format(
        'CREATE TABLE public.%I (LIKE public.metering_reading INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name
    );
    EXECUTE format(
        'ALTER TABLE public.metering_reading ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
        name, first, first + interval '1 month'
    );
END $$;
"""
AT_ONCE = """
CREATE OR REPLACE FUNCTION metering_make_month(first timestamptz) RETURNS void
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
"""


class Migration(migrations.Migration):
    dependencies = [("metering", "0015_signatures_known_again")]

    operations = [migrations.RunSQL(MADE, AT_ONCE)]
