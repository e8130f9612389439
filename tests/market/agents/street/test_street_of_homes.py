"""The benchmark's street: what is read from the homes' files, and what is made of them."""

import numpy as np
import pytest

from benchmarks import street_of_homes as street


@pytest.fixture(scope="module")
def homes():
    return street.read()


def test_it_starts_on_a_monday_and_ends_with_a_whole_week(homes):
    assert homes.load_wh.shape == (46 * street.WEEK, 12)
    assert homes.load_wh[0, 0] == pytest.approx(425.6, abs=0.1)  # 0.8512 kWh on Monday 1 August, halved
    assert (homes.sun_wh.sum(axis=0) > 0).nonzero()[0].tolist() == list(street.SUN)


def test_training_and_testing_share_neither_homes_nor_weeks():
    assert not set(street.seen(12)) & set(street.unseen(12))
    assert len(street.seen(12)) + len(street.unseen(12)) == 12


def test_more_homes_repeat_the_pattern():
    assert street.has(street.CAR, 24)[12:].tolist() == street.has(street.CAR, 12).tolist()
    assert street.fleet(24).import_limit_w == pytest.approx(25_000 * 24 / 17)


def test_cars_come_and_go_within_their_week(homes):
    weeks = street.weeks(homes, street.prices(len(homes.load_wh)))

    week, slot, home = np.nonzero(weeks.arrives_wh)

    assert (weeks.leaves[week, slot, home] > slot).all()
    assert weeks.leaves.max() <= street.WEEK
    assert set(home.tolist()) == set(street.CAR)


def test_quarters_are_their_hours_again(homes):
    hourly = street.weeks(homes, street.prices(len(homes.load_wh))).pick([30])

    fine = street.quarters(hourly)

    assert fine.net_wh.reshape(1, street.WEEK, 4, 12).sum(axis=2) == pytest.approx(hourly.net_wh)
    assert fine.arrives_wh.sum() == pytest.approx(hourly.arrives_wh.sum())
    assert fine.leaves.max() == 4 * hourly.leaves.max()
