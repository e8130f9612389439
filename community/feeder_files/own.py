"""Azotea's own shapes of a feeder: one JSON object, or a CSV with a line a row."""

import csv
import io
from collections.abc import Mapping
from typing import Any

from community.feeder_files.description import Bus, Cable, FeederFault, FeederFile, Plate

COLUMNS = {"line", "from", "to", "r_ohm", "x_ohm"}
TRANSFORMER = "transformer"


def from_json(described: Mapping[str, Any]) -> FeederFile:
    """`{"name", "vn_v", "slack": {"vm_pu"}, "transformer": {…}, "limits": {…}, "buses": […], "lines": […]}`."""
    try:
        plate, limits = described["transformer"], described["limits"]
        words = (described.get(name) for name in ("source", "licence", "attribution"))
        return FeederFile(
            name=described["name"],
            source="; ".join(word for word in words if word),
            root=plate["to"],
            buses=tuple(Bus(bus["id"], bus.get("name", "")) for bus in described["buses"]),
            cables=tuple(_cable(line) for line in described["lines"]),
            transformer=Plate(plate["s_kva"] * 1_000, plate["r_ohm_lv"], plate["x_ohm_lv"]),
            nominal_v=described["vn_v"],
            slack_pu=described["slack"]["vm_pu"] / plate["ratio"],
            v_min_pu=limits["v_min_pu"],
            v_max_pu=limits["v_max_pu"],
        )
    except KeyError as error:
        raise FeederFault("missing-field", field=str(error.args[0])) from error
    except (TypeError, AttributeError, ZeroDivisionError) as error:
        raise FeederFault("bad-field", field=str(error)) from error


def _cable(line: Mapping[str, Any]) -> Cable:
    figures = (line.get(name) for name in ("limit_a", "r0_ohm", "x0_ohm"))
    return Cable(line["id"], (line["frm"], line["to"]), line["r_ohm"], line["x_ohm"], *figures)


def from_csv(text: str, name: str) -> FeederFile:
    """Columns `line,from,to,r_ohm,x_ohm` and, where known, `limit_a,r0_ohm,x0_ohm`; decimal points.

    The row of the line `transformer` leads to the first bus and may say `s_kva`.
    """
    rows = csv.DictReader(io.StringIO(text))
    missing = COLUMNS - set(rows.fieldnames or ())
    if missing:
        raise FeederFault("missing-field", field=min(missing))
    cables: list[Cable] = []
    root, plate = "", Plate()
    for number, row in enumerate(rows, 2):
        figures = {key: _number(row, key, number) for key in ("r_ohm", "x_ohm", "limit_a", "r0_ohm", "x0_ohm")}
        r_ohm, x_ohm = figures.pop("r_ohm") or 0.0, figures.pop("x_ohm") or 0.0
        if row["line"] == TRANSFORMER:
            s_kva = _number(row, "s_kva", number)
            root, plate = row["to"], Plate(None if s_kva is None else s_kva * 1_000, r_ohm, x_ohm)
        else:
            cables.append(Cable(row["line"], (row["from"], row["to"]), r_ohm, x_ohm, **figures))
    if not root:
        raise FeederFault("no-transformer", line=TRANSFORMER)
    codes = dict.fromkeys([root, *(end for cable in cables for end in cable.ends)])
    return FeederFile(name, root, tuple(Bus(code) for code in codes), tuple(cables), plate, source=name)


def _number(row: Mapping[str, str | None], key: str, number: int) -> float | None:
    text = (row.get(key) or "").strip()
    try:
        return float(text) if text else None
    except ValueError as error:
        raise FeederFault("bad-field", field=f"{key}, line {number}") from error
