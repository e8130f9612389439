"""Networks saved by pandapower's `to_json`, read without pandapower.

Source: pandapower 3 documentation, "Datastructure and elements" (line, transformer, switch, external grid).
"""

import json
from collections.abc import Iterator, Mapping
from math import sqrt
from typing import Any

from community.feeder_files.description import Bus, Cable, FeederFault, FeederFile, Plate

Row = dict[str, Any]


def is_pandapower(described: Any) -> bool:
    """Whether a JSON value is a pandapower network."""
    return isinstance(described, dict) and described.get("_class") == "pandapowerNet"


def from_pandapower(described: Mapping[str, Any]) -> FeederFile:
    """The low-voltage part behind the one transformer, or behind the external grid itself.

    Out-of-service elements and lines behind open switches are left out; buses joined by a closed switch are one.
    Taps count whatever type of tap changer the file names: one without a type is often an export's omission.
    """
    net = described["_object"]
    tables = {name: list(_rows(net, name)) for name in ("bus", "line", "trafo", "switch", "ext_grid")}
    feeding = [row for row in tables["ext_grid"] if row.get("in_service", True)]
    if len(feeding) != 1:
        raise FeederFault("no-source", count=str(len(feeding)))
    same = _joined(tables["switch"])
    root, slack_pu, plate = _transformer(tables, feeding[0], same)
    volts = next(row["vn_kv"] for row in tables["bus"] if same(row["index"]) == root) * 1_000
    open_lines = {row["element"] for row in tables["switch"] if row["et"] == "l" and not row["closed"]}
    level = {same(row["index"]) for row in tables["bus"] if row.get("in_service", True) and row["vn_kv"] < 1.0}
    cables = tuple(
        _cable(row, same)
        for row in tables["line"]
        if row.get("in_service", True) and row["index"] not in open_lines and same(row["from_bus"]) in level
    )
    used = {root, *(end for cable in cables for end in cable.ends)}
    names = {same(row["index"]): str(row.get("name") or "") for row in reversed(tables["bus"])}
    buses = tuple(Bus(code, names.get(code, "")) for code in sorted(used, key=_by_number))
    name = str(net.get("name") or "pandapower")
    return FeederFile(name, root, buses, cables, plate, volts, slack_pu, source="pandapower")


def _rows(net: Mapping[str, Any], name: str) -> Iterator[Row]:
    """A table's rows, each with its `index`; empty cells are left out."""
    table = net.get(name)
    if not isinstance(table, dict):
        return
    frame = table["_object"]
    frame = json.loads(frame) if isinstance(frame, str) else frame
    for index, values in zip(frame["index"], frame["data"], strict=True):
        cells = zip(frame["columns"], values, strict=True)
        yield {"index": index, **{key: value for key, value in cells if value is not None}}


def _joined(switches: list[Row]) -> Any:
    """Code of a bus, the same for all that closed switches make one."""
    root: dict[int, int] = {}

    def find(bus: int) -> int:
        while root.get(bus, bus) != bus:
            bus = root[bus]
        return bus

    for switch in switches:
        if switch["et"] == "b" and switch["closed"]:
            one, two = sorted((find(switch["bus"]), find(switch["element"])))
            root[two] = one
    return lambda bus: f"b{find(bus)}"


def _transformer(tables: dict[str, list[Row]], source: Row, same: Any) -> tuple[str, float, Plate]:
    """Bus and no-load voltage behind the transformer, and its plate."""
    running = [row for row in tables["trafo"] if row.get("in_service", True)]
    if not running:
        return same(source["bus"]), float(source["vm_pu"]), Plate()
    if len(running) > 1:
        names = ", ".join(str(row.get("name") or row["index"]) for row in running)
        raise FeederFault("several-transformers", transformers=names)
    row = running[0]
    if same(row["hv_bus"]) != same(source["bus"]):
        raise FeederFault("above-transformer", transformer=str(row.get("name") or row["index"]))
    rated_v, rated_va = row["vn_lv_kv"] * 1_000, row["sn_mva"] * 1e6 * row.get("parallel", 1)
    z_ohm = row["vk_percent"] / 100 * rated_v**2 / rated_va
    r_ohm = row["vkr_percent"] / 100 * rated_v**2 / rated_va
    kv = {bus["index"]: bus["vn_kv"] for bus in tables["bus"]}
    high = row["vn_hv_kv"] * _tap(row, "hv") / kv[row["hv_bus"]]
    low = row["vn_lv_kv"] * _tap(row, "lv") / kv[row["lv_bus"]]
    plate = Plate(rated_va, r_ohm, sqrt(max(z_ohm**2 - r_ohm**2, 0.0)))
    return same(row["lv_bus"]), float(source["vm_pu"]) * low / high, plate


def _tap(row: Row, side: str) -> float:
    """What the tap changer makes of one side's rated voltage."""
    steps = row.get("tap_pos", 0) - row.get("tap_neutral", row.get("tap_pos", 0))
    if not steps or row.get("tap_side") != side:
        return 1.0
    if "tap_step_percent" not in row:
        raise FeederFault("tap-without-step", transformer=str(row.get("name") or row["index"]))
    return 1.0 + float(steps * row["tap_step_percent"]) / 100


def _cable(row: Row, same: Any) -> Cable:
    parallel = row.get("parallel", 1)
    km = row["length_km"] / parallel
    most_ka = row.get("max_i_ka")
    return Cable(
        code=str(row.get("name") or f"l{row['index']}"),
        ends=(same(row["from_bus"]), same(row["to_bus"])),
        r_ohm=row["r_ohm_per_km"] * km,
        x_ohm=row["x_ohm_per_km"] * km,
        limit_a=None if most_ka is None else most_ka * 1_000 * row.get("df", 1.0) * parallel,
        r0_ohm=row["r0_ohm_per_km"] * km if "r0_ohm_per_km" in row else None,
        x0_ohm=row["x0_ohm_per_km"] * km if "x0_ohm_per_km" in row else None,
    )


def _by_number(code: str) -> int:
    return int(code[1:])
