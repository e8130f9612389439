"""Each time that a home is looked after by somebody else has a key of its own; a member's word goes with its time's.

What an erased member's time is corrected by must not be made with the key of whoever came next.
"""

import django.db.models.deletion
from django.db import migrations, models

SPLIT = """
WITH erased AS (
    UPDATE market_homekey k SET since = h.records_from FROM community_household h
    WHERE h.id = k.household_id AND k.since_number > 0 AND h.records_from IS NOT NULL
    RETURNING k.household_id, h.records_from
)
INSERT INTO market_homekey (household_id, since, sealed_key, since_number, destroyed_at)
SELECT household_id, NULL, '', 0, records_from FROM erased;
SET CONSTRAINTS ALL IMMEDIATE;
"""
# One key for each home, as before: the newest.
JOINED = """
DELETE FROM market_homekey k USING market_homekey newer WHERE newer.household_id = k.household_id
    AND newer.since IS NOT NULL AND (k.since IS NULL OR k.since < newer.since);
SET CONSTRAINTS ALL IMMEDIATE;
"""
WORD = """
CREATE OR REPLACE FUNCTION market_word_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND NOT EXISTS (
        SELECT FROM (
            SELECT k.sealed_key FROM market_homekey k JOIN market_mandate m ON m.household_id = k.household_id
            WHERE m.id = OLD.mandate_id AND (k.since IS NULL OR k.since <= OLD.confirmed_at)
            ORDER BY k.since DESC NULLS LAST LIMIT 1
        ) AS its_time WHERE sealed_key <> ''
    ) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
        USING ERRCODE = 'check_violation', CONSTRAINT = 'word_is_final';
END $$;
"""
WORD_BEFORE = """
CREATE OR REPLACE FUNCTION market_word_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND NOT EXISTS (
        SELECT FROM market_homekey k JOIN market_mandate m ON m.household_id = k.household_id
        WHERE m.id = OLD.mandate_id AND k.sealed_key <> ''
    ) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
        USING ERRCODE = 'check_violation', CONSTRAINT = 'word_is_final';
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("community", "0015_device_state_energies"),
        ("market", "0035_fewer_indexes_of_leaves"),
    ]

    operations = [
        migrations.AlterField(
            "homekey",
            "household",
            models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="log_keys", to="community.household"
            ),
        ),
        migrations.AddField(
            "homekey",
            "since",
            models.DateTimeField(blank=True, null=True),
        ),
        migrations.RunSQL(SPLIT, JOINED),
        migrations.AddConstraint(
            "homekey",
            models.UniqueConstraint(
                fields=("household", "since"), name="home_key_once_a_time", nulls_distinct=False
            ),
        ),
        migrations.RunSQL(WORD, WORD_BEFORE),
    ]
