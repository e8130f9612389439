"""What ships is examined on a street's own weeks before it decides there on record."""

from dataclasses import replace
from datetime import timedelta

import pytest

from community.models import Device, DeviceState, Member
from market.agents.policy.weights import planner_only
from market.agents.yardsticks.rule import Rule
from market.models import Policy
from market.queries.lessons import read_course, read_past
from market.queries.policies import champion_weights, policy_of, shipped
from market.services.examination import examine
from market.services.policies import roll_back
from metering.services.readings import ReadingRow, store_readings
from tests import factories as make
from tests import weeks

pytestmark = pytest.mark.django_db

AT = weeks.MONDAY + timedelta(hours=9)
LEVEL_ALWAYS = 11  # the weight that raises or lowers every battery's worth


@pytest.fixture
def poor_rule(monkeypatch):
    """A rule that fills batteries from the grid whatever comes: anything sensible is cheaper."""
    monkeypatch.setattr("market.services.examination.tuned", lambda *_: Rule(night_share=1.0, middle=1.25))


def examined(street, at=AT):
    return examine(community_id=street.pk, course=read_course(street, at), at=at)


def test_what_ships_passes_its_examination_once_and_decides_on_record(poor_rule):
    street = weeks.street(weeks=6)

    policy = examined(street)

    assert (policy.status, policy.digest, policy.champion_at) == ("champion", shipped().digest, AT)
    assert {one["code"] for one in policy.steps[0]["reasons"]} >= {"cheaper", "limits", "homes", "cars"}
    assert examined(street, AT + timedelta(days=1)) is None
    assert Policy.objects.count() == 1


def test_what_ships_and_fails_leaves_the_planner_in_charge(monkeypatch, poor_rule):
    street = weeks.street(weeks=6)
    numbers = planner_only().numbers.copy()
    numbers[LEVEL_ALWAYS] = -6.0  # stored energy counts for hardly anything: batteries idle
    idle = replace(planner_only(), numbers=numbers)
    monkeypatch.setattr("market.services.examination.champion_weights", lambda _: idle)
    monkeypatch.setattr("market.services.examination.tuned", lambda *_: Rule(night_share=0.0, middle=1.0))

    examined(street)

    refused, crowned = Policy.objects.order_by("pk")
    assert (refused.status, refused.digest) == ("refused", idle.digest)
    assert not any(one["ok"] for one in refused.steps[0]["reasons"])
    assert (crowned.status, crowned.digest) == ("champion", planner_only().digest)
    assert policy_of(street.pk, [1], AT)[1].digest == planner_only().digest


def test_too_few_weeks_examine_nobody(poor_rule):
    street = weeks.street(weeks=3)

    assert examined(street) is None
    assert champion_weights(street.pk).digest == shipped().digest


def test_what_ships_and_is_rolled_back_does_not_come_back(poor_rule):
    street = weeks.street(weeks=6)
    policy = examined(street)

    roll_back(by=Member.objects.get(community=street), policy_id=policy.pk, at=AT)

    assert champion_weights(street.pk).digest == planner_only().digest
    assert examined(street, AT + timedelta(days=7)) is None


def test_hours_of_a_distributors_file_are_learned_from_where_a_meter_tells_of_quarters():
    street = weeks.street(weeks=3)
    home = street.households.order_by("pk").first()
    charger = Device.objects.create(household=home, kind="ev_charger", name="Coche", charge_w=3_700)
    first = weeks.MONDAY - timedelta(weeks=3)
    before = read_past(street, weeks.MONDAY, AT, 3).net_wh
    street.slot_minutes = 15
    street.save()
    quarters = [first + timedelta(minutes=15 * i) for i in range(4, 8)]
    store_readings(
        metering_point=make.meter(home),
        rows=[ReadingRow(channel, at, wh) for at in quarters for channel, wh in (("import", 100), ("export", 0))],
        source="api", content_sha256="0" * 64, at=weeks.MONDAY, minutes=15,
    )  # fmt: skip
    DeviceState.objects.create(device=charger, at=first + timedelta(minutes=150), energy_wh=70)

    after = read_past(street, weeks.MONDAY, AT, 3).net_wh

    assert after[1, 0] == 400, "four quarters are worth more than their hour"
    assert after[2, 0] == before[2, 0] - 70, "what the charger counted inside the hour is not the home's own"
    after[1:3, 0] = before[1:3, 0]
    assert (after == before).all()
