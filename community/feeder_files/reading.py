"""A feeder's file of any known kind; which one is found in the content."""

import json

from community.feeder_files.description import FeederFault, FeederFile
from community.feeder_files.own import from_csv, from_json
from community.feeder_files.pandapower import from_pandapower, is_pandapower
from community.feeder_files.power_grid_model import from_power_grid_model, is_power_grid_model

MOST_BYTES = 20 * 1024 * 1024


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
        return from_csv(text, name)
    return _from_json(text, name)


def _from_json(text: str, name: str) -> FeederFile:
    try:
        described = json.loads(text)
    except json.JSONDecodeError as error:
        raise FeederFault("not-json", row=str(error.lineno)) from error
    except RecursionError as error:
        raise FeederFault("not-json", row="1") from error
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
    except (KeyError, TypeError, ValueError, AttributeError, StopIteration) as error:
        # A table that is built otherwise than its own documentation says.
        raise FeederFault("broken-table", said=str(error)[:80]) from error
