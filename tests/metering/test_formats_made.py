"""Any format, any dialect, any day, any dirt: the reader says what is true, or says that it doubts."""

from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metering.formats import UnreadableFile, gaps, read_file
from tests.examples import examples
from tests.metering.meter_file_maker import CUPS, FORMATS, HOURLY_DIALECTS, MADRID, true_days, write

DAYS = {
    "plain": date(2026, 5, 12),
    "spring": date(2026, 3, 29),
    "autumn": date(2026, 10, 25),
    "new year": date(2026, 12, 31),
}
MOOD = st.fixed_dictionaries(
    {
        name: st.booleans()
        for name in ("comma", "day_first", "bom", "crlf", "quotes", "preamble", "total", "packed")
    }
)
PLAIN = dict.fromkeys(("comma", "day_first", "bom", "crlf", "quotes", "preamble", "total", "packed"), False)
RANDOM = st.integers(0, 2**32).map(Random)
CASES = [(name, dialect) for name in FORMATS for dialect in HOURLY_DIALECTS[name]]


def drawing(random):
    return lambda: (random.randrange(0, 3_000), random.randrange(0, 3_000), random.random() < 0.8)


def days_around(which, before, after):
    day = DAYS[which]
    return [day + timedelta(days=i) for i in range(-before, after + 1)]


def says(reading):
    return {one.start: one for one in reading.intervals}


@pytest.mark.parametrize(("name", "dialect"), CASES)
@settings(max_examples=examples(10), deadline=None)
@given(
    which=st.sampled_from(sorted(DAYS)),
    around=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    random=RANDOM,
    mood=MOOD,
    falling=st.booleans(),
)
def test_whole_days_are_read_exactly(name, dialect, which, around, random, mood, falling):
    rows = true_days(days_around(which, *around), 60, dialect, drawing(random))
    written = rows[::-1] if falling else rows

    got = read_file(
        write(name, written, 60, mood), MADRID, name="F5D_9999_9998_20260330.0" if name == "f5d" else ""
    )

    found = says(got)
    assert not got.refusals
    assert sorted(found) == [row.start for row in rows]
    for row in rows:
        assert found[row.start].energies[0] == row.import_wh
        assert found[row.start].cups == CUPS[:20]
        if name != "datadis-old":
            assert found[row.start].energies[1] == row.export_wh


@pytest.mark.parametrize("name", ["ide", "ide-start", "p5d", "datadis-api", "datadis-web", "edistribucion", "ufd"])
@settings(max_examples=examples(10), deadline=None)
@given(
    which=st.sampled_from(sorted(DAYS)),
    random=RANDOM,
    mood=MOOD,
)
def test_whole_days_of_quarters_are_read_exactly(name, which, random, mood):
    dialect = {"ide": "instant", "p5d": "instant", "ide-start": "start"}.get(name, "counted")
    if name.startswith("datadis"):
        dialect = "end"
    rows = true_days(days_around(which, 1, 1), 15, dialect, drawing(random))

    got = read_file(write(name, rows, 15, mood), MADRID)

    assert got.minutes == 15
    assert [(one.start, one.energies[0]) for one in got.intervals] == [(row.start, row.import_wh) for row in rows]


@pytest.mark.parametrize(("name", "dialect"), CASES)
@settings(max_examples=examples(15), deadline=None)
@given(
    which=st.sampled_from(sorted(DAYS)),
    random=RANDOM,
    mood=MOOD,
    lost=st.integers(0, 4),
    doubled=st.integers(0, 3),
)
def test_with_lines_lost_and_doubled_nothing_is_invented(name, dialect, which, random, mood, lost, doubled):
    rows = true_days(days_around(which, 1, 1), 60, dialect, drawing(random))
    kept = [row for i, row in enumerate(rows) if i not in random.sample(range(1, len(rows) - 1), lost)]
    written = kept + [random.choice(kept) for _ in range(doubled)]

    got = read_file(
        write(name, written, 60, mood), MADRID, name="F5D_9999_9998_20260330.0" if name == "f5d" else ""
    )

    true = {row.start: row for row in rows}
    wrong = [one for one in got.intervals if one.energies[0] != true[one.start].import_wh]
    if not any(remark.code == "doubtful-clock-change" for remark in got.remarks):
        assert not wrong
        assert {start for _cups, start in gaps(got, MADRID)} == set(true) - {row.start for row in kept}
    # Doubts concern the day of the change and no other.
    assert all(one.start.astimezone(MADRID).date() == DAYS[which] for one in wrong)


