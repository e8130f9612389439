"""A closed month is lived again: alone, by the best rule, by the agents, and with everything known before."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils.translation import override

from community.models import Household, SupplyContract
from community.tariffs import month_span
from market.models import Hindsight, Statement
from market.queries.hindsight import due_to_look_back, hindsight_of
from market.services.hindsight import look_back_at
from market.wording.hindsight import told
from tests import factories as make
from tests import weeks

pytestmark = pytest.mark.django_db

OCTOBER = date(2026, 10, 1)


@pytest.fixture
def street():
    """Twelve weeks of readings up to late November."""
    return weeks.street()


def test_foresight_costs_least_and_the_agents_less_than_living_alone(street):
    look_back_at(community=street, month=OCTOBER, at=weeks.MONDAY)

    found = Hindsight.objects.get()
    assert found.weeks == 4
    assert found.foresight_neur <= min(found.agents_neur, found.rule_neur)
    assert max(found.agents_neur, found.rule_neur) < found.alone_neur
    possible = found.alone_neur - found.foresight_neur
    assert (found.alone_neur - found.agents_neur) / possible > 0.8


def test_foresight_costs_least_whatever_tariffs_the_homes_have(street):
    cheap = make.tariff("Barata", 120_000, 90_000, 60_000, 45_000)
    for home in Household.objects.filter(community=street).order_by("pk")[:2]:
        SupplyContract.objects.filter(household=home).update(tariff=cheap)

    look_back_at(community=street, month=OCTOBER, at=weeks.MONDAY)

    found = Hindsight.objects.get()
    assert found.foresight_neur <= min(found.agents_neur, found.rule_neur, found.alone_neur)


def test_a_month_is_looked_back_at_once(street):
    look_back_at(community=street, month=OCTOBER, at=weeks.MONDAY)
    first = Hindsight.objects.get()

    look_back_at(community=street, month=OCTOBER, at=weeks.MONDAY + timedelta(days=1))

    assert Hindsight.objects.get().computed_at == first.computed_at


def test_a_month_without_readings_is_kept_as_such_and_says_nothing(street):
    look_back_at(community=street, month=date(2026, 5, 1), at=weeks.MONDAY)

    assert Hindsight.objects.get().weeks == 0
    assert hindsight_of(street.pk, date(2026, 5, 1)) is None


def test_closed_months_are_due_until_somebody_has_looked(street):
    home = Household.objects.filter(community=street).order_by("pk").first()
    _start, end = month_span(2026, 10, street.zone)
    Statement.objects.create(
        household=home, month=OCTOBER, issued_at=end + timedelta(days=3), slots=744, saving_neur=0
    )

    assert due_to_look_back(end) == []
    assert due_to_look_back(weeks.MONDAY) == [(street.pk, OCTOBER)]

    look_back_at(community=street, month=OCTOBER, at=weeks.MONDAY)
    assert due_to_look_back(weeks.MONDAY) == []


@pytest.mark.parametrize(
    ("agents", "sentence"),
    [
        (60, "Your agents gained 80 % of what perfect foresight could have, 15.00 € more than the rule."),
        (80, "Your agents gained 40 % of what perfect foresight could have, 5.00 € less than the rule."),
    ],
)
def test_the_sentence_compares_with_foresight_and_rule(agents, sentence):
    money = {"alone_neur": 100, "rule_neur": 75, "agents_neur": agents, "foresight_neur": 50}
    found = Hindsight(weeks=4, **{name: amount * 10**9 for name, amount in money.items()})

    with override("en"):
        assert told(found).sentence.replace("\u00a0", " ") == sentence
        assert "4 whole weeks" in told(found).note


def test_nothing_is_told_of_nothing():
    assert told(None) is None
    assert Client().get("/months/2026-10/").status_code == 302
