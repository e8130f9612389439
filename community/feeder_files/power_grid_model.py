"""Networks in power-grid-model's JSON: SI units, ids instead of names.

Source: power-grid-model documentation, "Components" (node, line, transformer, source) and "Serialization".
"""

from collections.abc import Mapping
from math import sqrt
from typing import Any

from community.feeder_files.cells import figure, figure_or_none, ohms
from community.feeder_files.description import Bus, Cable, FeederFault, FeederFile, Plate

LOW_VOLTAGE = 1_000.0
COMPONENTS = ("node", "line", "transformer", "source")
# Branches that a tree of lines cannot stand for.
UNSUPPORTED = ("link", "three_winding_transformer", "generic_branch", "asym_line")
PLATE = ("u1", "u2", "sn", "uk", "pk")


def is_power_grid_model(described: Any) -> bool:
    """Whether a JSON value is an input of power-grid-model."""
    return isinstance(described, dict) and described.get("type") == "input" and "data" in described


def from_power_grid_model(described: Mapping[str, Any], name: str) -> FeederFile:
    """The low-voltage part behind the one transformer, or behind the source itself; open ends are left out."""
    if described.get("is_batch"):
        raise FeederFault("batch", field="is_batch")
    for component in UNSUPPORTED:
        for row in _named(described, component):
            raise FeederFault("unsupported", table=component, element=str(row.get("id", "?")))
    named = {component: list(_named(described, component)) for component in COMPONENTS}
    sources = [row for row in named["source"] if row.get("status", 1)]
    if len(sources) != 1:
        raise FeederFault("no-source", count=str(len(sources)))
    volts = {row["id"]: row["u_rated"] for row in named["node"]}
    root, slack_pu, plate = _transformer(named["transformer"], sources[0], volts)
    cables, left_out = _cables(named["line"], volts)
    used = {f"n{root}", *(end for cable in cables for end in cable.ends)}
    buses = tuple(Bus(code) for code in sorted(used, key=lambda code: int(code[1:])))
    source = "power-grid-model"
    return FeederFile(
        name, f"n{root}", buses, cables, plate, volts[root], slack_pu, source=source, left_out=tuple(left_out)
    )


def _cables(rows: list[dict[str, Any]], volts: dict[int, float]) -> tuple[tuple[Cable, ...], list[str]]:
    """The low-voltage lines that carry current, and the codes of those that do not."""
    cables, left_out = [], []
    for row in rows:
        code = f"l{row['id']}"
        for end in ("from_node", "to_node"):
            if row[end] not in volts:
                raise FeederFault("unknown-bus", line=code, bus=str(row[end]))
        running = row.get("from_status", 1) and row.get("to_status", 1)
        if running and volts[row["from_node"]] < LOW_VOLTAGE:
            cables.append(_cable(row, code))
        else:
            left_out.append(code)
    return tuple(cables), left_out


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
    code = str(row["id"])
    u1, u2, sn, uk, pk = (figure(row, name, "transformer", code) for name in PLATE)
    if sn <= 0:
        raise FeederFault("bad-figure", kind="transformer", code=code, field="sn", value=str(sn))
    steps = row.get("tap_pos", row.get("tap_nom", 0)) - row.get("tap_nom", 0)
    if steps and "tap_size" not in row:
        raise FeederFault("tap-without-step", transformer=code, field="tap_size")
    shift = steps * row.get("tap_size", 0.0)
    high, low = (u1 + shift, u2) if row.get("tap_side", 0) == 0 else (u1, u2 + shift)
    z_ohm, r_ohm = uk * u2**2 / sn, pk * u2**2 / sn**2
    plate = Plate(sn, r_ohm, sqrt(max(z_ohm**2 - r_ohm**2, 0.0)))
    slack_pu = u_ref * volts[row["from_node"]] / high * low / volts[row["to_node"]]
    return row["to_node"], slack_pu, plate


def _cable(row: dict[str, Any], code: str) -> Cable:
    ends = (f"n{row['from_node']}", f"n{row['to_node']}")
    limit_a, r0_ohm, x0_ohm = (figure_or_none(row, name, "line", code) for name in ("i_n", "r0", "x0"))
    return Cable(code, ends, ohms(row, "r1", code), ohms(row, "x1", code), limit_a, r0_ohm, x0_ohm)
