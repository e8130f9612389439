"""Telegrams and readouts of a meter's own port."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from metering.formats import UnreadableFile, read_file
from metering.formats.telegrams import crc16

MADRID = ZoneInfo("Europe/Madrid")
CUPS = "ES9999000000000001DS0F"


def telegram(stamp, import_kwh=("001234.567", "000765.432"), export_kwh=("000010.000", "000005.500"), crc=None):
    """A DSMR 5 telegram as a meter sends it, with its checksum."""
    body = (
        "/AZO5\\METER\r\n\r\n1-3:0.2.8(50)\r\n"
        f"0-0:1.0.0({stamp})\r\n0-0:96.1.1(4530303033)\r\n"
        f"1-0:1.8.1({import_kwh[0]}*kWh)\r\n1-0:1.8.2({import_kwh[1]}*kWh)\r\n"
        f"1-0:2.8.1({export_kwh[0]}*kWh)\r\n1-0:2.8.2({export_kwh[1]}*kWh)\r\n"
        "1-0:1.7.0(00.321*kW)\r\n0-1:24.2.1(101209112500W)(12785.123*m3)\r\n!"
    )
    return f"{body}{crc16(body) if crc is None else crc:04X}\r\n"


def test_a_telegram_sums_its_rates_and_its_letter_tells_octobers_hours_apart():
    text = telegram("261025023000S") + telegram("261025023000W")

    got = read_file(text.encode(), MADRID, cups=CUPS)

    assert got.format == "dsmr-p1"
    assert [(one.channel, one.at, one.register_wh) for one in got.registers] == [
        ("import", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), 1_999_999),
        ("export", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), 15_500),
        ("import", datetime(2026, 10, 25, 1, 30, tzinfo=UTC), 1_999_999),
        ("export", datetime(2026, 10, 25, 1, 30, tzinfo=UTC), 15_500),
    ]
    assert [one.number for one in got.registers] == [6, 8, 18, 20]


def test_unix_line_ends_do_not_spoil_the_checksum():
    got = read_file(telegram("261123120000W").replace("\r\n", "\n").encode(), MADRID, cups=CUPS)

    assert len(got.registers) == 2
    assert not got.refusals


def test_a_damaged_telegram_and_an_impossible_instant_are_refused_by_themselves():
    text = telegram("261123120000W", crc=0x1234) + telegram("632525252525W") + telegram("261123121500W")

    got = read_file(text.encode(), MADRID, cups=CUPS)

    assert [(one.number, one.code) for one in got.refusals] == [(1, "bad-checksum"), (13, "not-an-instant")]
    assert [one.at.minute for one in got.registers] == [15, 15]


def test_the_same_telegram_twice_counts_once():
    got = read_file((telegram("261123120000W") * 2).encode(), MADRID, cups=CUPS)

    assert (len(got.registers), got.duplicates) == (2, 2)


READOUT = "/LGZ4ZMF100AC.M23\r\nF.F(00)\r\n0.9.1(12:15:00)\r\n0.9.2(26-11-23)\r\n1.8.0(012345.678*kWh)\r\n2.8.0(000001.5*kWh)\r\n!\r\n"


def test_a_readout_takes_its_day_and_time_from_its_own_clock():
    got = read_file(b"\x02" + READOUT.encode() + b"\x03", MADRID, cups=CUPS)

    assert [(one.channel, one.at.astimezone(UTC), one.register_wh) for one in got.registers] == [
        ("import", datetime(2026, 11, 23, 11, 15, tzinfo=UTC), 12_345_678),
        ("export", datetime(2026, 11, 23, 11, 15, tzinfo=UTC), 1_500),
    ]


def test_a_readout_in_the_hour_that_october_has_twice_is_refused():
    text = READOUT.replace("12:15:00", "02:15:00").replace("26-11-23", "26-10-25")

    assert [one.code for one in read_file(text.encode(), MADRID, cups=CUPS).refusals] == ["season"]


@pytest.mark.parametrize(
    ("content", "cups", "code"),
    [
        (READOUT, "", "no-cups"),
        (READOUT.replace("0.9.1", "0.9.7"), CUPS, "no-instant"),
        ("/LGZ4ZMF\r\n0.9.1(121500)\r\n0.9.2(261123)\r\n!\r\n", CUPS, "no-registers"),
    ],
)
def test_what_cannot_be_meant_says_why(content, cups, code):
    with pytest.raises(UnreadableFile) as refused:
        read_file(content.encode(), MADRID, cups=cups)

    assert refused.value.code == code


def test_power_or_gas_is_never_taken_for_energy():
    text = READOUT.replace("1.8.0(012345.678*kWh)", "1.8.0(012345.678*kW)")

    assert [one.code for one in read_file(text.encode(), MADRID, cups=CUPS).refusals] == ["no-such-unit"]
