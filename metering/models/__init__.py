"""What was measured: metering points, every version of every reading, and where it came from."""

from metering.models.access import ApiToken, HandOver, IdempotentAnswer
from metering.models.datadis import Consent, DatadisAccount, DatadisQuery
from metering.models.files import ColumnMapping, MeterFile, Reminder
from metering.models.readings import MeteringPoint, Reading, Upload
from metering.models.registers import MeterChange, RegisterReading

__all__ = [
    "ApiToken",
    "ColumnMapping",
    "Consent",
    "DatadisAccount",
    "DatadisQuery",
    "HandOver",
    "IdempotentAnswer",
    "MeterChange",
    "MeterFile",
    "MeteringPoint",
    "Reading",
    "RegisterReading",
    "Reminder",
    "Upload",
]
