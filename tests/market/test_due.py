"""What is due is found for all communities at once, and is what one community after the other would find."""

import random
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from market.models import Forecast, Slot, Statement
from market.queries import due
from market.queries.due import due_to_clear, due_to_forecast, due_to_order, due_to_settle, to_open
from market.queries.settle import outdated_slots, unsettled_slots
from market.services import slots
from market.services.settle import settle_due
from market.services.slots import open_due_slots
from metering.services.readings import ReadingRow, store_readings
from tests import factories as make

pytestmark = pytest.mark.django_db

START = make.NOON
QUARTER = make.QUARTER


@pytest.fixture
def streets():
    return [make.community(slug=f"calle-{n}", name=f"Calle {n}") for n in range(3)]


def opened(street, first, count):
    slots.open_slots(community=street, first=first, until=first + QUARTER * count)
    return list(Slot.objects.filter(community=street).order_by("start"))


def cleared(street, first, count):
    found = opened(street, first, count)
    Slot.objects.filter(community=street).update(status="cleared", cleared_at=first)
    return found


def test_slots_are_opened_where_the_last_one_ended_and_at_the_next_full_slot_for_newcomers(streets):
    opened(streets[0], START - QUARTER, 1)
    opened(streets[1], START, 8)

    open_due_slots(at=START + timedelta(minutes=1), until=START + timedelta(hours=2))

    firsts = [Slot.objects.filter(community=street).order_by("start").first().start for street in streets]
    assert firsts == [START - QUARTER, START, START + QUARTER]
    assert [street.slots.count() for street in streets] == [9, 8, 7]
    assert to_open(START + timedelta(minutes=1), START + timedelta(hours=2)) == []


def test_a_long_pause_is_made_up_for_in_bites_without_a_gap(streets):
    opened(streets[0], START - QUARTER * 40, 1)

    for _ in range(3):
        open_due_slots(at=START, until=START + QUARTER)

    starts = list(streets[0].slots.order_by("start").values_list("start", flat=True))
    assert starts == [START - QUARTER * 40 + QUARTER * i for i in range(41)]


def test_slots_keep_the_rules_of_the_moment_they_were_opened_in(streets):
    streets[0].grid_fee_ueur_kwh = 7_000
    streets[0].save()

    open_due_slots(at=START, until=START + QUARTER)

    fees = Slot.objects.order_by("community").values_list("grid_fee_ueur_kwh", flat=True)
    assert list(fees) == [7_000, 0, 0]


def test_agents_order_from_their_own_communitys_lead_until_the_gate_closes(streets):
    early, usual, ordered = streets
    early.order_lead_minutes = 60
    early.save()
    hour = {street: opened(street, START, 4) for street in streets}
    Slot.objects.filter(community=ordered).update(ordered_at=START)

    found = due_to_order(START - timedelta(minutes=9))

    assert found == [hour[early][0].pk, hour[usual][0].pk, *(slot.pk for slot in hour[early][1:4])]
    assert due_to_order(START - timedelta(minutes=5)) == [slot.pk for slot in hour[early][1:4]]


def test_every_communitys_oldest_slot_is_cleared_before_anybodys_second(streets, monkeypatch):
    paused = opened(streets[0], START - QUARTER * 8, 8)
    fresh = [opened(street, START, 1)[0] for street in streets[1:]]
    cleared(streets[2], START - QUARTER, 1)
    monkeypatch.setattr(due, "AT_ONCE", 3)

    found = due_to_clear(START)

    assert found == [paused[0].pk, fresh[0].pk, paused[1].pk]


def test_forecasts_are_due_for_communities_with_meters_and_none_of_six_hours(streets):
    offer = make.tariff()
    homes = [make.home(street, "Ana", offer) for street in streets[:2]]
    for home, hours in zip(homes, (7, 5), strict=True):
        Forecast.objects.create(
            household=home, issued_at=START - timedelta(hours=hours), first_start=START, slot_minutes=15,
            net_load_wh=[0], days_seen=0,
        )  # fmt: skip

    assert due_to_forecast(START) == [streets[0].pk]


def test_what_is_due_to_settle_is_what_each_community_would_find_alone(streets):
    chance = random.Random(7)
    offer = make.tariff()
    until = START + QUARTER * 12
    for street in streets:
        homes = [make.home(street, name, offer) for name in ("Ana", "Bruno")]
        second_meter(homes[0])
        cleared(street, START, 16)
        for home in homes:
            for point in home.metering_points.all():
                scatter(point, chance)
    for street in streets[:2]:
        settle_due(community=street, at=until)
    for street in streets:
        for point in street.households.first().metering_points.all():
            scatter(point, chance, at=until + timedelta(minutes=1))

    for at in (until, until + timedelta(minutes=20), until + timedelta(hours=26), until + timedelta(hours=30)):
        alone = {}
        for street in streets:
            found = [*unsettled_slots(street, at, 100), *outdated_slots(street, at, 100)]
            if found:
                alone[street.pk] = [slot.pk for slot in found]
        assert dict(due_to_settle(at, thoroughly=True)) == alone
        if at < until + timedelta(hours=1):
            assert dict(due_to_settle(at)) == alone
    assert len(alone) == 3


def second_meter(home):
    home.metering_points.create(cups=f"ES9999{9_000_000 + home.pk:012d}DS0F")


def scatter(point, chance, at=START + QUARTER * 12):
    """Readings of five, fifteen and sixty minutes, with gaps."""
    for minutes, share in ((5, 0.04), (15, 0.6), (60, 0.6)):
        rows = [
            ReadingRow(channel, START + timedelta(minutes=minutes) * i, chance.randint(0, 500))
            for i in range(180 // minutes)
            for channel in ("import", "export")
            if chance.random() < share
        ]
        store_readings(
            metering_point=point, rows=rows, source="api", content_sha256="0" * 64, at=at, minutes=minutes
        )


def test_slots_before_the_last_closed_month_are_not_looked_at(streets):
    home = make.home(streets[0], "Ana", make.tariff())
    cleared(streets[0], START - timedelta(days=40), 1)
    at = START + timedelta(days=20)
    assert [pk for pk, _ in due_to_settle(at, thoroughly=True)] == [streets[0].pk]

    Statement.objects.create(
        household=home, month=date(2026, 10, 1), issued_at=at, slots=1, provisional_slots=0, saving_neur=0
    )

    assert due_to_settle(at, thoroughly=True) == []


def test_one_community_is_settled_a_day_at_a_time(streets):
    make.home(streets[0], "Ana", make.tariff())
    old = cleared(streets[0], START - timedelta(days=4), 120)

    found = due_to_settle(START, thoroughly=True)

    assert found == [(streets[0].pk, [slot.pk for slot in old[:100]])]


def test_looking_takes_as_many_queries_for_thirty_communities_as_for_three(streets):
    def look():
        with CaptureQueriesContext(connection) as queries:
            open_due_slots(at=START, until=START + timedelta(hours=2))
            due_to_order(START), due_to_clear(START), due_to_forecast(START), due_to_settle(START)
        return len(queries)

    few = look()
    for n in range(3, 30):
        make.community(slug=f"calle-{n}", name=f"Calle {n}")

    assert look() == few
