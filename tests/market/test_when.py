"""The cheapest start: by known and expected prices, own surplus at what it would have brought, in words."""

from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
from django.utils.translation import override

from market.cheapest import PricedSlot, Source, Start, cheapest, starts
from market.models import Forecast, Slot
from market.queries.when import ahead
from market.wording.when import sentence
from tests import factories as make

QUARTER = make.QUARTER
NOON = make.NOON
A_DAY = timedelta(days=1)


def slots(*prices, own=0, source=Source.RETAILER):
    return [
        PricedSlot(NOON + QUARTER * i, NOON + QUARTER * (i + 1), price, own, 50_000, source)
        for i, price in enumerate(prices)
    ]


# The search itself


def test_the_cheapest_start_is_found_and_the_earliest_of_several():
    found = starts(slots(200_000, 100_000, 100_000, 100_000, 300_000), QUARTER * 2, 2_000, NOON + A_DAY)

    best = cheapest(found)

    assert [one.start for one in found] == [NOON + QUARTER * i for i in range(4)]
    assert (best.start, best.end) == (NOON + QUARTER, NOON + QUARTER * 3)
    assert best.cost_neur == 1_000 * 100_000
    assert (best.energy_wh, best.price_ueur_kwh) == (1_000, 100_000)


def test_it_is_over_by_the_time_that_was_asked_for():
    found = starts(slots(*[100_000] * 8), QUARTER * 3, 1_000, NOON + QUARTER * 5)

    assert [one.end for one in found] == [NOON + QUARTER * i for i in (3, 4, 5)]
    assert starts(slots(*[100_000] * 8), QUARTER * 3, 1_000, NOON + QUARTER * 2) == []
    assert cheapest([]) is None


def test_a_length_that_ends_inside_a_slot_takes_its_part_of_it():
    (found,) = starts(slots(100_000, 400_000), timedelta(minutes=20), 3_000, NOON + QUARTER * 1.5)

    assert (found.energy_wh, found.cost_neur) == (1_000, 750 * 100_000 + 250 * 400_000)


def test_own_surplus_counts_at_what_it_would_have_brought():
    (found,) = starts(slots(200_000, own=300), QUARTER, 2_000, NOON + QUARTER)

    assert (found.own_wh, found.cost_neur) == (300, 300 * 50_000 + 200 * 200_000)


def test_a_start_is_only_as_sure_as_its_least_sure_price():
    mixed = slots(1, source=Source.CLEARED) + slots(1, 1, source=Source.DAY_BEFORE)[1:]

    found = starts(mixed, QUARTER, 1_000, NOON + A_DAY)
    both = starts(mixed, QUARTER * 2, 1_000, NOON + A_DAY)

    assert [one.source for one in found] == [Source.CLEARED, Source.DAY_BEFORE]
    assert both[0].source == Source.DAY_BEFORE


def test_what_is_saved_is_the_difference_of_the_costs_as_they_are_written():
    now, best = (
        Start(NOON + QUARTER * i, NOON + QUARTER * (i + 1), cost_neur, 1_000, 0, Source.RETAILER)
        for i, cost_neur in enumerate((175_100_000, 84_900_000))
    )

    with override("en"):
        said = sentence(best, now, NOON)

    assert "0.08\xa0€" in said
    assert "0.10\xa0€" in said


# What is known


@pytest.fixture
def ana():
    street = make.community()
    return make.home(street, "Azahar 1", make.tariff(), make.member(street, "Ana"))


def priced(ana, start, price, fee=0):
    slot = make.slot(ana.community, start)
    Slot.objects.filter(pk=slot.pk).update(
        status="cleared", cleared_at=slot.gate_closure, price_ueur_kwh=price, grid_fee_ueur_kwh=fee
    )


@pytest.mark.django_db
def test_cleared_prices_come_first_then_those_of_the_day_before_then_the_retailers(ana):
    priced(ana, NOON, 90_000, fee=10_000)
    priced(ana, NOON + QUARTER - A_DAY, 120_000)

    found = ahead(ana, NOON, NOON + QUARTER * 3, NOON - timedelta(minutes=1))

    assert [(one.price_ueur_kwh, one.source) for one in found.slots] == [
        (90_000, Source.CLEARED), (120_000, Source.DAY_BEFORE), (200_000, Source.RETAILER),
    ]  # fmt: skip
    assert [one.own_ueur_kwh for one in found.slots] == [80_000, 120_000, 50_000]
    assert found.street_until == NOON + QUARTER
    assert found.retailer_until == NOON + QUARTER * 3


