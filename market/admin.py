"""The operator's view of the market: everything can be seen, nothing about money can be changed."""

from django.contrib import admin

from community.read_only_admin import ReadOnlyAdmin
from market import models

COLUMNS: dict[type, tuple[str, ...]] = {
    models.Slot: ("community", "start", "status", "price_ueur_kwh", "traded_wh", "emergency"),
    models.Hindsight: ("community", "month", "weeks", "alone_neur", "rule_neur", "agents_neur", "foresight_neur"),
    models.Mandate: ("household", "valid_from", "objective", "min_sell_ueur_kwh", "max_buy_ueur_kwh", "paused"),
    models.MandateConfirmation: ("mandate", "confirmed_by", "method", "key_name", "confirmed_at"),
    models.MandateHours: ("mandate", "period", "days", "min_sell_ueur_kwh", "max_buy_ueur_kwh", "may_trade"),
    models.Order: ("slot", "household", "side", "kind", "energy_wh", "limit_ueur_kwh", "placed_at"),
    models.Outcome: ("order", "local_wh", "retailer_wh", "curtailed_wh", "reason"),
    models.Trade: ("slot", "household", "side", "energy_wh", "price_ueur_kwh"),
    models.SetPoint: ("slot", "device", "base_wh", "energy_wh"),
    models.Forecaster: ("community", "fitted_at", "learned_from", "learned_until", "homes"),
    models.ForecastAccuracy: ("community", "day", "compared", "used_wh", "off_wh", "bias_wh", "banded", "in_band"),
    models.StepDown: ("community", "household", "since", "until", "level", "reason"),
    models.WeatherHour: ("community", "start", "temperature_c", "irradiance_w_m2"),
    models.Acknowledgement: ("slot", "device", "answer", "energy_wh", "reason", "received_at"),
    models.Settlement: ("slot", "revision", "settled_at", "provisional", "is_current"),
    models.SettledHome: ("household", "start", "import_wh", "export_wh", "bought_wh", "sold_wh", "is_current"),
    models.Account: ("community", "kind", "household"),
    models.Entry: ("community", "kind", "settlement", "month", "booked_at"),
    models.Posting: ("entry", "account", "amount_neur", "energy_wh"),
    models.Statement: ("household", "month", "issued_at", "slots", "provisional_slots"),
    models.Policy: ("community", "status", "digest", "made_at", "champion_at", "ended_at"),
    models.TrainingRun: ("community", "status", "why", "asked_at", "generation", "generations", "finished_at"),
    models.SharingSet: ("community", "cau", "year", "version", "kind", "agreed_on", "added_by"),
    models.Pilot: ("name", "owner", "created_at", "shared", "community"),
    models.PilotMonth: ("pilot", "variant", "month", "failed"),
    models.SharingAdvice: ("community", "aim", "hourly", "status", "asked_by", "asked_at"),
    models.SharingSignature: ("set", "household", "given_by", "given_at"),
    models.GestorMandate: ("household", "gestor", "given_by", "given_at", "revoked_at"),
    models.Delivery: ("statement", "address", "state", "attempts", "changed_at", "reason"),
    models.BankAccount: ("household", "holder", "iban_end", "mandate_signed_on", "added_at", "replaced_at"),
    models.CreditorAccount: ("community", "holder", "iban_end", "creditor_id", "changed_at"),
    models.PaymentRun: ("community", "made_by", "made_at"),
    models.PaymentItem: ("run", "statement", "cents", "account"),
    models.WalletEntry: ("household", "month", "kind", "cents", "booked_at"),
    models.HomeKey: ("household", "destroyed_at"),
    models.LogLeaf: ("community", "seq", "settlement", "household", "number"),
    models.LogTile: ("community", "level", "place"),
    models.LogHead: ("community", "size", "root", "signed_at"),
    models.LogCosignature: ("head", "witness", "received_at"),
    models.LogAnchor: ("head", "kind", "place", "asked_at", "complete_at", "said_at"),
    models.OutboxMessage: ("topic", "key", "state", "attempts", "made_at", "next_at", "last_error"),
    models.LogAlarm: ("community", "size", "reason", "raised_at"),
    models.NoticeChoices: ("member", "language", "by_email", "by_push", "changed_at"),
    models.Notice: ("member", "event", "channel", "state", "attempts", "changed_at", "reason"),
    models.PushDevice: ("member", "name", "added_at"),
    models.FailedJob: ("task", "given", "error", "attempts", "last_at"),
    models.WhatIf: ("household", "start", "end", "status", "asked_by", "asked_at"),
    models.StatementLine: ("statement", "kind", "energy_wh", "amount_cents", "posted"),
}

# Sealed fields say nothing to a reader and are shown to none.
SEALED: dict[type, tuple[str, ...]] = {
    models.BankAccount: ("sealed_iban",),
    models.CreditorAccount: ("sealed_iban",),
    models.HomeKey: ("sealed_key",),
    models.PushDevice: ("sealed",),
}

for model, columns in COLUMNS.items():
    options = {
        "list_display": columns,
        "show_full_result_count": False,
        "list_select_related": True,
        "exclude": SEALED.get(model, ()),
    }
    admin.site.register(model, type(f"{model.__name__}Admin", (ReadOnlyAdmin,), options))
