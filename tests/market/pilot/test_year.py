"""A pilot's months: energy and money add up, nobody is worse off, the same street lives the same month."""

import json
from dataclasses import replace

import pytest

from market.agents.policy.weights import prior
from market.clearing.simplex import solve
from market.pilot.lived import MonthLived
from market.pilot.month import live_month
from market.pilot.report import capped, year_of_months
from market.pilot.scenario import PilotHome, Prices, Scenario

THREE = Prices("three", (229_000, 159_000, 117_000), 55_000)
FLAT = Prices("flat", (172_000, 172_000, 172_000), 70_000)


def street(**fields):
    homes = (
        PilotHome("Ana", "three", curve=0, pv_w=5_000, battery_wh=7_000),
        PilotHome("Bruno", "flat", curve=1),
        PilotHome("Carla", "three", curve=2, pv_w=3_000),
        PilotHome("Diego", "three", curve=3, ev_w=3_700),
    )
    return replace(Scenario(2025, homes, (THREE, FLAT), grid_fee_ueur_kwh=5_000), **fields)


@pytest.fixture(scope="module")
def april():
    return live_month(street(), 4, prior(), solve)


def member_neur(home):
    return (
        home.rest_import_neur - home.rest_export_neur + home.paid_neur - home.earned_neur - home.pool_neur
    )  # fmt: skip


def test_what_is_bought_was_sold_and_money_is_conserved_but_for_the_fee(april):
    lived, _alone = april

    sold = sum(home.sold_wh for home in lived.homes)
    assert sold == sum(home.bought_wh for home in lived.homes) == lived.traded_wh > 100_000
    paid, earned = (sum(getattr(home, name) for home in lived.homes) for name in ("paid_neur", "earned_neur"))
    assert paid - earned == sold * 5_000
    assert lived.hours == 720


def test_energy_is_conserved_in_homes_without_a_battery(april):
    lived, _alone = april

    for home in lived.homes[1:]:
        assert home.load_wh + home.car_wh + home.export_wh == home.sun_wh + home.import_wh
    ana = lived.homes[0]
    lost = ana.sun_wh + ana.import_wh - ana.load_wh - ana.export_wh
    assert 0 < lost < 0.1 * ana.sun_wh, "a battery loses some of what it stores"


def test_nobody_pays_more_than_with_the_retailer_and_the_same_devices_alone(april):
    lived, _alone = april

    for home in lived.homes:
        assert member_neur(home) <= home.alone_import_neur - home.alone_export_neur
        assert home.alone_import_neur - home.alone_export_neur <= home.today_neur


def test_the_same_street_lives_the_same_month_also_through_json(april):
    lived, _alone = april
    again = Scenario.of(json.loads(json.dumps(street().as_json())))

    second, _ = live_month(again, 4, prior(), solve)

    assert second == lived
    assert MonthLived.of(json.loads(json.dumps(lived.as_json()))) == lived


def test_a_tight_transformer_is_kept_where_living_alone_breaks_it():
    tight = street(import_limit_w=4_500)

    lived, alone = live_month(tight, 1, prior(), solve)

    over = (alone.import_wh - alone.export_wh).sum(axis=0) > 4_500
    assert lived.alone_congested_hours == over.sum() > 0
    assert lived.congested_hours > 0


def test_a_year_puts_months_together_with_the_cap_of_each(april):
    lived, _alone = april
    months = [MonthLived.of(lived.as_json() | {"month": month}) for month in range(1, 13)]

    year = year_of_months(street(), months)

    ana = year.homes[0]
    month = lived.homes[0]
    assert ana.alone_neur == 12 * capped(month.alone_import_neur, month.alone_export_neur)
    assert ana.alone_neur >= 0, "surplus pays off no more than was taken"
    assert ana.invested_eur == 5 * 1_200 + 7 * 550
    assert ana.payback_years == pytest.approx(ana.invested_eur / (ana.saving_neur / 1e9))
    assert year.homes[1].payback_years is None
    assert year.traded_wh == 12 * lived.traded_wh
    assert 0 < year.self_sufficiency_pct < 100
    with pytest.raises(ValueError, match="each of its months"):
        year_of_months(street(), months[:11])


@pytest.mark.parametrize(
    ("homes", "words"),
    [
        ((PilotHome("Ana", "three"),), "2 to 100 homes"),
        ((PilotHome("Ana", "three"), PilotHome("Bruno", "night")), "Bruno: there is no tariff"),
    ],
)
def test_a_street_that_cannot_be_is_refused_by_name(homes, words):
    with pytest.raises(ValueError, match=words):
        street(homes=homes)


def test_a_retailer_that_pays_more_than_it_charges_is_refused():
    with pytest.raises(ValueError, match="pay less for surplus"):
        Prices("odd", (100_000, 100_000, 40_000), 40_000)