@pytest.mark.django_db
def test_nobody_is_expected_to_pay_more_than_the_retailer_asks(ana):
    priced(ana, NOON - A_DAY, 900_000)

    assert ahead(ana, NOON, NOON + QUARTER, NOON).slots[0].price_ueur_kwh == 200_000


@pytest.mark.django_db
def test_the_look_ahead_is_judged_by_the_week_before(ana):
    for days, price in ((1, 100_000), (2, 130_000), (3, 110_000)):
        priced(ana, NOON - A_DAY * days, price)

    assert ahead(ana, NOON, NOON + QUARTER, NOON).differs_ueur_kwh == 25_000
    assert ahead(ana, NOON + A_DAY * 30, NOON + A_DAY * 31, NOON).differs_ueur_kwh is None


@pytest.mark.django_db
def test_surplus_is_that_of_the_newest_forecast(ana):
    Forecast.objects.create(
        household=ana, issued_at=NOON, first_start=NOON, slot_minutes=15, net_load_wh=[300, -400], days_seen=9
    )

    assert [one.own_wh for one in ahead(ana, NOON, NOON + QUARTER * 3, NOON).slots] == [0, 400, 0]


# The page


def seen(client, ana, at=NOON, language="es", **query):
    client.force_login(ana.member.user)
    with patch("config.clock.now", lambda: at):
        return client.get("/when/", query, headers={"accept-language": language})


@pytest.mark.django_db
def test_the_page_says_when_to_start_what_it_costs_and_saves(client, ana):
    answer = seen(client, ana, language="en", length="150", power="2", by="2026-11-24T08:00")

    page = answer.content.decode()
    # From midnight on the cheapest of the three periods.
    assert 'Start at <span class="nowrap">00:00 on 24 Nov</span>' in page
    assert "0.50\xa0€" in page
    # From 12:15 on: 3.5 kWh at the peak, 1.5 kWh after it.
    assert "0.42\xa0€" in page
    assert "your retailer&#x27;s price" in page
    assert "no prices to go by yet" in page


@pytest.mark.django_db
def test_the_page_answers_a_usual_question_before_one_is_asked(client, ana):
    page = seen(client, ana).content.decode()

    assert "Empieza a las" in page
    assert 'value="2026-11-24T08:00"' in page


@pytest.mark.django_db
def test_the_table_is_sorted_by_links(client, ana):
    by_time = seen(client, ana, length="60", power="1", by="2026-11-24T08:00")
    by_price = seen(client, ana, length="60", power="1", by="2026-11-24T08:00", sort="price")

    assert by_time.context["sorts"]["price"].endswith("sort=price")
    costs = [row.cost for row in by_price.context["rows"]]
    assert costs == sorted(costs)
    assert [row.when for row in by_time.context["rows"]] != [row.when for row in by_price.context["rows"]]
    assert {row.word for row in by_time.context["rows"]} >= {"barato", "caro"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"by": "2026-11-23T11:00"}, "ya pasó"),
        ({"by": "2026-11-29T11:00"}, "dos días"),
        ({"by": "9999-12-31T23:59"}, "dos días"),
        ({"by": "0001-01-01T00:00"}, "ya pasó"),
        ({"power": "NaN"}, 'class="error"'),
        ({"power": "Infinity"}, 'class="error"'),
        ({"power": "9" * 5_000}, 'class="error"'),
        ({"by": "mañana"}, 'class="error"'),
        ({"power": "0"}, "no cuesta nada"),
        ({"power": "-1"}, 'class="error"'),
        ({"length": "7"}, 'class="error"'),
    ],
)
def test_what_cannot_be_asked_is_said(client, ana, query, said):
    answer = seen(client, ana, **{"length": "60", "power": "1", "by": "2026-11-24T08:00", **query})

    assert answer.status_code == 422
    assert said in answer.content.decode()


@pytest.mark.django_db
def test_too_little_time_is_said_in_words(client, ana):
    answer = seen(client, ana, length="120", power="1", by="2026-11-23T13:00")

    assert answer.status_code == 200
    assert "Es muy poco tiempo" in answer.content.decode()


@pytest.mark.django_db
def test_a_home_without_a_contract_is_told_whom_to_ask(client, ana):
    ana.contracts.all().delete()

    assert "no tiene guardado un contrato" in seen(client, ana).content.decode()


@pytest.mark.django_db
def test_the_hour_that_a_clock_change_repeats_is_two_hours(client, ana):
    at = datetime(2026, 10, 24, 21, tzinfo=UTC)

    answer = seen(client, ana, at=at, length="60", power="1", by="2026-10-25T08:00")

    assert {"02:00\xa0CEST del 25 oct", "02:00\xa0CET del 25 oct"} <= {row.when for row in answer.context["rows"]}
