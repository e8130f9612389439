"""What was measured: metering points, every version of every reading, and where it came from."""

from metering.models.access import ApiToken, HandOver, IdempotentAnswer
from metering.models.datadis import Consent, DatadisAccount, DatadisQuery
from metering.models.equipment import Equipment
from metering.models.files import ColumnMapping, MeterFile, Reminder
from metering.models.keys import MeterKey, UploadSignature
from metering.models.readings import MeteringPoint, Reading, Upload
from metering.models.registers import MeterChange, RegisterReading

__all__ = [
    "ApiToken",
    "ColumnMapping",
    "Consent",
    "DatadisAccount",
    "DatadisQuery",
    "Equipment",
    "HandOver",
    "IdempotentAnswer",
    "MeterChange",
    "MeterFile",
    "MeterKey",
    "MeteringPoint",
    "Reading",
    "RegisterReading",
    "Reminder",
    "Upload",
    "UploadSignature",
]
