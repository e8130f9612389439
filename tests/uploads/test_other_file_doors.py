"""The doors for prices, cables, coefficients, neighbours, pilots and MQTT: whatever comes, the cause is said and nothing breaks."""

import bz2
import gzip
import json
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from community.feeder_files import FeederFault, read_feeder
from community.models import Feeder, HourPrice, Member
from community.price_files import PriceFileFault, read_prices
from community.wording.feeders import fault
from market.models import Pilot, SharingSet
from metering.live.messages import Unheard, said
from tests import factories as make
from tests.market.pilot.test_studio import typed as pilot_typed
from tests.uploads.hostile import LAUGHS, METER_FILES, MIB, OUTSIDE, zipped

# A reader that looks for ever is ended.
pytestmark = pytest.mark.timeout(60)
ANY = {
    "zip bomb": zipped(a=b"0" * 30 * MIB),
    "gzip bomb": gzip.compress(b"0" * 100 * MIB, 9),
    "bzip2 bomb": bz2.compress(b"0" * 100 * MIB),
    "laughs": LAUGHS.encode(),
    "entity from outside": OUTSIDE.encode(),
    "NUL bytes": b"line,from,to\x00,r_ohm,x_ohm\n",
    "only NUL": b"\x00" * 1_000,
    "no UTF-8": b"\xff\xfe\x00\xd8",
    "JSON too deep": b'{"PVPC":' + b"[" * 100_000,
    "lists in a list": b'{"PVPC":' + b"[" * 500 + b"]" * 500 + b"}",
    "JSON of many digits": b'{"PVPC":[{"Dia":' + b"9" * 100_000 + b"}]}",
    "JSON of nothing": b'{"PVPC":[' + b"{}," * 1_000_000 + b"{}]}",
    "a million columns": b"line;from;to;r_ohm;x_ohm;id;geoid;value;datetime" + b";x" * 1_000_000 + b"\n1",
    "one endless line": b"line,from,to,r_ohm,x_ohm\n" + b"x" * 2_000_000,
    "one endless header": b"x" * 2_000_000,
    "one endless cell": b'line,from,to,r_ohm,x_ohm\n"' + b"x\n" * 200_000,
    "one endless cell of prices": b'id;geoid;value;datetime\n"' + b"x\n" * 200_000,
    "an endless name of a column": b'"' + b"x" * 200_000 + b'"\n',
    "millions of lines": b"line,from,to,r_ohm,x_ohm\n" + b",,,,\n" * 600_000,
    "a row longer than its header": b"line,from,to,r_ohm,x_ohm\n" + b"a," * 100_000,
}
BIG = "9" * 400


def prices(**changes):
    return json.dumps({"indicator": {"id": 1001, "values": [{"value": 1, "geo_id": 8741, "datetime_utc": "2026-11-26T00:00:00Z", **changes}]}}).encode()  # fmt: skip


PRICES = ANY | {
    "huge price": prices(value=10**300),
    "price of nothing": prices(value=float("nan")),
    "price without end": prices(value="1e999999999999999999999"),
    "place of many digits": prices(geo_id=int("9" * 4_000)),
    "before all clocks": prices(datetime_utc="0001-01-01T00:00:00+14:00"),
    "beyond all clocks": prices(datetime_utc="9999-12-31T23:00:00-14:00"),
    "a long instant": prices(datetime_utc="x" * MIB),
    "half a letter": prices(datetime_utc="\ud800\x00"),
    "day of many digits": json.dumps({"PVPC": [{"Dia": "9" * 100_000, "PCB": "1"}]}).encode(),
    "no rows": json.dumps({"PVPC": [7, None, "Dia", ["Dia"]]}).encode(),
    "values that are none": json.dumps({"indicator": {"id": [], "values": {"a": 1}}}).encode(),
    "keys as a list": json.dumps({"indicator": {"id": {}, "values": [{"value": {}, "geo_id": []}]}}).encode(),
}


