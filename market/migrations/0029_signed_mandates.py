"""A member's word for a mandate; once given it never changes, and goes only with the key of the home's leaves."""

import django.db.models.deletion
from django.db import migrations, models

FINAL = """
CREATE FUNCTION market_word_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER mandate_confirmation_is_final BEFORE UPDATE OR DELETE ON market_mandateconfirmation
    FOR EACH ROW EXECUTE FUNCTION market_word_is_final();
"""
NO_LONGER = """
DROP TRIGGER mandate_confirmation_is_final ON market_mandateconfirmation;
DROP FUNCTION market_word_is_final();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('community', '0009_roles'),
        ('market', '0031_logged_statements'),
    ]

    operations = [
        migrations.CreateModel(
            name='MandateConfirmation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('confirmed_at', models.DateTimeField()),
                ('method', models.CharField(choices=[('passkey', 'signed with a passkey'), ('password', 'password'), ('code', 'one-time code'), ('key', 'log-in with a passkey or security key')], max_length=8)),
                ('mandate_hash', models.CharField(help_text="SHA-256 of the mandate's one spelling, in hex", max_length=64)),
                ('key_name', models.CharField(blank=True, max_length=200)),
                ('credential_id', models.BinaryField(default=bytes)),
                ('authenticator_data', models.BinaryField(default=bytes)),
                ('client_data', models.BinaryField(default=bytes)),
                ('signature', models.BinaryField(default=bytes)),
                ('public_key', models.BinaryField(default=bytes)),
                ('confirmed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='community.member')),
                ('mandate', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='confirmations', to='market.mandate')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('mandate', 'confirmed_by', 'method'), name='mandate_confirmation_once_a_way'), models.CheckConstraint(condition=models.Q(models.Q(('method', 'passkey'), models.Q(('authenticator_data', b''), _negated=True), models.Q(('client_data', b''), _negated=True), models.Q(('signature', b''), _negated=True), models.Q(('public_key', b''), _negated=True)), models.Q(models.Q(('method', 'passkey'), _negated=True), ('client_data', b''), ('public_key', b''), ('signature', b'')), _connector='OR'), name='mandate_confirmation_is_signed_if_by_passkey')],
            },
        ),
        migrations.RunSQL(FINAL, NO_LONGER),
    ]
