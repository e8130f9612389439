"""Published prices: every known shape of file, both days of the clock's change, and every way to be wrong."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from community.price_files import PriceFileFault, read_prices
from community.tariffs import local_day


def day_file(day, hours, **changes):
    rows = [
        {
            "Dia": f"{day:%d/%m/%Y}",
            "Hora": f"{hour:02}-{hour + 1:02}",
            "PCB": f"{100 + hour},25",
            "CYM": "1.050,00",
        }
        for hour in range(hours)
    ]
    for number, row in enumerate(rows):
        row.update(changes if number == 2 else {})
    return json.dumps({"PVPC": rows}).encode()


def indicator(number, values):
    rows = [{"value": value, "datetime": at, "geo_id": place} for at, place, value in values]
    return json.dumps({"indicator": {"id": number, "values": rows}}).encode()


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 11, 26), 24), (date(2026, 3, 29), 23), (date(2026, 10, 25), 25)]
)
def test_a_day_file_is_read_by_its_order_on_every_kind_of_day(day, hours):
    found = [hour for hour in read_prices(day_file(day, hours)) if hour.region == "peninsula"]

    start, end = local_day(day)
    assert len(found) == hours
    assert (found[0].start, found[-1].start) == (start, end - timedelta(hours=1))
    assert [hour.price_ueur_kwh for hour in found[:2]] == [100_250, 101_250]
    ceuta = next(hour for hour in read_prices(day_file(day, hours)) if hour.region == "ceuta")
    assert ceuta.price_ueur_kwh == 1_050_000


def test_an_indicator_is_read_with_its_regions_and_quarters_make_an_hour():
    quarters = [
        (f"2026-11-26T12:{minute:02}:00+01:00", 8741, value)
        for minute, value in ((0, 10), (15, 11), (30, 12), (45, 13))
    ]

    pvpc = read_prices(indicator(1001, [*quarters, ("2026-11-26T11:00:00Z", 8742, 99.123456)]))
    surplus = read_prices(indicator(1739, [("2026-11-26T11:00:00Z", 3, -2.5)]))

    noon = datetime(2026, 11, 26, 11, tzinfo=UTC)
    assert [tuple(hour) for hour in pvpc] == [
        ("peninsula", "pvpc", noon, 11_500),
        ("canary", "pvpc", noon, 99_123),
    ]
    assert {hour.region for hour in surplus} == {"peninsula", "canary", "balearic", "ceuta", "melilla"}
    assert {hour.price_ueur_kwh for hour in surplus} == {-2_500}


def test_the_exported_table_is_read_and_other_indicators_are_passed_over():
    table = (
        "id;name;geoid;geoname;value;datetime\r\n"
        "1001;PVPC;8741;Península;123.45;2026-11-26T00:00:00+01:00\r\n"
        "600;Mercado;3;España;50;2026-11-26T00:00:00+01:00\r\n"
    )

    (hour,) = read_prices(("\ufeff" + table).encode())

    assert hour == ("peninsula", "pvpc", datetime(2026, 11, 25, 23, tzinfo=UTC), 123_450)


HEAD = "id;geoid;value;datetime\n"


@pytest.mark.parametrize(
    ("content", "code", "where"),
    [
        (b"\xff\xfe\x00", "no-text", "byte 1"),
        (b"{\"PVPC\": [", "damaged", "1"),
        (b"{}", "unknown", "1"),
        (b"[]", "unknown", "1"),
        (indicator(600, [("2026-11-26T11:00:00Z", 3, 1)]), "no-prices", "1"),
        (indicator(1001, [("2026-11-26T11:00:00Z", 8741, "NaN")]), "price", "values 1, value"),
        (day_file(date(2026, 11, 26), 23), "hours", "PVPC 2026-11-26"),
        (day_file(date(2026, 11, 26), 26), "hours", "PVPC 25"),
        (day_file(date(2026, 11, 26), 24, PCB="dear"), "price", "PVPC 3, PCB"),
        (day_file(date(2026, 11, 26), 24, Dia="2026-11-26"), "day", "PVPC 3, Dia"),
        (b"hour,price\n1,2\n", "columns", "1"),
        (b'{"indicator": {"id": 1001, "values": 5}}', "damaged", "values"),
        (b"[" * 100_000, "damaged", "1"),
        (indicator(1001, [("0001-01-01T00:00:00+01:00", 8741, 1)]), "time", "values 1, datetime"),
        (day_file(date(2026, 11, 26), 24, Dia="01/01/0001"), "day", "PVPC 3, Dia"),
        ((HEAD + "1001;8741;" + "9" * 200_000 + ";x\n").encode(), "damaged-table", "1"),
        ((HEAD + "x;8741;1;2026-11-26T11:00:00Z\n").encode(), "whole", "2, id"),
        ((HEAD + "1001;8741;1;2026-11-26T11:00:00\n").encode(), "time", "2, datetime"),
        ((HEAD + "1001;8741;1;noon\n").encode(), "time", "2, datetime"),
        ((HEAD + "1001;8741;99999;2026-11-26T11:00:00Z\n").encode(), "price", "2, value"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(content, code, where):
    with pytest.raises(PriceFileFault) as error:
        read_prices(content)

    assert (error.value.code, error.value.where) == (code, where)
