"""Files that nobody means well: each small to send, and large, endless or false once it is read."""

import bz2
import gzip
import io
import json
import zipfile

CUPS = "ES9999000000000001DS0F"
HEADER = "CUPS;Fecha;Hora;Consumo_kWh\n"
LINE = f"{CUPS};01/10/2026;1;0,25\n"
MIB = 2**20


def zipped(**members):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return target.getvalue()


ATOM = '<feed xmlns="http://www.w3.org/2005/Atom">{}</feed>'
LAUGHS = '<!DOCTYPE z [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in zip("abcdefgh", "bcdefghi", strict=True)
) + "]><feed>&i;</feed>"  # fmt: skip
OUTSIDE = '<!DOCTYPE z [<!ENTITY x SYSTEM "file:///etc/passwd">]><feed>&x;</feed>'
POWER = "<ReadingType><powerOfTenMultiplier>{}</powerOfTenMultiplier></ReadingType>"
READING = "<IntervalReading><timePeriod><start>{}</start></timePeriod><value>{}</value></IntervalReading>"

# Name: (content, the codes of which one may be the answer).
METER_FILES = {
    "zip bomb": (zipped(**{"a.csv": b"0" * 30 * MIB}), {"archive"}),
    "nested zips": (zipped(**{"a.zip": zipped(**{"b.zip": zipped(c=b"0" * MIB)})}), {"archive"}),
    "zip with a path": (zipped(**{"../../etc/cron.d/x": b"x"}), {"archive"}),
    "many members": (zipped(**{f"{i}.csv": b"" for i in range(2_000)}), {"archive"}),
    "workbook": (zipped(**{"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"}), {"spreadsheet"}),
    "gzip bomb": (gzip.compress(b"0" * 300 * MIB, 1), {"too-tight", "too-large"}),
    "bzip2 bomb": (bz2.compress(b"0" * 40 * MIB), {"too-tight"}),
    "gzip in gzip": (gzip.compress(gzip.compress(b"0" * MIB)), {"nested"}),
    "gzip in bzip2": (bz2.compress(gzip.compress(b"x")), {"nested"}),
    "zip in gzip": (gzip.compress(zipped(a=b"x")), {"archive"}),
    "gzips in a row": (gzip.compress(b"") * 30_000, {"many-members"}),
    "bombs in a row": (gzip.compress(b"0" * 5 * MIB) * 15, {"too-tight"}),
    "gzip cut off": (gzip.compress(LINE.encode() * 1_000)[:-20], {"damaged"}),
    "gzip of noise": (b"\x1f\x8b" + b"\x00" * 100, {"damaged"}),
    "laughs": (LAUGHS.encode(), {"not-xml"}),
    "entity from outside": (OUTSIDE.encode(), {"not-xml"}),
    "laughs in UTF-16": (LAUGHS.encode("utf-16"), {"not-xml"}),
    "endless element": (("<a>" * 200_000).encode(), {"not-xml"}),
    "readings in readings": (
        ATOM.format("<IntervalReading>" * 20_000 + "</IntervalReading>" * 20_000).encode(), {"no-lines", None},
    ),
    "power of a billion": (ATOM.format(POWER.format(999_999_999)).encode(), {"not-energy"}),
    "power of many digits": (ATOM.format(POWER.format("9" * 5_000)).encode(), {"not-energy"}),
    "value beyond numbers": (ATOM.format(POWER.format(9) + READING.format(0, "9e999999")).encode(), {None}),
    "instant beyond time": (ATOM.format(READING.format("9" * 4_000, 1)).encode(), {None}),
    "last minute of all years": (ATOM.format(READING.format(253402300740, 1)).encode(), {None}),
    "first minute of all years": (ATOM.format(READING.format(-62135596800, 1)).encode(), {None}),
    "a million columns": ((HEADER.strip() + ";x" * 1_000_000 + "\n" + LINE).encode(), {"broken-line"}),
    "thousands of columns": ((HEADER.strip() + ";x" * 5_000 + "\n" + LINE).encode(), {"many-columns"}),
    "one endless line": (HEADER.encode() + b"x" * 900_000, {"broken-line"}),
    "one endless cell": ((HEADER + '"' + "x\n" * 300_000).encode(), {"broken-line"}),
    "a row of a thousand lines": ((HEADER + '"\n";' * 100_000).encode(), {"broken-line"}),
    "nothing but faults": ((HEADER + "x;y;z;w\n" * 100_000).encode(), {"many-faults"}),
    "huge numbers": ((HEADER + f"{CUPS};01/10/2026;1;{'9' * 150}\n{CUPS};01/10/2026;{'9' * 90};1\n").encode(), {None}),
    "huge exponent": ((HEADER + f"{CUPS};01/10/2026;1;1e999\n").encode(), {None}),
    "days before all clocks": ((HEADER + f"{CUPS};01/01/0001;1;1\n{CUPS};31/12/9999;24;1\n").encode(), {None}),
    "days beyond all clocks": (f"{CUPS};9999/12/31 24:00;1;1;1;\n{CUPS};0001/01/01 00:00;0;1;1;\n".encode(), {None}),
    "instants beyond all clocks": (
        f"CUPS;start;Consumo_kWh\n{CUPS};0001-01-01T00:00:00+14:00;1\n{CUPS};9999-12-31T23:00:00-14:00;1\n".encode(),
        {None},
    ),
    "a long cell": ((HEADER + f"{CUPS};01/10/2026;1;{'1' * 5_000}\n").encode(), {None}),
    "NUL bytes": ((HEADER + LINE.replace("1;0", "1\x00;0")).encode(), {"not-text"}),
    "letters that nobody sees": ((HEADER + LINE + "\u202e;\u0000".replace("\u0000", "\x01")).encode(), {None}),
    "JSON too deep": (b"[" * 100_000, {"not-json"}),
    "JSON of many digits": (b'[{"date": ' + b"9" * 900_000 + b"}]", {None}),
    "JSON of nothing": (b"[" + b"{}," * 120_000 + b"{}]", {"many-faults"}),
    "JSON with NUL": (json.dumps([{"cups": "\x00", "date": "\ud800", "time": "\x00", "obtainMethod": "\x00"}]).encode(), {None}),
    "JSON with half a letter": (
        json.dumps([{"cups": CUPS, "date": "2026/10/01", "time": "01:00", "consumptionKWh": 1, "obtainMethod": "\ud800"}]).encode(),
        {None},
    ),
    "telegrams without end": (b"/AAA1\n" * 150_000, {"no-registers", "no-instant"}),
    "dials without end": (b"/AAA1\n1.8.0(" + b"1" * 800_000 + b"\n!\n", {"no-registers", "no-instant", None}),
    "curve of one line": (f"{CUPS};2026/10/01 01:00;1;".encode() + b"1;" * 400_000, {None, "curve-without-name"}),
}  # fmt: skip
