"""The database refuses any change of what was logged and signed; a log only grows."""

from django.db import migrations

FINAL = """
CREATE TRIGGER log_leaf_is_final BEFORE UPDATE OR DELETE ON market_logleaf
    FOR EACH ROW EXECUTE FUNCTION market_booking_is_final();
CREATE TRIGGER log_head_is_final BEFORE UPDATE OR DELETE ON market_loghead
    FOR EACH ROW EXECUTE FUNCTION market_booking_is_final();
CREATE TRIGGER log_alarm_is_final BEFORE UPDATE OR DELETE ON market_logalarm
    FOR EACH ROW EXECUTE FUNCTION market_booking_is_final();
CREATE TRIGGER wallet_entry_is_final BEFORE UPDATE OR DELETE ON market_walletentry
    FOR EACH ROW EXECUTE FUNCTION market_booking_is_final();
CREATE TRIGGER payment_item_is_final BEFORE UPDATE OR DELETE ON market_paymentitem
    FOR EACH ROW EXECUTE FUNCTION market_booking_is_final();
"""
NAMES = {
    "log_leaf_is_final": "market_logleaf", "log_head_is_final": "market_loghead",
    "log_alarm_is_final": "market_logalarm", "wallet_entry_is_final": "market_walletentry",
    "payment_item_is_final": "market_paymentitem",
}  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("market", "0022_logs")]

    operations = [
        migrations.RunSQL(FINAL, ";".join(f"DROP TRIGGER {name} ON {table}" for name, table in NAMES.items()))
    ]
