"""Azotea's own shapes of a feeder: one JSON object, or a CSV with a line a row."""

import csv
import io
from collections.abc import Mapping
from math import isfinite
from typing import Any

from community.feeder_files.cells import figure, figure_or_none, ohms, part, rows, word
from community.feeder_files.description import Bus, Cable, FeederFault, FeederFile, Plate

COLUMNS = ("line", "from", "to", "r_ohm", "x_ohm")
OPTIONAL = ("limit_a", "r0_ohm", "x0_ohm")
TRANSFORMER = "transformer"
MOST_HEADER = 10_000  # letters of a CSV's first line
YES, NO = {"true", "yes", "1"}, {"false", "no", "0", ""}


def from_json(described: Mapping[str, Any]) -> FeederFile:
    """`{"name", "vn_v", "slack": {"vm_pu"}, "transformer": {…}, "limits": {…}, "buses": […], "lines": […]}`.

    A line may say `"transformer": true`: behind it lies another substation. Without `limits` ±10 % are taken.
    """
    if not {"buses", "lines"} & set(described):
        raise FeederFault("unknown-file", found=", ".join(list(described)[:6]))
    plate = part(described, TRANSFORMER)
    limits = part(described, "limits") if described.get("limits") is not None else {}
    words = (described.get(name) for name in ("source", "licence", "attribution"))
    ratio = 1.0 if plate.get("ratio") is None else figure(plate, "ratio", TRANSFORMER)
    if ratio <= 0:
        raise FeederFault("bad-figure", kind=TRANSFORMER, code="", field="ratio", value=str(ratio))
    s_kva = figure_or_none(plate, "s_kva", TRANSFORMER)
    return FeederFile(
        name=word(described, "name", "file"),
        source="; ".join(str(said) for said in words if said),
        root=word(plate, "to", TRANSFORMER),
        buses=tuple(
            Bus(word(bus, "id", "bus", str(number)), str(bus.get("name") or ""))
            for number, bus in enumerate(rows(described, "buses"), 1)
        ),
        cables=tuple(_cable(line, number) for number, line in enumerate(rows(described, "lines"), 1)),
        transformer=Plate(
            None if s_kva is None else s_kva * 1_000,
            figure(plate, "r_ohm_lv", TRANSFORMER),
            figure(plate, "x_ohm_lv", TRANSFORMER),
        ),
        nominal_v=figure(described, "vn_v", "file"),
        slack_pu=figure(part(described, "slack"), "vm_pu", "slack") / ratio,
        v_min_pu=figure(limits, "v_min_pu", "limits") if limits else 0.9,
        v_max_pu=figure(limits, "v_max_pu", "limits") if limits else 1.1,
    )


def _cable(line: Mapping[str, Any], number: int) -> Cable:
    code = word(line, "id", "line", str(number))
    leads_on = line.get(TRANSFORMER) or False
    if not isinstance(leads_on, bool):
        raise FeederFault("bad-figure", kind="line", code=code, field=TRANSFORMER, value=str(leads_on)[:40])
    limit_a, r0_ohm, x0_ohm = (figure_or_none(line, name, "line", code) for name in OPTIONAL)
    ends = (word(line, "frm", "line", code), word(line, "to", "line", code))
    r_ohm, x_ohm = ohms(line, "r_ohm", code), ohms(line, "x_ohm", code)
    return Cable(code, ends, r_ohm, x_ohm, limit_a, r0_ohm, x0_ohm, leads_on)


def as_json(described: FeederFile) -> dict[str, Any]:
    """A feeder in Azotea's own shape, which `from_json` reads back to the same."""
    plate = described.transformer
    return {
        "name": described.name,
        "source": described.source,
        "vn_v": described.nominal_v,
        "slack": {"vm_pu": described.slack_pu},
        "transformer": {
            "to": described.root,
            "s_kva": None if plate.s_va is None else plate.s_va / 1_000,
            "r_ohm_lv": plate.r_ohm,
            "x_ohm_lv": plate.x_ohm,
        },
        "limits": {"v_min_pu": described.v_min_pu, "v_max_pu": described.v_max_pu},
        "buses": [{"id": bus.code, "name": bus.name} for bus in described.buses],
        "lines": [
            {
                "id": cable.code,
                "frm": cable.ends[0],
                "to": cable.ends[1],
                "r_ohm": cable.r_ohm,
                "x_ohm": cable.x_ohm,
                "limit_a": cable.limit_a,
                "r0_ohm": cable.r0_ohm,
                "x0_ohm": cable.x0_ohm,
                "transformer": cable.is_transformer,
            }
            for cable in described.cables
        ],
    }


