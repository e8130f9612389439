"""What was measured: metering points, every version of every reading, and where it came from."""

from metering.models.access import ApiToken, IdempotentAnswer
from metering.models.files import MeterFile
from metering.models.readings import MeteringPoint, Reading, Upload

__all__ = ["ApiToken", "IdempotentAnswer", "MeterFile", "MeteringPoint", "Reading", "Upload"]
