"""A home's key is destroyed or stays: the database refuses every other change than an erasure's and a new key's.

Leaves that no key opens are not compared with their rows, so nobody may say so of leaves that one opens.
"""

from django.db import migrations

ENDS = """
CREATE FUNCTION market_home_key_ends() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.id, NEW.household_id, NEW.since) IS NOT DISTINCT FROM
        (OLD.id, OLD.household_id, OLD.since)
    THEN
        IF NEW.sealed_key IN ('', OLD.sealed_key) AND NEW.since_number = OLD.since_number THEN
            RETURN NEW;
        END IF;
        IF OLD.sealed_key = '' AND NEW.destroyed_at IS NULL AND NEW.since_number >= (
            SELECT coalesce(max(number) + 1, 0) FROM market_logleaf WHERE household_id = NEW.household_id
        ) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'the key of home % is destroyed or stays; a new one is for its next leaf', OLD.household_id
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER home_key_ends BEFORE UPDATE OR DELETE ON market_homekey
    FOR EACH ROW EXECUTE FUNCTION market_home_key_ends();
"""


class Migration(migrations.Migration):
    dependencies = [("market", "0036_a_key_for_each_time")]

    operations = [
        migrations.RunSQL(
            ENDS, "DROP TRIGGER home_key_ends ON market_homekey; DROP FUNCTION market_home_key_ends()"
        )
    ]
