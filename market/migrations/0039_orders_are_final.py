"""The database refuses any change of what was ordered and of what an owner permitted: both are written once."""

from django.db import migrations

FINAL = """
CREATE FUNCTION market_wish_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: write a new one instead', TG_TABLE_NAME
        USING ERRCODE = 'check_violation', CONSTRAINT = 'wish_is_final';
END $$;
CREATE TRIGGER order_is_final BEFORE UPDATE ON market_order
    FOR EACH ROW EXECUTE FUNCTION market_wish_is_final();
CREATE TRIGGER mandate_is_final BEFORE UPDATE ON market_mandate
    FOR EACH ROW EXECUTE FUNCTION market_wish_is_final();
CREATE TRIGGER mandate_hours_are_final BEFORE UPDATE ON market_mandatehours
    FOR EACH ROW EXECUTE FUNCTION market_wish_is_final();
"""
NAMES = {
    "order_is_final": "market_order", "mandate_is_final": "market_mandate",
    "mandate_hours_are_final": "market_mandatehours",
}  # fmt: skip
NO_LONGER = "".join(f"DROP TRIGGER {name} ON {table};" for name, table in NAMES.items())


class Migration(migrations.Migration):
    dependencies = [("market", "0038_rules_of_a_day_lived_again")]

    operations = [migrations.RunSQL(FINAL, f"{NO_LONGER} DROP FUNCTION market_wish_is_final();")]
