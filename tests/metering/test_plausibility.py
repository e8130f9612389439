"""Figures that are worth a look are pointed out, and others are not."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from metering.plausibility import Connection, Doubt, doubts

MADRID = ZoneInfo("Europe/Madrid")
MIDNIGHT = datetime(2026, 5, 11, 22, 0, tzinfo=UTC)
SOLAR = Connection(5_750, generates=True, stores=False)
STORING = Connection(5_750, generates=True, stores=True)
PLAIN = Connection(5_750, generates=False, stores=False)


def hours(*energies, channel="import"):
    return [(channel, MIDNIGHT + timedelta(hours=i), energy_wh) for i, energy_wh in enumerate(energies)]


@pytest.mark.parametrize(
    ("rows", "behind", "expected"),
    [
        (hours(*[100] * 24), None, [Doubt("stuck", 0, 24)]),
        (hours(5, *[100] * 24), None, [Doubt("stuck", 1, 24)]),
        (hours(*[100] * 23, 5), None, []),
        (hours(*[0] * 48), None, []),
        (hours(0, 0, 7, 0, channel="generation"), None, [Doubt("night-solar", 2, 1)]),
        (hours(*[0] * 13, 7, channel="generation"), None, []),
        (hours(0, 3, 4, channel="export"), SOLAR, [Doubt("night-solar", 1, 2)]),
        (hours(0, 3, 4, channel="export"), STORING, []),
        (hours(0, 3, 4, channel="export"), PLAIN, [Doubt("unexpected-export", 1, 2)]),
        (hours(6_900, 6_901), PLAIN, [Doubt("above-fuse", 1, 1)]),
        (hours(6_901, channel="generation"), STORING, [Doubt("night-solar", 0, 1)]),
        ([], PLAIN, []),
    ],
)
def test_doubts(rows, behind, expected):
    assert doubts(rows, 60, MADRID, behind) == expected


def test_the_fuse_is_of_the_interval():
    rows = [("import", MIDNIGHT, 1_726)]

    assert [one.code for one in doubts(rows, 15, MADRID, PLAIN)] == ["above-fuse"]
    assert doubts(rows, 60, MADRID, PLAIN) == []
