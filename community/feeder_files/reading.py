"""A feeder's file of any known kind; which one is found in the content."""

import csv
import json

from community.feeder_files.description import FeederFault, FeederFile
from community.feeder_files.own import from_csv, from_json
from community.feeder_files.pandapower import from_pandapower, is_pandapower
from community.feeder_files.power_grid_model import from_power_grid_model, is_power_grid_model

MOST_BYTES = 20 * 1024 * 1024
MOST_ELEMENTS = 200_000  # objects of a file
# What a table raises that is built otherwise than its own documentation says.
BROKEN = (LookupError, TypeError, ValueError, AttributeError, StopIteration, ArithmeticError, RecursionError)


def read_feeder(content: bytes, name: str = "feeder") -> FeederFile:
    """The feeder that a file describes. Raises `FeederFault` naming the element and what is wrong with it."""
    if len(content) > MOST_BYTES:
        raise FeederFault("too-large", most_mib=str(MOST_BYTES // 2**20))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FeederFault("not-text", byte=str(error.start)) from error
    if "\x00" in text:
        raise FeederFault("not-text", byte=str(text.index("\x00")))
    if not text.strip():
        raise FeederFault("empty")
    if not text.lstrip().startswith(("{", "[")):
        return _from_csv(text, name)
    if max(text.count("{"), text.count("["), text.count(",") // 10) > MOST_ELEMENTS:
        raise FeederFault("too-many", most=str(MOST_ELEMENTS))
    return _from_json(text, name)


def _from_csv(text: str, name: str) -> FeederFile:
    if text.count("\n") > MOST_ELEMENTS:
        raise FeederFault("too-many", most=str(MOST_ELEMENTS))
    try:
        return from_csv(text, name)
    except csv.Error as error:  # a cell without end
        raise FeederFault("broken-table", said=str(error)[:80]) from error


def _from_json(text: str, name: str) -> FeederFile:
    try:
        described = json.loads(text)
    except (ValueError, RecursionError) as error:  # also a number of thousands of digits
        raise FeederFault("not-json", row=str(getattr(error, "lineno", 1))) from error
    if not isinstance(described, dict):
        raise FeederFault("unknown-file", found="[…]")
    try:
        if is_pandapower(described):
            return from_pandapower(described)
        if is_power_grid_model(described):
            return from_power_grid_model(described, name)
        return from_json(described)
    except FeederFault:
        raise
    except BROKEN as error:
        raise FeederFault("broken-table", said=str(error)[:80]) from error
