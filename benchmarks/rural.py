"""The demo's rural feeder, as often as a benchmark needs it."""

import json
from pathlib import Path

from market.grid import Feeder, Line, Transformer

FEEDER = Path(__file__).resolve().parents[1] / "community" / "demo" / "feeder_simbench_rural1.json"


def feeder(copies: int) -> Feeder:
    """`copies` of the rural feeder behind one busbar and one transformer of their joint size."""
    described = json.loads(FEEDER.read_text(encoding="utf-8"))
    root = described["transformer"]["to"]
    nodes, lines = [root], []
    for copy in range(copies):
        names = {bus["id"]: root if bus["id"] == root else f"{bus['id']}.{copy}" for bus in described["buses"]}
        nodes += [name for name in names.values() if name != root]
        reached, waiting = {root}, list(described["lines"])
        while waiting:
            row = waiting.pop(0)
            ends = names[row["frm"]], names[row["to"]]
            if not reached & set(ends):
                waiting.append(row)
                continue
            parent, child = ends if ends[0] in reached else ends[::-1]
            reached.add(child)
            name = f"{row['id']}.{copy}"
            lines.append(Line(name, parent, child, row["r_ohm"], row["x_ohm"], row.get("limit_a")))
    transformer = Transformer(160_000.0 * copies, described["transformer"]["r_ohm_lv"] / copies)
    return Feeder(tuple(nodes), root, tuple(lines), transformer)
