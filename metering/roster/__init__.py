"""A list of neighbours as an administrator keeps it, CSV or XLSX: one home a row. No Django, no database."""

from metering.roster.facts import COLUMNS, RosterFault, RosterLine
from metering.roster.reading import read_roster

__all__ = ["COLUMNS", "RosterFault", "RosterLine", "read_roster"]
