"""What was traded and is owed: slots, mandates, orders, their outcomes, settlement and statements."""

from market.models.acknowledgements import Acknowledgement
from market.models.agents import Mandate, MandateHours, PlanStep, SetPoint
from market.models.confirmations import MandateConfirmation
from market.models.deliveries import Delivery
from market.models.forecasts import Forecast, ForecastAccuracy, Forecaster, StepDown, WeatherHour
from market.models.hindsight import Hindsight
from market.models.jobs import FailedJob
from market.models.ledger import Account, Entry, Posting
from market.models.log import HomeKey, LogAlarm, LogAnchor, LogCosignature, LogHead, LogLeaf, LogTile
from market.models.notices import Event, Notice, NoticeChoices, PushDevice
from market.models.orders import Order, Outcome, Slot, Trade
from market.models.outbox import OutboxMessage
from market.models.payments import BankAccount, CreditorAccount, PaymentItem, PaymentRun
from market.models.pilots import Pilot, PilotMonth
from market.models.policies import Policy, TrainingRun
from market.models.settlement import SettledHome, Settlement
from market.models.sharing import GestorMandate, SharingAdvice, SharingSet, SharingSignature
from market.models.statements import Statement, StatementLine
from market.models.wallet import WalletEntry
from market.models.what_if import WhatIf

__all__ = [
    "Account",
    "Acknowledgement",
    "BankAccount",
    "CreditorAccount",
    "Delivery",
    "Entry",
    "Event",
    "FailedJob",
    "Forecast",
    "ForecastAccuracy",
    "Forecaster",
    "GestorMandate",
    "Hindsight",
    "HomeKey",
    "LogAlarm",
    "LogAnchor",
    "LogCosignature",
    "LogHead",
    "LogLeaf",
    "LogTile",
    "Mandate",
    "MandateConfirmation",
    "MandateHours",
    "Notice",
    "NoticeChoices",
    "Order",
    "OutboxMessage",
    "Outcome",
    "PaymentItem",
    "PaymentRun",
    "Pilot",
    "PilotMonth",
    "PlanStep",
    "Policy",
    "Posting",
    "PushDevice",
    "SetPoint",
    "SettledHome",
    "Settlement",
    "SharingAdvice",
    "SharingSet",
    "SharingSignature",
    "Slot",
    "Statement",
    "StatementLine",
    "StepDown",
    "Trade",
    "TrainingRun",
    "WalletEntry",
    "WeatherHour",
    "WhatIf",
]
