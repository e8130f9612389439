"""What the operator's tables are called, one row and many: of what was traded and is owed."""

from django.utils.translation import pgettext_lazy

from community.wording.tables import Names

NAMES: Names = {
    "market.Slot": (pgettext_lazy("table", "slot"), pgettext_lazy("table", "slots")),
    "market.Hindsight": (
        pgettext_lazy("table", "month in hindsight"),
        pgettext_lazy("table", "months in hindsight"),
    ),
    "market.Mandate": (pgettext_lazy("table", "rules of a home"), pgettext_lazy("table", "rules of homes")),
    "market.MandateConfirmation": (
        pgettext_lazy("table", "confirmation of rules"),
        pgettext_lazy("table", "confirmations of rules"),
    ),
    "market.MandateHours": (
        pgettext_lazy("table", "hours with rules of their own"),
        pgettext_lazy("table", "hours with rules of their own"),
    ),
    "market.Order": (pgettext_lazy("table", "order"), pgettext_lazy("table", "orders")),
    "market.Outcome": (
        pgettext_lazy("table", "outcome of an order"),
        pgettext_lazy("table", "outcomes of orders"),
    ),
    "market.Trade": (pgettext_lazy("table", "trade"), pgettext_lazy("table", "trades")),
    "market.SetPoint": (
        pgettext_lazy("table", "suggestion to a device"),
        pgettext_lazy("table", "suggestions to devices"),
    ),
    "market.Forecaster": (
        pgettext_lazy("table", "model that forecasts"),
        pgettext_lazy("table", "models that forecast"),
    ),
    "market.ForecastAccuracy": (
        pgettext_lazy("table", "day of forecasts, compared"),
        pgettext_lazy("table", "days of forecasts, compared"),
    ),
    "market.StepDown": (
        pgettext_lazy("table", "time on a lower level"),
        pgettext_lazy("table", "times on a lower level"),
    ),
    "market.WeatherHour": (pgettext_lazy("table", "hour of weather"), pgettext_lazy("table", "hours of weather")),
    "market.Acknowledgement": (
        pgettext_lazy("table", "answer of a home"),
        pgettext_lazy("table", "answers of homes"),
    ),
    "market.Settlement": (
        pgettext_lazy("table", "settlement of a slot"),
        pgettext_lazy("table", "settlements of slots"),
    ),
    "market.SettledHome": (
        pgettext_lazy("table", "home of a settled slot"),
        pgettext_lazy("table", "homes of settled slots"),
    ),
    "market.Account": (
        pgettext_lazy("table", "account of the books"),
        pgettext_lazy("table", "accounts of the books"),
    ),
    "market.Entry": (pgettext_lazy("table", "entry of the books"), pgettext_lazy("table", "entries of the books")),
    "market.Posting": (pgettext_lazy("table", "posting"), pgettext_lazy("table", "postings")),
    "market.Statement": (pgettext_lazy("table", "statement"), pgettext_lazy("table", "statements")),
    "market.StatementLine": (
        pgettext_lazy("table", "line of a statement"),
        pgettext_lazy("table", "lines of statements"),
    ),
    "market.Policy": (
        pgettext_lazy("table", "strategy of agents"),
        pgettext_lazy("table", "strategies of agents"),
    ),
    "market.TrainingRun": (pgettext_lazy("table", "training"), pgettext_lazy("table", "trainings")),
    "market.SharingSet": (
        pgettext_lazy("table", "set of sharing coefficients"),
        pgettext_lazy("table", "sets of sharing coefficients"),
    ),
    "market.Pilot": (pgettext_lazy("table", "pilot"), pgettext_lazy("table", "pilots")),
    "market.PilotMonth": (pgettext_lazy("table", "month of a pilot"), pgettext_lazy("table", "months of pilots")),
    "market.SharingAdvice": (
        pgettext_lazy("table", "advice on sharing"),
        pgettext_lazy("table", "pieces of advice on sharing"),
    ),
    "market.SharingSignature": (
        pgettext_lazy("table", "agreement to coefficients"),
        pgettext_lazy("table", "agreements to coefficients"),
    ),
    "market.GestorMandate": (
        pgettext_lazy("table", "mandate of a gestor"),
        pgettext_lazy("table", "mandates of gestores"),
    ),
    "market.Delivery": (pgettext_lazy("table", "mailed statement"), pgettext_lazy("table", "mailed statements")),
    "market.BankAccount": (
        pgettext_lazy("table", "bank account of a home"),
        pgettext_lazy("table", "bank accounts of homes"),
    ),
    "market.CreditorAccount": (
        pgettext_lazy("table", "bank account of a community"),
        pgettext_lazy("table", "bank accounts of communities"),
    ),
    "market.PaymentRun": (pgettext_lazy("table", "payment run"), pgettext_lazy("table", "payment runs")),
    "market.PaymentItem": (
        pgettext_lazy("table", "item of a payment run"),
        pgettext_lazy("table", "items of payment runs"),
    ),
    "market.WalletEntry": (
        pgettext_lazy("table", "entry of a virtual battery"),
        pgettext_lazy("table", "entries of virtual batteries"),
    ),
    "market.HomeKey": (pgettext_lazy("table", "key of a home"), pgettext_lazy("table", "keys of homes")),
    "market.LogLeaf": (pgettext_lazy("table", "entry of the log"), pgettext_lazy("table", "entries of the log")),
    "market.LogTile": (pgettext_lazy("table", "tile of the log"), pgettext_lazy("table", "tiles of the log")),
    "market.LogHead": (pgettext_lazy("table", "head of the log"), pgettext_lazy("table", "heads of the log")),
    "market.LogCosignature": (
        pgettext_lazy("table", "cosignature of a head"),
        pgettext_lazy("table", "cosignatures of heads"),
    ),
    "market.LogAnchor": (
        pgettext_lazy("table", "anchor of the log"),
        pgettext_lazy("table", "anchors of the log"),
    ),
    "market.OutboxMessage": (
        pgettext_lazy("table", "thing to do outside"),
        pgettext_lazy("table", "things to do outside"),
    ),
    "market.LogAlarm": (pgettext_lazy("table", "alarm of the log"), pgettext_lazy("table", "alarms of the log")),
    "market.NoticeChoices": (
        pgettext_lazy("table", "choice of notices"),
        pgettext_lazy("table", "choices of notices"),
    ),
    "market.Notice": (pgettext_lazy("table", "notice"), pgettext_lazy("table", "notices")),
    "market.PushDevice": (
        pgettext_lazy("table", "browser that is told"),
        pgettext_lazy("table", "browsers that are told"),
    ),
    "market.FailedJob": (pgettext_lazy("table", "failed job"), pgettext_lazy("table", "failed jobs")),
    "market.WhatIf": (pgettext_lazy("table", "what-if"), pgettext_lazy("table", "what-ifs")),
}
