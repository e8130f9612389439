"""The database itself refuses an entry whose postings do not add up to zero, and any change to a booking."""

from django.db import migrations

BALANCED = """
CREATE FUNCTION market_entry_is_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    amount numeric;
BEGIN
    SELECT sum(amount_neur) INTO amount FROM market_posting WHERE entry_id = NEW.entry_id;
    IF amount <> 0 THEN
        RAISE EXCEPTION 'entry % is out of balance by % n€', NEW.entry_id, amount
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_is_balanced';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER entry_is_balanced AFTER INSERT ON market_posting
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION market_entry_is_balanced();
"""

UNCHANGED = """
CREATE FUNCTION market_booking_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: book a reversal instead', TG_TABLE_NAME
        USING ERRCODE = 'check_violation', CONSTRAINT = 'booking_is_final';
END $$;
CREATE TRIGGER posting_is_final BEFORE UPDATE OR DELETE ON market_posting
    FOR EACH ROW EXECUTE FUNCTION market_booking_is_final();
CREATE TRIGGER entry_is_final BEFORE UPDATE OR DELETE ON market_entry
    FOR EACH ROW EXECUTE FUNCTION market_booking_is_final();
CREATE TRIGGER trade_is_final BEFORE UPDATE OR DELETE ON market_trade
    FOR EACH ROW EXECUTE FUNCTION market_booking_is_final();
CREATE TRIGGER statement_line_is_final BEFORE UPDATE OR DELETE ON market_statementline
    FOR EACH ROW EXECUTE FUNCTION market_booking_is_final();
"""


class Migration(migrations.Migration):
    dependencies = [("market", "0001_initial")]

    operations = [
        migrations.RunSQL(
            BALANCED,
            "DROP TRIGGER entry_is_balanced ON market_posting; DROP FUNCTION market_entry_is_balanced();",
        ),
        migrations.RunSQL(
            UNCHANGED,
            "DROP TRIGGER posting_is_final ON market_posting; DROP TRIGGER entry_is_final ON market_entry;"
            "DROP TRIGGER trade_is_final ON market_trade;"
            "DROP TRIGGER statement_line_is_final ON market_statementline;"
            "DROP FUNCTION market_booking_is_final();",
        ),
    ]
