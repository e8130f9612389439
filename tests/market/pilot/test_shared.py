"""A pilot's month under every rule of sharing: nothing is lost, the street never loses, and parts go by use."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from community.tariffs import local_day
from market.pilot.curves import Year
from market.pilot.shared import RuleMonth, Surplus, months_shared, share_hour, usual_parts
from market.settlement.allocation import Coefficients, Equal, Hybrid, Proportional, allocate, netted

MADRID = ZoneInfo("Europe/Madrid")
MILLION = 1_000_000
HOME = st.tuples(
    st.integers(0, 4_000), st.integers(0, 4_000), st.integers(60_000, 300_000), st.integers(-20_000, 59_000)
)


def hour_of(homes):
    table = np.array(homes, dtype=np.int64)
    # A home takes or gives in an hour, never both.
    table[:, 0] = np.where(table[:, 1] > table[:, 0], 0, table[:, 0])
    table[:, 1] = np.where(table[:, 0] > 0, 0, table[:, 1])
    return Surplus(*(table[:, [column]] for column in range(4)))


@given(homes=st.lists(HOME, min_size=2, max_size=8), which=st.integers(0, 3))
def test_an_hours_gains_are_what_the_street_saves_and_no_taker_loses(homes, which):
    surplus = hour_of(homes)
    given_wh = surplus.export_wh[:, 0].tolist()
    if not any(given_wh):
        return
    count = len(homes)
    beta = (*[MILLION // count] * (count - 1), MILLION - MILLION // count * (count - 1))
    rule = (Coefficients(beta), Equal(), Proportional(beta), Hybrid(beta))[which]
    month = RuleMonth(gain_neur=[0] * count)

    share_hour(surplus, 0, given_wh, rule, month)

    own = min(sum(given_wh), int(surplus.import_wh.sum()))
    assert 0 <= month.shared_wh <= own
    if which >= 2:
        assert month.shared_wh == own, "these rules leave nothing unused that somebody could use"
    taken, charged, paid = (
        one[:, 0].tolist() for one in (surplus.import_wh, surplus.import_ueur_kwh, surplus.feed_in_ueur_kwh)
    )
    rows = netted(allocate(sum(given_wh), taken, rule), taken)
    spared = sum(row.own_wh * price for row, price in zip(rows, charged, strict=True))
    kept = sum(row.surplus_wh * price for row, price in zip(rows, paid, strict=True))
    before = sum(wh * price for wh, price in zip(given_wh, paid, strict=True))
    assert sum(month.gain_neur) == spared + kept - before
    assert all(gain >= 0 for gain, wh in zip(month.gain_neur, given_wh, strict=True) if not wh), "takers"


def test_a_worked_hour_pays_half_way_and_loses_nothing():
    surplus = Surplus(*(np.array([[one] for one in row], dtype=np.int64) for row in (
        (0, 1_500, 500), (2_000, 0, 0), (200_000, 200_000, 100_000), (50_000, 50_000, 50_000),
    )))  # fmt: skip
    month = RuleMonth(gain_neur=[0, 0, 0])

    share_hour(surplus, 0, [2_000, 0, 0], Proportional(), month)

    # The giver's retailer pays 0.05; takers' charge 0.20 and 0.10, so they pay 0.125 and 0.075.
    assert month.shared_wh == 2_000
    assert month.gain_neur == [1_500 * 75_000 + 500 * 25_000, 1_500 * 75_000, 500 * 25_000]
    assert sum(month.gain_neur) == 2_000 * (175_000 - 50_000)


def year(hours=24 * 40):
    start = local_day(datetime(2025, 1, 1, tzinfo=UTC).date(), MADRID)[0]
    load = np.zeros((2, hours), dtype=np.int64)
    load[0], load[1, ::24] = 300, 4_800
    return Year(
        start, 0, MADRID, load, np.zeros_like(load), np.zeros((2, hours, 1), dtype=np.float32), ("P3",) * hours
    )


def test_usual_parts_go_by_what_homes_use_at_that_hour():
    found = year()
    fixed, hourly = usual_parts(found)

    assert sum(fixed) == MILLION
    assert abs(fixed[0] - 600_000) < 200
    assert {sum(parts) for parts in hourly.values()} == {MILLION}
    assert hourly[0][1] > 900_000 > 100_000 > hourly[1][1]


def test_every_rule_is_tried_on_every_hour_with_surplus():
    found = year()
    flat = np.full((2, 48), 100, dtype=np.int64)
    given_wh = np.zeros((2, 48), dtype=np.int64)
    given_wh[0, 12] = 1_000
    taken = np.where(given_wh, 0, flat)
    surplus = Surplus(taken, given_wh, flat * 2_000, flat * 500)

    rules = months_shared(surplus, found, 0)

    assert set(rules) == {"static", "hourly", "equal", "proportional", "hybrid", "cascade", "pairs"}
    assert {rules[name].shared_wh for name in ("equal", "proportional", "hybrid", "cascade", "pairs")} == {100}
    assert all(sum(month.gain_neur) >= 0 for month in rules.values())
