"""Dials over the service: raw figures kept, energy by difference, contradictions set aside until declared."""

from datetime import timedelta

import pytest

from metering.models import Reading, RegisterReading, Upload
from metering.queries import blocks
from metering.services.meter_changes import ChangeContradicts, ChangeKnown, declare_change
from metering.services.readings import RowErrors
from metering.services.registers import RegisterRow, store_registers
from tests import factories
from tests.factories import NOON, QUARTER

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=2)


@pytest.fixture
def admin():
    return factories.member(factories.community(), "Ana", role="admin")


@pytest.fixture
def point(admin):
    return factories.meter(factories.home(admin.community, "1A", factories.tariff(), admin))


def store(point, *figures, channel="import", at=LATER):
    """Registers of (quarters after noon, Wh)."""
    rows = [RegisterRow(channel, NOON + QUARTER * place, wh, i) for i, (place, wh) in enumerate(figures)]
    return store_registers(metering_point=point, rows=rows, source="api", content_sha256="0" * 64, at=at)


def energies(point, channel="import"):
    """(quarter, Wh, quality, row) of the newest version of every reading."""
    found = Reading.objects.filter(metering_point=point, channel=channel).order_by("start", "-version")
    rows = found.distinct("start").values_list("start", "energy_wh", "quality", "row")
    return [((start - NOON) / QUARTER, *rest) for start, *rest in rows]


def test_energy_is_the_difference_and_names_the_row_that_closed_the_interval(point):
    upload = store(point, (0, 1_000), (1, 1_250), (2, 1_250))

    assert (upload.received, upload.created, upload.set_aside) == (3, 3, 0)
    assert energies(point) == [(0, 250, "measured", 1), (1, 0, "measured", 2)]


def test_registers_in_any_order_and_in_several_uploads_give_the_same(point):
    store(point, (2, 1_300))
    store(point, (0, 1_000))
    store(point, (1, 1_250))

    assert [row[:3] for row in energies(point)] == [(0, 250, "measured"), (1, 50, "measured")]


def test_sent_again_nothing_changes(point):
    store(point, (0, 1_000), (1, 1_250))

    again = store(point, (0, 1_000), (1, 1_250))

    assert (again.created, again.unchanged) == (0, 2)
    assert RegisterReading.objects.count() == 2


def test_a_gap_is_one_block_and_no_reading(point):
    store(point, (0, 1_000), (1, 1_100), (5, 3_100), (6, 3_200))

    assert [row[0] for row in energies(point)] == [0, 5]
    (block,) = blocks(point, "import", NOON, NOON + timedelta(hours=2))
    assert (block.start, block.end, block.energy_wh) == (NOON + QUARTER, NOON + 5 * QUARTER, 2_000)


def test_a_corrected_register_corrects_the_intervals_on_both_sides(point):
    store(point, (0, 1_000), (1, 1_200), (2, 1_400))

    upload = store(point, (1, 1_300))

    assert upload.revised == 1
    assert [row[1] for row in energies(point)] == [300, 100]


def test_a_dial_that_falls_is_set_aside_and_a_declared_change_explains_it(point, admin):
    store(point, (0, 9_000), (1, 9_100))
    upload = store(point, (2, 20), (3, 50))
    assert upload.set_aside == 2
    assert [row[0] for row in energies(point)] == [0]

    told = declare_change(
        metering_point=point,
        channel="import",
        changed_at=NOON + QUARTER + timedelta(minutes=5),
        final_wh=9_130,
        first_wh=0,
        declared_by=admin,
        at=LATER,
    )

    assert (told.source, told.revised, told.set_aside) == (Upload.Source.CHANGE, 2, 0)
    assert [row[:2] for row in energies(point)] == [(0, 100), (1, 50), (2, 30)]


def test_one_low_figure_among_good_ones_harms_nobody_else(point):
    upload = store(point, (0, 9_000), (1, 0), (2, 9_200), (3, 9_300))

    assert upload.set_aside == 1
    assert energies(point)[-1][:2] == (2, 100)
    assert blocks(point, "import", NOON, LATER)[0].energy_wh == 200


def test_a_rise_that_no_wire_carries_is_set_aside(point):
    assert store(point, (0, 0), (1, 100_000_000), (2, 100)).set_aside == 1


def test_a_change_is_declared_once_and_must_fit_what_counted_so_far(point, admin):
    store(point, (0, 1_000), (1, 1_100), (2, 1_200))
    change = {"metering_point": point, "channel": "import", "declared_by": admin, "at": LATER}

    with pytest.raises(ChangeContradicts):
        declare_change(changed_at=NOON + QUARTER, final_wh=900, first_wh=1_050, **change)

    declare_change(changed_at=NOON + 9 * QUARTER, final_wh=1_300, first_wh=0, **change)
    with pytest.raises(ChangeKnown):
        declare_change(changed_at=NOON + 9 * QUARTER, final_wh=1_300, first_wh=0, **change)
    assert [row[1] for row in energies(point)] == [100, 100]


@pytest.mark.parametrize(
    ("figures", "code"),
    [(((0, -1),), "out-of-range"), (((999, 5),), "future"), (((0, 5), (0, 6)), "contradiction")],
)
def test_what_no_dial_can_mean_stores_nothing(point, figures, code):
    with pytest.raises(RowErrors) as refused:
        store(point, *figures)

    assert [error.code for error in refused.value.errors] == [code]
    assert not RegisterReading.objects.exists()
