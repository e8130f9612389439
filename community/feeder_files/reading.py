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
        raise FeederFault("too-large", bytes=str(len(content)))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FeederFault("not-text", field=str(error)) from error
    if not text.lstrip().startswith("{"):
        return from_csv(text, name)
    try:
        described = json.loads(text)
        if is_pandapower(described):
            return from_pandapower(described)
        if is_power_grid_model(described):
            return from_power_grid_model(described, name)
        return from_json(described)
    except FeederFault:
        raise
    except (ValueError, RecursionError) as error:
        raise FeederFault("not-json", field=str(error)[:80]) from error
    except (KeyError, TypeError, StopIteration) as error:
        raise FeederFault("missing-field", field=str(error)[:80]) from error
