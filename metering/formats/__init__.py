"""Reading meter files: bytes in, intervals with their line numbers out; no Django, no clock, no guessing.

A file goes through `decoding` (bytes to text), one format's reader (text to lines as written), `dialects`
(what the file means by its hours) and `merging` (repeated lines). `reading.read_file` does all of it.
"""

from metering.formats.columns import Mapping
from metering.formats.facts import (
    CHANNELS,
    FileReading,
    Interval,
    Line,
    Refusal,
    RegisterFact,
    Remark,
    Sheet,
    UnreadableFile,
)
from metering.formats.reading import PARSER_VERSION, gaps, read_file

__all__ = [
    "CHANNELS",
    "PARSER_VERSION",
    "FileReading",
    "Interval",
    "Line",
    "Mapping",
    "Refusal",
    "RegisterFact",
    "Remark",
    "Sheet",
    "UnreadableFile",
    "gaps",
    "read_file",
]
