"""Networks saved by pandapower's `to_json`, read without pandapower.

Source: pandapower 3 documentation, "Datastructure and elements" (line, transformer, switch, external grid).
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from math import sqrt
from typing import Any

from community.feeder_files.cells import figure, figure_or_none, ohms
from community.feeder_files.description import MOST_CODE, Bus, Cable, FeederFault, FeederFile, Plate

Row = dict[str, Any]
PLATE = ("vn_hv_kv", "vn_lv_kv", "sn_mva", "vk_percent", "vkr_percent")
# Elements through which current flows and that a tree of lines cannot stand for.
UNSUPPORTED = ("trafo3w", "impedance", "dcline", "tcsc")


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
    for name in UNSUPPORTED:
        for row in _rows(net, name):
            if row.get("in_service", True):
                raise FeederFault("unsupported", table=name, element=_name(row))
    feeding = [row for row in tables["ext_grid"] if row.get("in_service", True)]
    if len(feeding) != 1:
        raise FeederFault("no-source", count=str(len(feeding)))
    same = _joined(tables["switch"])
    root, slack_pu, plate = _transformer(tables, feeding[0], same)
    volts = next(row["vn_kv"] for row in tables["bus"] if same(row["index"]) == root) * 1_000
    cables, left_out = _cables(tables, same)
    used = {root, *(end for cable in cables for end in cable.ends)}
    names = {same(row["index"]): str(row.get("name") or "") for row in reversed(tables["bus"])}
    buses = tuple(Bus(code, names.get(code, "")) for code in sorted(used, key=_by_number))
    name = str(net.get("name") or "pandapower")
    return FeederFile(
        name, root, buses, cables, plate, volts, slack_pu, source="pandapower", left_out=tuple(left_out)
    )


def _cables(tables: dict[str, list[Row]], same: Any) -> tuple[tuple[Cable, ...], list[str]]:
    """The low-voltage lines that carry current, and the names of those that do not."""
    open_lines = {row["element"] for row in tables["switch"] if row["et"] == "l" and not row["closed"]}
    level = {same(row["index"]) for row in tables["bus"] if row.get("in_service", True) and row["vn_kv"] < 1.0}
    often = Counter(str(row.get("name")) for row in tables["line"])
    cables, left_out = [], []
    for row in tables["line"]:
        own = str(row.get("name") or "")
        # Names are no keys in pandapower: lines often share one, or have none.
        code = own if often[own] == 1 and 0 < len(own) <= MOST_CODE else f"l{row['index']}"
        running = row.get("in_service", True) and row["index"] not in open_lines
        if running and same(row["from_bus"]) in level:
            cables.append(_cable(row, code, same))
        else:
            left_out.append(code)
    return tuple(cables), left_out


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
            root[bus] = root.get(root[bus], root[bus])  # halves the way for whoever comes next
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
        raise FeederFault("several-transformers", transformers=", ".join(map(_name, running)))
    row = running[0]
    if same(row["hv_bus"]) != same(source["bus"]):
        raise FeederFault("above-transformer", transformer=_name(row))
    said = {name: figure(row, name, "transformer", _name(row)) for name in PLATE}
    rated_v, rated_va = said["vn_lv_kv"] * 1_000, said["sn_mva"] * 1e6 * row.get("parallel", 1)
    if rated_va <= 0:
        raise FeederFault(
            "bad-figure", kind="transformer", code=_name(row), field="sn_mva", value=str(row["sn_mva"])
        )
    z_ohm = said["vk_percent"] / 100 * rated_v**2 / rated_va
    r_ohm = said["vkr_percent"] / 100 * rated_v**2 / rated_va
    kv = {bus["index"]: bus["vn_kv"] for bus in tables["bus"]}
    high = said["vn_hv_kv"] * _tap(row, "hv") / kv[row["hv_bus"]]
    low = said["vn_lv_kv"] * _tap(row, "lv") / kv[row["lv_bus"]]
    plate = Plate(rated_va, r_ohm, sqrt(max(z_ohm**2 - r_ohm**2, 0.0)))
    return same(row["lv_bus"]), float(source["vm_pu"]) * low / high, plate


def _tap(row: Row, side: str) -> float:
    """What the tap changer makes of one side's rated voltage."""
    steps = row.get("tap_pos", 0) - row.get("tap_neutral", row.get("tap_pos", 0))
    if not steps or row.get("tap_side") != side:
        return 1.0
    if "tap_step_percent" not in row:
        raise FeederFault("tap-without-step", transformer=_name(row), field="tap_step_percent")
    return 1.0 + float(steps * row["tap_step_percent"]) / 100


def _cable(row: Row, code: str, same: Any) -> Cable:
    parallel = row.get("parallel", 1)
    km = figure(row, "length_km", "line", code) / parallel
    most_ka = figure_or_none(row, "max_i_ka", "line", code)
    return Cable(
        code=code,
        ends=(same(row["from_bus"]), same(row["to_bus"])),
        r_ohm=ohms(row, "r_ohm_per_km", code) * km,
        x_ohm=ohms(row, "x_ohm_per_km", code) * km,
        limit_a=most_ka * 1_000 * row.get("df", 1.0) * parallel if most_ka else None,
        r0_ohm=row["r0_ohm_per_km"] * km if "r0_ohm_per_km" in row else None,
        x0_ohm=row["x0_ohm_per_km"] * km if "x0_ohm_per_km" in row else None,
    )


def _name(row: Row) -> str:
    return str(row.get("name") or row["index"])


def _by_number(code: str) -> int:
    return int(code[1:])