@pytest.mark.parametrize("repeated", [26, 42])
def test_a_repeated_line_does_not_hide_that_a_doubled_hour_lost_one(repeated):
    draws = Random(1)
    rows = true_days(days_around("autumn", 1, 1), 60, "end_next", drawing(draws))
    # The first of two lines 02:00 is lost; the other one, or one of the afternoon, is said twice: 25 lines again.
    kept = [row for i, row in enumerate(rows) if i != 25]

    got = read_file(write("datadis-api", [*kept, rows[repeated]], 60, PLAIN), MADRID)

    assert [remark.code for remark in got.remarks] == ["doubtful-clock-change"]


def test_one_impossible_hour_spoils_its_line_only():
    rows = true_days([DAYS["plain"]], 60, "counted", lambda: (500, 0, True))
    content = write("edistribucion", rows, 60, PLAIN) + f"{CUPS};12/05/2026;77;0,1;0;0;R\n".encode()

    got = read_file(content, MADRID)

    assert got.minutes == 60
    assert len(got.intervals) == 24
    assert [(one.number, one.code) for one in got.refusals] == [(26, "time-out-of-range")]


def test_a_row_a_day_with_a_column_an_hour():
    header = "CUPS;Fecha;" + ";".join(f"H{hour:02d} (kWh)" for hour in range(1, 26))
    days = ((DAYS["spring"], 23), (DAYS["plain"], 24), (DAYS["autumn"], 25))
    lines = [
        f"{CUPS};{day:%d/%m/%Y};" + ";".join("0,001" if hour < hours else "" for hour in range(25))
        for day, hours in days
    ]

    got = read_file("\n".join([header, *lines]).encode(), MADRID)

    assert len(got.intervals) == 23 + 24 + 25
    assert got.total_wh("import") == 72
    assert not gaps(got, MADRID)


def test_an_hour_written_as_a_range():
    lines = [f"12/05/2026,{h:02d}:00-{(h + 1) % 24:02d}:00,{h}" for h in range(24)]
    text = "\n".join(["Titular,Ana", "", "Fecha,Hora,Consumo (Wh)", *lines, "Total,,276"])

    got = read_file(text.encode(), MADRID, cups=CUPS)

    assert [one.energies[0] for one in got.intervals] == list(range(24))


def test_a_file_that_says_both_midnights_is_refused():
    rows = true_days([DAYS["plain"]], 60, "end", lambda: (1, 1, True))
    more = true_days([DAYS["plain"] + timedelta(days=1)], 60, "start", lambda: (1, 1, True))

    with pytest.raises(UnreadableFile) as refused:
        read_file(write("datadis-web", rows + more, 60, PLAIN), MADRID)

    assert refused.value.code == "mixed-hours"
    assert refused.value.facts == {"start_line": 26, "end_line": 25}


def test_hours_from_midnight_are_read_when_a_person_says_so():
    rows = true_days(days_around("autumn", 1, 1), 60, "start", lambda: (7, 1, True))
    content = write("datadis-api", rows, 60, PLAIN)

    with pytest.raises(UnreadableFile) as refused:
        read_file(content, MADRID)
    got = read_file(content, MADRID, dialect="start")

    assert refused.value.code == "start-or-end"
    assert [one.start for one in got.intervals] == [row.start for row in rows]