def feeder(text_of_line="", **changes):
    described = {
        "name": "Azahar", "vn_v": 400, "slack": {"vm_pu": 1.0},
        "transformer": {"to": "a", "s_kva": 250, "r_ohm_lv": 0.01, "x_ohm_lv": 0.03},
        "buses": [{"id": "a"}, {"id": "b"}], "lines": [{"id": "l1", "frm": "a", "to": "b", "r_ohm": 0.1, "x_ohm": 0.1}],
    }  # fmt: skip
    return json.dumps({**described, **changes}).replace('"BIG"', BIG).replace('"LONG"', "9" * 5_000).encode()


def line(**changes):
    return feeder(lines=[{"id": "l1", "frm": "a", "to": "b", "r_ohm": 0.1, "x_ohm": 0.1, **changes}])


def pandapower(**tables):
    return json.dumps({"_module": "pandapower.auxiliary", "_class": "pandapowerNet", "_object": tables}).encode()


FEEDERS = ANY | {
    "beyond floats": line(r_ohm="BIG"),
    "beyond all digits": line(r_ohm="LONG"),
    "volts beyond floats": feeder(vn_v="BIG"),
    "infinite": line(r_ohm=float("inf")),
    "no number": line(x_ohm=float("nan")),
    "NUL in a code": feeder(buses=[{"id": "a"}, {"id": "b\x00"}]),
    "NUL in a name": feeder(name="Aza\x00har"),
    "NUL in a bus's name": feeder(buses=[{"id": "a", "name": "\x00"}, {"id": "b"}]),
    "half a letter": feeder(buses=[{"id": "a", "name": "\ud800"}, {"id": "b"}]),
    "half a letter in a line": line(id="\udfff"),
    "a name of a mebibyte": feeder(buses=[{"id": "a"}, {"id": "b" * MIB}]),
    "islands by the thousand": feeder(buses=[{"id": f"b{i}"} for i in range(40_000)] + [{"id": "a"}, {"id": "b"}]),
    "too many buses": feeder(buses=[{"id": f"b{i}"} for i in range(60_000)]),
    "half a letter for a figure": line(r_ohm="\ud800"),
    "lists for figures": line(r_ohm=[1], x_ohm={}),
    "pandapower of nothing": pandapower(),
    "pandapower of text": pandapower(bus={"_object": "[" * 100_000}),
    "pandapower of digits": pandapower(bus={"_object": "9" * 10_000}),
    "pandapower of frames": pandapower(bus={"_object": {"index": 7, "data": None, "columns": {}}}),
    "power-grid-model of nothing": b'{"type":"input","data":[]}',
    "power-grid-model of numbers": f'{{"type":"input","data":{{"node":[{{"id":1,"u_rated":{BIG}}}],"source":[{{"node":1,"u_ref":{BIG}}}]}}}}'.encode(),
}  # fmt: skip


@pytest.fixture
def street():
    return make.community()


@pytest.fixture
def admin(street):
    client = Client(headers={"accept-language": "en"})
    client.force_login(make.member(street, "Marta", Member.Role.ADMIN).user)
    return client


def file(content, name="fichero.csv"):
    return SimpleUploadedFile(name, content)


@pytest.mark.parametrize("name", sorted(PRICES))
def test_prices_are_read_or_refused_by_line_field_and_cure(name):
    with pytest.raises(PriceFileFault) as refused:
        read_prices(PRICES[name])

    assert refused.value.where
    assert len(str(refused.value)) < 300


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(PRICES))
def test_the_page_of_prices_says_why(admin, name):
    answer = admin.post("/tariffs/prices/", {"file": file(PRICES[name])})

    assert answer.status_code == 422
    assert 'id="id_file_error"' in answer.content.decode()
    assert not HourPrice.objects.exists()


@pytest.mark.django_db
def test_a_long_name_and_a_path_are_no_fault_of_prices(admin, street):
    name = "../../" + "n" * 250 + ".json"

    answer = admin.post("/tariffs/prices/", {"file": file(prices(), name)})

    assert answer.status_code == 302
    assert ".." not in HourPrice.objects.first().source


