"""The file of coefficients: written as distributors take it, read with every fault named by its line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community.demo.neighbourhood import cups as well_formed
from market.settlement.coefficients import CRLF, LF, FileFaults, cau_of, file_name, read, shares_ppm, write

ONE, TWO, THREE = (well_formed(number) for number in (1, 2, 3))
CAU = cau_of(ONE)
NAME = file_name(CAU, 2026)
GOOD = f"{ONE};0,500000\r\n{TWO};0,300000\r\n{THREE};0,200000".encode()


def faults(content, name=NAME, cau=CAU, supplies=(ONE, TWO, THREE)):
    with pytest.raises(FileFaults) as caught:
        read(content, name, plant_cau=cau, supplies=supplies)
    return [(fault.line, fault.code) for fault in caught.value.faults]


def test_constant_coefficients_are_written_in_both_habits_and_read_back():
    beta = {ONE: 500_000, TWO: 300_000, THREE: 200_000}

    assert write(beta) == GOOD
    assert write(beta, LF) == GOOD.replace(b"\r\n", b"\n") + b"\n"
    for line_end in (CRLF, LF):
        found = read(write(beta, line_end), NAME, plant_cau=CAU, supplies=(ONE, TWO, THREE))
        assert (found.cau, found.year, found.constant_ppm, found.hourly_ppm) == (CAU, 2026, beta, {})


def test_hourly_coefficients_are_written_for_every_hour_of_the_year_and_read_back():
    day = [(900_000, 100_000)] * 12 + [(250_000, 750_000)] * 12
    beta = {ONE: [one for one, _ in day] * 365, TWO: [two for _, two in day] * 365}

    content = write(beta)
    found = read(content, NAME, plant_cau=CAU)

    assert content.startswith(f"{ONE};0001;0,900000\r\n{ONE};0002;".encode())
    assert content.endswith(f"{TWO};8760;0,750000".encode())
    assert found.hourly_ppm == {ONE: tuple(beta[ONE]), TWO: tuple(beta[TWO])}


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (GOOD.replace(b"0,500000", b"0.500000"), [(1, "decimal_sign")]),
        (GOOD.replace(b"0,300000", b"0,3"), [(2, "decimals")]),
        (GOOD.replace(ONE.encode(), ONE[:-3].encode()), [(1, "cups_length")]),
        (GOOD.replace(THREE.encode(), b"ES9999000000000001AA0F"), [(3, "cups")]),
        (GOOD.replace(THREE.encode(), ONE.encode()), [(3, "duplicate")]),
        (GOOD.replace(THREE.encode(), well_formed(9).encode()), [(3, "unknown_cups")]),
        (GOOD.replace(b"0,200000", b"0,199999"), [(0, "sum")]),
        (GOOD.replace(b";", b","), [(1, "malformed_line"), (2, "malformed_line"), (3, "malformed_line")]),
        (GOOD + b"\r\n\r\n", [(4, "malformed_line")]),
        (GOOD.replace(b"0,200000", b"a lot"), [(3, "malformed_line")]),
        (b"\xff\xfe" + GOOD, [(0, "malformed_line")]),
        ("\ufeff".encode() + GOOD, [(1, "cups_length")]),
        (f"{ONE};0001;1,000000".encode(), [(0, "hours")]),
        (f"{ONE};0,500000\n{TWO};0001;0,500000".encode(), [(0, "hours")]),
    ],
)
def test_a_file_that_would_be_refused_is_refused_here_by_line(content, named):
    assert faults(content) == named


@pytest.mark.parametrize(
    ("name", "cau", "named"),
    [
        ("coef_thirds_2026.txt", CAU, "name_shape"),
        (NAME.replace(".txt", ".csv"), CAU, "name_shape"),
        (NAME, "", "no_cau"),
        (NAME, cau_of(TWO), "other_cau"),
    ],
)
def test_the_name_says_which_plant_it_is_for(name, cau, named):
    assert faults(GOOD, name, cau) == [(0, named)]


def test_all_faults_are_told_at_once():
    content = GOOD.replace(b"0,500000", b"0.5").replace(b"0,200000", b"0,2")

    assert faults(content, "x.txt") == [(0, "name_shape"), (1, "decimal_sign"), (3, "decimals")]


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=40).filter(any))
def test_typed_shares_become_millionths_that_are_taken(shares):
    beta = dict(zip((well_formed(i + 1) for i in range(len(shares))), shares_ppm(shares), strict=True))

    assert read(write(beta), NAME, plant_cau=CAU, supplies=beta).constant_ppm == beta


@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=1))
def test_a_damaged_byte_never_passes_as_another_sharing(place, byte):
    damaged = GOOD[:place] + byte + GOOD[place + 1 :]
    try:
        found = read(damaged, NAME, plant_cau=CAU, supplies=(ONE, TWO, THREE))
    except FileFaults:
        return
    # The tail of a code may be missing or another: the first 20 characters name the supply.
    by_supply = {cups[:20]: beta for cups, beta in found.constant_ppm.items()}
    assert by_supply == {ONE[:20]: 500_000, TWO[:20]: 300_000, THREE[:20]: 200_000}


def test_a_supply_with_and_without_its_tail_is_the_same_one():
    content = f"{ONE};0,500000\n{ONE[:20]};0,500000".encode()

    assert faults(content) == [(2, "duplicate")]


def test_what_nobody_can_mean_is_not_written():
    with pytest.raises(ValueError, match="add up to 1,000000, not 0,900000"):
        write({ONE: 500_000, TWO: 400_000})
    with pytest.raises(ValueError, match="Not a CUPS: X"):
        write({"X": 1_000_000})
    with pytest.raises(ValueError, match="one coefficient, or each has one for every hour"):
        write({ONE: [1_000_000] * 24})
    with pytest.raises(ValueError, match="CRLF or LF"):
        write({ONE: 1_000_000}, "\r")
    with pytest.raises(ValueError, match="no CAU"):
        file_name(ONE, 2026)
    with pytest.raises(ValueError, match="not all zero"):
        shares_ppm([0, 0])
