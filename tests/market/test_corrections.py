"""Closed months that were settled again: documents of their own that add up, and nothing issued changes."""

from datetime import date, datetime, timedelta

import pytest
from django.db.models import Sum
from hypothesis import given
from hypothesis import strategies as st

from market.models import Posting, Statement, StatementLine
from market.queries.month import months_to_correct
from market.services.closing import close_due_months, correct_month
from market.services.statements import close_month
from market.settlement.statement import balance_cents
from tests import factories as make
from tests.market.test_rent_and_pool import (
    CLOSING,
    NOVEMBER,
    cleared,
    homes,
    metered,
    rule,
    street,
    usual,
)

__all__ = ["homes", "street"]

LATER = CLOSING + timedelta(days=5)


def closed(street, homes, **fields):
    if fields:
        rule(street, **fields)
    cleared(street, usual(homes))
    metered(homes)
    close_month(community=street, month=NOVEMBER, at=CLOSING)


def posted(**filters):
    rows = StatementLine.objects.filter(posted=True, **filters)
    return rows.aggregate(Sum("amount_cents", default=0))["amount_cents__sum"]


def issued(home):
    return list(Statement.objects.filter(household=home).order_by("version"))


@pytest.mark.django_db
def test_a_later_reading_makes_a_second_version_and_leaves_the_first(street, homes):
    ana, bruno, carla = homes
    closed(street, homes)
    first = {line.kind: line.amount_cents for line in issued(bruno)[0].lines.all()}

    metered(homes, at=CLOSING + timedelta(hours=1), taken=(400, 300))
    assert months_to_correct(street) == [NOVEMBER]
    documents = correct_month(community=street, month=NOVEMBER, at=LATER)

    assert documents == 2, "Bruno's figures did not change"
    assert [one.version for one in issued(carla)] == [1, 2]
    assert {line.kind: line.amount_cents for line in issued(bruno)[0].lines.all()} == first
    new = {line.kind: line for line in issued(carla)[1].lines.all()}
    assert (new["bought"].energy_wh, new["bought"].amount_neur) == (300, -300 * 150_000)
    assert new["saving"].amount_neur == new["rent"].amount_neur + 300 * (200_000 - 150_000)
    assert correct_month(community=street, month=NOVEMBER, at=LATER + timedelta(days=1)) == 0
    assert months_to_correct(street) == []


@pytest.mark.django_db
def test_versions_that_hold_add_up_to_the_cent_and_to_what_was_booked(street, homes):
    closed(street, homes, pool_pct=30)
    readings = [(400, 300), (250, 333), (400, 600)]

    for number, taken in enumerate(readings):
        metered(homes, at=CLOSING + timedelta(hours=number + 1), given=sum(taken), taken=taken)
        correct_month(community=street, month=NOVEMBER, at=LATER + timedelta(days=number))
        latest = [issued(home)[-1].pk for home in homes]
        exact = StatementLine.objects.filter(posted=True, statement__in=latest)
        for home in homes:
            own = exact.filter(statement__household=home).aggregate(Sum("amount_neur"))["amount_neur__sum"]
            booked = Posting.objects.filter(account__household=home).aggregate(Sum("amount_neur"))
            assert own == booked["amount_neur__sum"]
        left = Posting.objects.filter(account__household=None).aggregate(Sum("amount_neur"))["amount_neur__sum"]
        assert abs(posted(statement__in=latest) + left / 1e7) < 2, "what homes owe is what the accounts hold"
        assert all(abs(line.amount_cents - line.amount_neur / 1e7) < 1 for line in exact)


@pytest.mark.django_db
def test_a_reading_that_is_corrected_back_makes_a_third_version_like_the_first(street, homes):
    closed(street, homes)
    for number, taken in enumerate([(400, 300), (400, 600)]):
        metered(homes, at=CLOSING + timedelta(hours=number + 1), taken=taken)
        correct_month(community=street, month=NOVEMBER, at=LATER + timedelta(days=number))

    first, _second, third = issued(homes[2])

    def facts(one):
        return sorted(one.lines.values_list("kind", "energy_wh", "amount_neur"))

    assert facts(first) == facts(third)


@pytest.mark.django_db
def test_corrections_go_out_when_the_next_month_closes_and_an_open_month_has_none(street, homes):
    closed(street, homes)
    december = datetime(2026, 12, 2, 11, 0, tzinfo=make.NOON.tzinfo)
    cleared(street, usual(homes), december)
    metered(homes, december)
    metered(homes, at=CLOSING + timedelta(days=1), taken=(400, 300))
    assert correct_month(community=street, month=date(2026, 12, 1), at=LATER) == 0

    close_due_months(community=street, at=LATER)
    assert Statement.objects.filter(version=2).count() == 0
    close_due_months(community=street, at=CLOSING + timedelta(days=31))

    assert set(Statement.objects.filter(version=2).values_list("month", flat=True)) == {NOVEMBER}


@pytest.mark.django_db
def test_the_page_shows_what_holds_and_what_the_correction_changed(client, street, homes):
    carla = homes[2]
    carla.member = make.member(street, "Carla")
    carla.save()
    closed(street, homes)
    metered(homes, at=CLOSING + timedelta(hours=1), taken=(400, 300))
    correct_month(community=street, month=NOVEMBER, at=LATER)
    client.force_login(carla.member.user)

    page = client.get("/months/2026-11/", headers={"accept-language": "en"}).content.decode().replace("\xa0", " ")

    assert "Corrected on" in page
    assert "Correction 1 of 9 December" in page
    now = issued(carla)[1].lines.get(kind="bought")
    change = now.amount_cents - issued(carla)[0].lines.get(kind="bought").amount_cents
    assert (now.amount_cents, change) in {(-4, 5), (-5, 4)}, "4.5 cents, rounded so that all homes add up"
    assert f"Bought from neighbours: −0.30 kWh, +0.0{change} €" in page
    assert f"−0.0{-now.amount_cents} €" in page, "what holds now"


@given(
    amounts=st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=30),
    off=st.integers(-3, 3),
)
def test_a_pool_rounded_to_a_given_total_adds_up_and_strays_little(amounts, off):
    total = sum(balance_cents(amounts)) + off

    cents = balance_cents(amounts, total)

    assert sum(cents) == total
    assert all(abs(cent - amount / 1e7) <= 2 + abs(off) for cent, amount in zip(cents, amounts, strict=True))