def from_csv(text: str, name: str) -> FeederFile:
    """Columns `line,from,to,r_ohm,x_ohm` and, where known, `limit_a,r0_ohm,x0_ohm,transformer`.

    Commas between the cells and decimal points, or semicolons and decimal commas. The row of the line
    `transformer` leads to the first bus and may say `s_kva`; a cable may say `true` in the column `transformer`.
    """
    header = text.partition("\n")[0]
    if len(header) > MOST_HEADER:
        raise FeederFault("unknown-file", found=header.strip()[:60])
    rows_of = csv.DictReader(io.StringIO(text), delimiter=";" if ";" in header else ",")
    columns = [(column or "").strip() for column in rows_of.fieldnames or ()]
    missing = [column for column in COLUMNS if column not in columns]
    if len(missing) > len(COLUMNS) - 2:
        raise FeederFault("unknown-file", found=header.strip()[:60])
    if missing:
        raise FeederFault("missing-column", columns=", ".join(missing))
    rows_of.fieldnames = columns
    cables: list[Cable] = []
    root, plate = "", Plate()
    for number, row in enumerate(rows_of, 2):
        code = (row["line"] or "").strip()
        if code == TRANSFORMER:
            root, plate = _plate(row, number)
        elif code or any(cell for cell in row.values()):
            cables.append(_cable_of_row(row, number))
    if not root:
        raise FeederFault("no-transformer", line=TRANSFORMER)
    codes = dict.fromkeys([root, *(end for cable in cables for end in cable.ends)])
    return FeederFile(name, root, tuple(Bus(code) for code in codes), tuple(cables), plate, source=name)


def _plate(row: Mapping[str, str | None], number: int) -> tuple[str, Plate]:
    s_kva = _number(row, "s_kva", number)
    r_ohm, x_ohm = _number(row, "r_ohm", number) or 0.0, _number(row, "x_ohm", number) or 0.0
    return _text(row, "to", number), Plate(None if s_kva is None else s_kva * 1_000, r_ohm, x_ohm)


def _cable_of_row(row: Mapping[str, str | None], number: int) -> Cable:
    code = _text(row, "line", number)
    said = {name: _number(row, name, number) for name in ("r_ohm", "x_ohm")}
    limit_a, r0_ohm, x0_ohm = (_number(row, name, number) for name in OPTIONAL)
    leads_on = (row.get(TRANSFORMER) or "").strip().lower()
    if leads_on not in YES | NO:
        raise FeederFault("bad-figure", kind="row", code=str(number), field=TRANSFORMER, value=leads_on[:40])
    ends = (_text(row, "from", number), _text(row, "to", number))
    r_ohm, x_ohm = ohms(said, "r_ohm", code), ohms(said, "x_ohm", code)
    return Cable(code, ends, r_ohm, x_ohm, limit_a, r0_ohm, x0_ohm, leads_on in YES)


def _text(row: Mapping[str, str | None], key: str, number: int) -> str:
    text = (row.get(key) or "").strip()
    if not text:
        raise FeederFault("missing-field", kind="row", code=str(number), field=key)
    return text


def _number(row: Mapping[str, str | None], key: str, number: int) -> float | None:
    text = (row.get(key) or "").strip()
    try:
        value = float(text.replace(",", ".")) if text else None
    except ValueError as error:
        raise FeederFault("bad-figure", kind="row", code=str(number), field=key, value=text[:40]) from error
    if value is not None and not isfinite(value):
        raise FeederFault("bad-figure", kind="row", code=str(number), field=key, value=text[:40])
    return value
