"""Differences of a dial hold what flowed, whatever order, distance and jitter its readings have."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from metering.registers import Change, Standing, differences, fits, standing

NOON = datetime(2026, 10, 24, 22, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
energies = st.lists(st.integers(0, 4_000), min_size=1, max_size=40)


def dial(energies_wh, first_wh=0):
    total, answer = first_wh, [Standing(NOON, first_wh)]
    for i, energy_wh in enumerate(energies_wh, 1):
        total += energy_wh
        answer.append(Standing(NOON + QUARTER * i, total))
    return answer


@given(energies)
def test_a_dial_read_at_every_boundary_gives_back_every_interval(energies_wh):
    found = differences(dial(energies_wh), 15)

    assert [one.energy_wh for one in found] == energies_wh
    assert [one.start for one in found] == [NOON + QUARTER * i for i in range(len(energies_wh))]
    assert all(one.measured and one.end - one.start == QUARTER for one in found)


@given(energies, st.data())
def test_what_is_not_read_stays_a_block_and_nothing_is_lost(energies_wh, data):
    readings = dial(energies_wh)
    kept = [one for one in readings[1:-1] if data.draw(st.booleans())]
    readings = [readings[0], *kept, readings[-1]]

    found = differences(readings, 15)

    assert sum(one.energy_wh for one in found) == sum(energies_wh)
    by_start = {NOON + QUARTER * i: energy_wh for i, energy_wh in enumerate(energies_wh)}
    for one in found:
        if one.end - one.start == QUARTER:
            assert one.energy_wh == by_start[one.start]


@given(energies, st.data())
def test_readings_near_a_boundary_count_there_and_further_off_they_are_calculated(energies_wh, data):
    jitter = [timedelta(seconds=data.draw(st.integers(-90, 90))) for _ in range(len(energies_wh) + 1)]
    readings = [Standing(one.at + off, one.total_wh) for one, off in zip(dial(energies_wh), jitter, strict=True)]

    found = differences(readings, 15)

    assert [one.energy_wh for one in found] == energies_wh
    for i, one in enumerate(found):
        exact = max(abs(jitter[i]), abs(jitter[i + 1])) <= timedelta(seconds=10)
        assert one.measured or not exact


def test_between_two_equal_readings_nothing_flowed_however_long_it_was():
    found = differences([Standing(NOON, 7_000), Standing(NOON + timedelta(hours=9, seconds=40), 7_000)], 15)

    assert [one.energy_wh for one in found] == [0] * 36
    assert all(one.measured for one in found)


def test_a_reading_far_from_every_boundary_says_nothing_about_an_interval():
    found = differences([Standing(NOON, 0), Standing(NOON + timedelta(minutes=7), 300)], 15)

    assert found == []


def test_a_dial_never_falls_and_never_rises_faster_than_the_wires_allow():
    before, after = Standing(NOON, 5_000), Standing(NOON + QUARTER, 6_000)
    middle = NOON + timedelta(minutes=7)

    assert fits(before, Standing(middle, 5_400), after, 10_000)
    assert not fits(before, Standing(middle, 4_999), after, 10_000)
    assert not fits(before, Standing(middle, 6_001), after, 10_000)
    assert not fits(before, Standing(NOON + timedelta(hours=1), 17_000), None, 10_000)
    assert fits(None, Standing(middle, 0), None, 10_000)


@given(energies, st.integers(1, 39), st.integers(0, 50_000))
def test_a_declared_change_joins_the_old_dial_to_the_new_one(energies_wh, place, first_wh):
    readings = dial(energies_wh, first_wh=800_000)
    place = min(place, len(readings) - 1)
    changed = readings[place]
    change = Change(changed.at, final_wh=changed.total_wh, first_wh=first_wh)
    shown = [
        (one.at, one.total_wh if i < place else one.total_wh - changed.total_wh + first_wh)
        for i, one in enumerate(readings)
    ]

    found = differences([standing(at, register_wh, [change]) for at, register_wh in shown], 15)

    assert [one.energy_wh for one in found] == energies_wh
