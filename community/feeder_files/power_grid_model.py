"""Networks in power-grid-model's JSON: SI units, ids instead of names.

Source: power-grid-model documentation, "Components" (node, line, transformer, source) and "Serialization".
"""

from collections.abc import Mapping
from math import sqrt
from typing import Any

from community.feeder_files.description import Bus, Cable, FeederFault, FeederFile, Plate

LOW_VOLTAGE = 1_000.0
COMPONENTS = ("node", "line", "transformer", "source")


def is_power_grid_model(described: Any) -> bool:
    """Whether a JSON value is an input of power-grid-model."""
    return isinstance(described, dict) and described.get("type") == "input" and "data" in described


def from_power_grid_model(described: Mapping[str, Any], name: str) -> FeederFile:
    """The low-voltage part behind the one transformer, or behind the source itself; open ends are left out."""
    if described.get("is_batch"):
        raise FeederFault("batch", field="is_batch")
    named = {
        component: list(_named(described, component)) for component in ("node", "line", "transformer", "source")
    }
    sources = [row for row in named["source"] if row.get("status", 1)]
    if len(sources) != 1:
        raise FeederFault("no-source", count=str(len(sources)))
    volts = {row["id"]: row["u_rated"] for row in named["node"]}
    root, slack_pu, plate = _transformer(named["transformer"], sources[0], volts)
    cables = tuple(
        _cable(row)
        for row in named["line"]
        if row.get("from_status", 1) and row.get("to_status", 1) and volts[row["from_node"]] < LOW_VOLTAGE
    )
    used = {f"n{root}", *(end for cable in cables for end in cable.ends)}
    buses = tuple(Bus(code) for code in sorted(used, key=lambda code: int(code[1:])))
    return FeederFile(name, f"n{root}", buses, cables, plate, volts[root], slack_pu, source="power-grid-model")


def _named(described: Mapping[str, Any], component: str) -> list[dict[str, Any]]:
    """Rows as objects, also where the file writes them as lists under common attributes."""
    rows = described["data"].get(component, [])
    names = (described.get("attributes") or {}).get(component, [])
    return [dict(zip(names, row, strict=True)) if isinstance(row, list) else row for row in rows]


def _transformer(
    rows: list[dict[str, Any]], source: dict[str, Any], volts: dict[int, float]
) -> tuple[int, float, Plate]:
    running = [row for row in rows if row.get("from_status", 1) and row.get("to_status", 1)]
    u_ref = float(source.get("u_ref", 1.0))
    if not running:
        return source["node"], u_ref, Plate()
    if len(running) > 1:
        raise FeederFault("several-transformers", transformers=", ".join(str(row["id"]) for row in running))
    row = running[0]
    if row["from_node"] != source["node"]:
        raise FeederFault("above-transformer", transformer=str(row["id"]))
    u1, u2 = row["u1"], row["u2"]
    steps = row.get("tap_pos", row.get("tap_nom", 0)) - row.get("tap_nom", 0)
    if steps and "tap_size" not in row:
        raise FeederFault("tap-without-step", transformer=str(row["id"]))
    shift = steps * row.get("tap_size", 0.0)
    high, low = (u1 + shift, u2) if row.get("tap_side", 0) == 0 else (u1, u2 + shift)
    z_ohm, r_ohm = row["uk"] * u2**2 / row["sn"], row["pk"] * u2**2 / row["sn"] ** 2
    plate = Plate(row["sn"], r_ohm, sqrt(max(z_ohm**2 - r_ohm**2, 0.0)))
    slack_pu = u_ref * volts[row["from_node"]] / high * low / volts[row["to_node"]]
    return row["to_node"], slack_pu, plate


def _cable(row: dict[str, Any]) -> Cable:
    ends = (f"n{row['from_node']}", f"n{row['to_node']}")
    return Cable(f"l{row['id']}", ends, row["r1"], row["x1"], row.get("i_n"), row.get("r0"), row.get("x0"))