@pytest.mark.parametrize("name", sorted(FEEDERS))
def test_cables_are_refused_by_their_element(name):
    with pytest.raises(FeederFault) as refused:
        read_feeder(FEEDERS[name])

    assert len(fault(refused.value)) < 1_000


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(FEEDERS))
def test_the_page_of_cables_says_why(admin, name):
    answer = admin.post("/street/cables/new/", {"file": file(FEEDERS[name])})

    assert answer.status_code == 422
    assert 'id="id_file_error"' in answer.content.decode()
    assert not Feeder.objects.exists()


SHEETS = {
    "a part that unfolds": "0" * 30 * MIB,
    "laughs": LAUGHS,
    "entity from outside": OUTSIDE,
    "endless element": "<a>" * 200_000,
    "no sheet": "<worksheet/>",
    "columns beyond": '<worksheet><sheetData><row><c r="ZZZ9"><v>1</v></c></row></sheetData></worksheet>',
    "text beyond": '<worksheet><sheetData><row><c t="s"><v>99999999999</v></c></row></sheetData></worksheet>',
    "rows without end": f"<worksheet><sheetData>{'<row/>' * 200_000}</sheetData></worksheet>",
}
IDS = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'


def workbook(sheet, target="worksheets/sheet1.xml"):
    return zipped(**{
        "xl/workbook.xml": f'<workbook {IDS}><sheets><sheet name="a" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships><Relationship Id="rId1" Target="{target}"/></Relationships>',
        "xl/worksheets/sheet1.xml": sheet,
    })  # fmt: skip


LISTS = ANY | {name: workbook(sheet) for name, sheet in SHEETS.items()} | {
    "a sheet outside": workbook("<worksheet/>", "../../../etc/passwd"),
    "a sheet elsewhere": workbook("<worksheet/>", "https://example.org/a.xml"),
    "a workbook cut off": workbook("<worksheet/>")[:-30],
    "UTF-16": workbook(LAUGHS.encode("utf-16")),
    "millions of homes": b"home\n" + b"a\n" * 1_000_000,
}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(LISTS))
def test_the_page_of_neighbours_says_why(admin, street, name):
    answer = admin.post("/neighbours/import/", {"file": file(LISTS[name], "vecinos.xlsx")})

    assert answer.status_code == 422
    assert 'id="id_file_error"' in answer.content.decode()
    assert "roster" not in admin.session


@pytest.mark.django_db
@pytest.mark.parametrize("name", [*sorted(ANY), "lines"])
def test_the_page_of_coefficients_says_why(admin, street, name):
    home = make.home(street, "Ana", make.tariff())
    told = {"plant": make.meter(home).pk, "agreed_on": "2026-11-01", "year": "2026", "note": ""}
    content = ANY.get(name, b"\n" * 15 * MIB)

    answer = admin.post("/sharing/", told | {"file": file(content, "x.txt")})

    assert answer.status_code == 422
    assert not SharingSet.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(set(METER_FILES) - {"gzip bomb"}))
def test_the_studio_says_why(admin, name):
    content, _codes = METER_FILES[name]
    with patch("market.views.pilots.ring_studio"):
        answer = admin.post(
            "/pilots/new/", pilot_typed(**{"home-0-kind": "file"}) | {"home-0-file": file(content)}
        )

    assert answer.status_code == 422
    assert not Pilot.objects.exists()


@pytest.mark.parametrize(
    "payload",
    [
        b'{"total_act_energy": 1e99999999999999999999}', b'{"total_act_energy": 1e999999}', b"[" * 100_000,
        b'{"total_act_energy": ' + b"9" * 100_000 + b"}", b'{"total_act_energy": NaN}', b"\xff", b"\x00", b"x" * 2 * MIB,
        b"/AAA1\n" * 150_000, b"1.8.0(" + b"1" * 500_000, LAUGHS.encode(), gzip.compress(b"0" * MIB),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "place", ["readings", "p1", "shelly/status/em1data:0", "import/register_kwh", "import/register_wh"]
)
def test_no_message_of_a_meter_stops_the_listener(place, payload):
    try:
        heard = said(place.split("/"), payload, make.NOON, ZoneInfo("Europe/Madrid"))
    except Unheard as error:
        heard = error

    # What is JSON is looked at row by row afterwards, as in a call of the API.
    assert isinstance(heard, Unheard) or (place == "readings" and heard.body and not heard.dials)
