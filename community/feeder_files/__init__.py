"""A street's cables from a file, or from what is usual: plain descriptions, checked before anything is stored.

`reading.read_feeder` knows Azotea's own JSON and CSV, pandapower's JSON and power-grid-model's; `usual` makes a
building or a street where nothing is known. No Django, no pandapower.
"""

from community.feeder_files.description import Bus, Cable, FeederFault, FeederFile, Plate, outwards
from community.feeder_files.own import as_json, from_json
from community.feeder_files.reading import read_feeder
from community.feeder_files.remarks import Remark, remarks
from community.feeder_files.usual import building, street

__all__ = [
    "Bus",
    "Cable",
    "FeederFault",
    "FeederFile",
    "Plate",
    "Remark",
    "as_json",
    "building",
    "from_json",
    "outwards",
    "read_feeder",
    "remarks",
    "street",
]
