"""Green Button, P1D and mapped tables, and files that are not what they seem."""

import gzip
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from metering.formats import Mapping, UnreadableFile, decoding, read_file

MADRID = ZoneInfo("Europe/Madrid")
CUPS = "ES9999000000000001DS0F"
START = datetime(2026, 10, 24, 22, 0, tzinfo=UTC)


def green_button(values, direction=1, power=0, behaviour=4, uom=72, quality=17):
    readings = "".join(
        f"<IntervalReading><ReadingQuality><quality>{quality}</quality></ReadingQuality><timePeriod>"
        f"<duration>3600</duration><start>{int((START + timedelta(hours=i)).timestamp())}</start></timePeriod>"
        f"<value>{value}</value></IntervalReading>"
        for i, value in enumerate(values)
    )
    return (
        '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><entry><content>'
        f'<ReadingType xmlns="http://naesb.org/espi"><accumulationBehaviour>{behaviour}</accumulationBehaviour>'
        f"<flowDirection>{direction}</flowDirection><powerOfTenMultiplier>{power}</powerOfTenMultiplier>"
        f"<uom>{uom}</uom></ReadingType></content></entry><entry><content>"
        f'<IntervalBlock xmlns="http://naesb.org/espi">{readings}</IntervalBlock></content></entry></feed>'
    ).encode()


def test_green_button_names_instants_so_october_needs_no_dialect():
    got = read_file(green_button(range(25)), MADRID, cups=CUPS)

    assert [one.start for one in got.intervals] == [START + timedelta(hours=i) for i in range(25)]
    assert [one.energies[0] for one in got.intervals] == list(range(25))
    assert {one.quality for one in got.intervals} == {"measured"}


def test_green_button_gives_and_multiplies():
    got = read_file(green_button([1, 2], direction=19, power=3, quality=8), MADRID, cups=CUPS)

    assert [one.energies[1] for one in got.intervals] == [1_000, 2_000]
    assert {one.quality for one in got.intervals} == {"estimated"}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (green_button([1], behaviour=3), "running-total"),
        (green_button([1], uom=38), "not-energy"),
        (green_button([]), "no-intervals"),
        (b"<feed>", "not-xml"),
        (b'<!DOCTYPE f [<!ENTITY a "b">]><feed>&a;</feed>', "not-xml"),
    ],
)
def test_green_button_that_cannot_be_meant(content, code):
    with pytest.raises(UnreadableFile) as refused:
        read_file(content, MADRID, cups=CUPS)

    assert refused.value.code == code


def test_p1d_counts_kwh_with_a_quality_each():
    lines = [
        f"{CUPS};11;2026/10/25 02:00:00;1;0.5;0;0.25;0;0;0;0;0;0;0;0;0;0;128;0;128;1;1",
        f"{CUPS};11;2026/10/25 02:00:00;0;2;128;0;0;0;0;0;0;0;0;0;0;0;128;0;128;1;1",
    ]
    got = read_file("\n".join(lines).encode(), MADRID, name="P1D_9999_9998_20261026.0")

    assert [(one.start.hour, one.energies[:2], one.quality) for one in got.intervals] == [
        (23, (500, 250), "measured"),
        (0, (2_000, 0), "estimated"),
    ]


def test_a_mapping_says_what_the_header_does_not():
    text = "Stamp;Used;Sent\n2026-05-12T00:00:00+02:00;1.5;0\n2026-05-12T01:00:00+02:00;2;0,25\n"
    mapping = Mapping({"Stamp": "start", "Used": "import", "Sent": "export"}, unit="kWh", labels="utc")

    got = read_file(text.encode(), MADRID, cups=CUPS, mapping=mapping)

    assert [(one.start.hour, one.energies[:2]) for one in got.intervals] == [(22, (1_500, 0)), (23, (2_000, 250))]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"\x00\x01\x02", "not-text"),
        (b"BZh9damaged", "damaged"),
        (b"PK\x03\x04" + bytes(26) + b"[Content_Types].xml", "spreadsheet"),
        (b"PK\x03\x04" + bytes(26) + b"octubre.csv", "archive"),
        (b"Fecha;Hora;Consumo\n1/1/2026;1;1", "no-unit"),
        (b"Fecha;Hora;Consumo_kWh\n1/1/2026;1;1", "no-cups"),
        (b"CUPS;Fecha;Consumo_kWh\nx;1/1/2026;1", "no-time-column"),
        (b"CUPS;Fecha;Hora;Nota\nx;1/1/2026;1;1", "no-energy-column"),
        (b"one\ntwo", "no-header"),
        (b"[1]", "not-datadis"),
        (b'[{"cups"', "not-json"),
        (b"[]", "no-lines"),
        (f"{CUPS};2026/03/29 01:00;0;0;0;;;;;;;FE1;".encode(), "curve-without-name"),
    ],
)
def test_what_cannot_be_read_says_why(content, code):
    with pytest.raises(UnreadableFile) as refused:
        read_file(content, MADRID)

    assert refused.value.code == code


def test_packed_files_unfold_up_to_a_limit(monkeypatch):
    monkeypatch.setattr(decoding, "MOST_BYTES", 1_000)

    with pytest.raises(UnreadableFile) as refused:
        read_file(gzip.compress(b" " * 2_000), MADRID)

    assert refused.value.code == "too-large"


def test_a_season_that_contradicts_its_date_spoils_its_line_only():
    lines = [f"{CUPS};2026/05/12 01:00;1;5;0", f"{CUPS};2026/05/12 02:00;0;6;0"]

    got = read_file("\n".join(lines).encode(), MADRID)

    assert [one.energies[0] for one in got.intervals] == [5]
    assert [(one.number, one.code) for one in got.refusals] == [(2, "season")]


def test_lines_may_end_as_on_an_old_mac():
    table = f"CUPS;Fecha;Hora;Consumo_kWh\r{CUPS};12/05/2026;1;0,5\r{CUPS};12/05/2026;2;0,25\r"

    assert [one.energies[0] for one in read_file(table.encode(), MADRID).intervals] == [500, 250]


def test_a_quotation_mark_left_open_is_named_with_its_line():
    table = f'CUPS;Fecha;Hora;Consumo_kWh\n{CUPS};12/05/2026;1;"0,5\n' + f"{CUPS};12/05/2026;2;0,25\n" * 10_000

    with pytest.raises(UnreadableFile) as refused:
        read_file(table.encode(), MADRID)

    assert refused.value.code == "broken-line"
