"""Writes meter files in any format, dialect and mood from known energies, to hold the reader to the truth."""

import bz2
import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from metering.formats.cells import DAY_MINUTES
from metering.formats.local_days import labels, starts

MADRID = ZoneInfo("Europe/Madrid")
CUPS = "ES9999000000000001DS0F"
FORMATS = ("datadis-api", "datadis-web", "datadis-old", "edistribucion", "ufd", "ide", "ide-start", "f5d", "p5d")
HOURLY_DIALECTS = {
    "datadis-api": ("counted", "end", "start_plus_one", "start_plus_one_25", "end_next"),
    "datadis-web": ("counted", "end", "start_plus_one", "start_plus_one_25"),
    "datadis-old": ("counted", "end", "start_plus_one", "start_plus_one_25"),
    "edistribucion": ("counted", "start_plus_one", "start_plus_one_25", "end"),
    "ufd": ("counted", "start_plus_one"),
    "ide": ("instant",),
    "ide-start": ("start",),
    "f5d": ("instant",),
    "p5d": ("instant",),
}


@dataclass(frozen=True)
class TrueInterval:
    """One true interval: its energies (Wh) and whether it was measured."""

    start: datetime
    label: int
    day: int
    import_wh: int
    export_wh: int
    measured: bool = True


def true_days(days, minutes, dialect, draw):
    """The intervals of some local days, labelled as a dialect does; `draw()` gives (import, export, measured)."""
    answer = []
    for day in days:
        number = day.toordinal()
        named = labels(MADRID, number, minutes, "end" if dialect in {"end_next", "instant"} else dialect)
        for start, label in zip(starts(MADRID, number, minutes), named, strict=True):
            import_wh, export_wh, measured = draw()
            row = TrueInterval(start, label, number, import_wh, export_wh, measured)
            if dialect in {"end_next", "instant"} and label == DAY_MINUTES:
                row = replace(row, label=0, day=number + 1)
            answer.append(row)
    return answer


def write(format_, rows, minutes, mood):
    """The bytes of a file; `mood` has `comma`, `day_first`, `bom`, `crlf`, `quotes`, `preamble`, `total`, `packed`."""
    if format_ == "datadis-api":
        return json.dumps([_api(row) for row in rows]).encode()
    lines = [_line(format_, row, minutes, mood) for row in rows]
    if format_ in HEADERS:
        lines.insert(0, HEADERS[format_])
        if mood["preamble"]:
            lines[:0] = ["Consumos", "Exportado por el portal; 2026", ""]
        if mood["total"]:
            lines.append("Total;;;123,000")
    text = ("\r\n" if mood["crlf"] else "\n").join(lines) + "\n"
    content = text.encode("utf-8-sig" if mood["bom"] and format_ in HEADERS else "utf-8")
    return bz2.compress(content) if mood["packed"] else content


HEADERS = {
    "datadis-web": "CUPS;Fecha;Hora;consumo_kWh;metodoObtencion;energiaVertida_kWh",
    "datadis-old": "CUPS;Fecha;Hora;Consumo_kWh;Metodo_obtencion",
    "edistribucion": "CUPS;Fecha;Hora;AE_kWh;AS_KWh;AE_AUTOCONS_kWh;REAL/ESTIMADO",
    "ufd": "CUPS;FECHA;HORA;EHCR (kWh);EHEX (kWh)",
    "ide": "CUPS;FECHA-HORA;INV / VER;CONSUMO Wh;GENERACION Wh",
    "ide-start": "CUPS;FechaHora;CONSUMO Wh;GENERACION Wh",
}


def _api(row):
    return {
        "cups": CUPS,
        "date": f"{date.fromordinal(row.day):%Y/%m/%d}",
        "time": _clock(row.label),
        "consumptionKWh": row.import_wh / 1000,
        "obtainMethod": "Real" if row.measured else "Estimada",
        "surplusEnergyKWh": row.export_wh / 1000,
    }


def _line(format_, row, minutes, mood):
    day = f"{date.fromordinal(row.day):%d/%m/%Y}" if mood["day_first"] else f"{date.fromordinal(row.day):%Y/%m/%d}"
    taken, given = _kwh(row.import_wh, mood), _kwh(row.export_wh, mood)
    iso = f"{date.fromordinal(row.day):%Y/%m/%d} {_clock(row.label)}"
    season = int(_is_summer(row.start + timedelta(minutes=minutes)))  # of the instant at which it ends
    match format_:
        case "datadis-web":
            return f"{CUPS};{day};{_clock(row.label)};{taken};{'Real' if row.measured else 'Estimada'};{given}"
        case "datadis-old":
            return f"{CUPS};{day};{_clock(row.label)};{taken};{'R' if row.measured else 'E'}"
        case "edistribucion":
            place = row.label // minutes
            return f"{CUPS};{day};{place};{taken};{given};0,000;{'R' if row.measured else 'E'}"
        case "ufd":
            return f"{CUPS};{day};{row.label // minutes};{taken};{given}"
        case "ide":
            return f"{CUPS};{iso};{season};{row.import_wh};{row.export_wh}"
        case "ide-start":
            return f"{CUPS};{day} {_clock(row.label)};{row.import_wh};{row.export_wh}"
        case "f5d":
            source = 1 if row.measured else 5
            return f"{CUPS};{iso};{season};{row.import_wh};{row.export_wh};;;;;{source};1;FE26000001"
        case "p5d":
            return f"{CUPS};{iso};{season};{row.import_wh};{row.export_wh}"
    raise AssertionError(format_)


def _is_summer(instant):
    return instant.astimezone(MADRID).dst() != timedelta(0)


def _clock(label):
    return f"{label // 60:02d}:{label % 60:02d}"


def _kwh(energy_wh, mood):
    text = f"{energy_wh / 1000:.3f}"
    if mood["comma"]:
        text = text.replace(".", ",")
    return f'"{text}"' if mood["quotes"] else text


def instant(text):
    return datetime.fromisoformat(text).astimezone(UTC)
