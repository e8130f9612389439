"""Which weights each home follows, what a training learns from, and steps of a policy's life that happen once."""

import threading
from datetime import timedelta

import numpy as np
import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from community.models import Device, DeviceState, Member, TariffVersion
from community.roles import NotAllowed
from market.agents.policy.weights import planner_only
from market.models import Policy, TrainingRun
from market.queries.lessons import read_course, read_past
from market.queries.policies import due_to_review, knows_its_street, policy_of, shipped
from market.queries.training import plant_hash
from market.services.mandates import give_mandate
from market.services.policies import canary_homes, move, roll_back, take_in
from market.services.training import ask_for_training
from tests import factories as make
from tests import weeks

pytestmark = pytest.mark.django_db

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
AT = weeks.MONDAY + 9 * HOUR
FIGURES = {
    "bad": False,
    "better": [],
    "avoidable": 0,
    "odds": {},
    "day_neur": {"own": [1]},
    "since": AT.isoformat(),
}
REGRET = {**FIGURES, "bad": True, "avoidable": 3}
PASSED = {"passed": True, "reasons": [{"code": "limits", "ok": True, "facts": {"avoidable": 0, "broken": 0}}]}


def weights(level):
    numbers = planner_only().numbers.copy()
    numbers[11] = level
    return type(planner_only())(numbers, planner_only().mean, planner_only().spread, {"made": "trained"})


def policy(street, status, level=0.1, **fields):
    made = weights(level)
    return Policy.objects.create(
        community=street, status=status, weights=made.as_json(), digest=made.digest,
        made_at=AT - 30 * DAY, **fields,
    )  # fmt: skip


@pytest.fixture
def street():
    return make.community()


def test_without_a_policy_of_its_own_a_street_follows_what_ships_and_all_homes_share_one_object(street):
    followed = policy_of(street.pk, [1, 2, 3], AT)

    assert {id(found) for found in followed.values()} == {id(shipped())}


def test_homes_of_the_canary_follow_the_trial_and_all_others_the_champion(street):
    policy(street, "champion", 0.1, champion_at=AT - 9 * DAY)
    policy(street, "canary", 0.2, canary_at=AT - DAY, canary_homes=[2])
    policy(street, "refused", 0.3, ended_at=AT)

    followed = policy_of(street.pk, [1, 2, 3], AT)

    assert [followed[home].digest for home in (1, 2, 3)] == [
        weights(0.1).digest,
        weights(0.2).digest,
        weights(0.1).digest,
    ]
    assert followed[1] is followed[3]
    assert policy_of(street.pk, [2], AT - 2 * DAY)[2].digest == weights(0.1).digest


def test_a_policy_without_community_is_what_ships_to_all(street):
    policy(None, "champion", 0.4, champion_at=AT - DAY)
    assert policy_of(street.pk, [1], AT)[1].digest == weights(0.4).digest

    policy(street, "champion", 0.1, champion_at=AT)
    assert policy_of(street.pk, [1], AT)[1].digest == weights(0.1).digest
    assert policy_of(street.pk, [1], AT - HOUR)[1].digest == weights(0.4).digest


def test_weights_of_another_version_are_passed_over(street):
    kept = policy(street, "champion", champion_at=AT - DAY)
    Policy.objects.filter(pk=kept.pk).update(weights={**kept.weights, "features": ["something else"]})

    assert policy_of(street.pk, [1], AT)[1].digest == shipped().digest


def test_one_query_tells_who_follows_what(street, django_assert_num_queries):
    policy(street, "champion", champion_at=AT - DAY)

    with django_assert_num_queries(1):
        policy_of(street.pk, range(10_000), AT)


def test_the_database_keeps_one_champion_and_one_trial_a_street(street):
    policy(street, "champion", champion_at=AT)
    policy(street, "shadow", shadow_at=AT)

    for status, fields in (("champion", {"champion_at": AT}), ("canary", {"canary_at": AT}), ("retired", {})):
        with pytest.raises(IntegrityError), transaction.atomic():
            policy(street, status, **fields)


@given(
    st.lists(st.integers(1, 10_000), unique=True, max_size=60),
    st.text("0123456789abcdef", min_size=12, max_size=12),
)
def test_a_fifth_of_the_homes_tries_a_policy_whoever_asks_and_in_whatever_order(homes, digest):
    chosen = canary_homes(digest, homes)

    assert chosen == canary_homes(digest, sorted(homes, reverse=True))
    assert set(chosen) <= set(homes)
    assert len(chosen) == -(-len(homes) // 5)


def test_a_newcomer_that_passes_takes_the_place_on_trial_and_is_taken_in_once(street):
    make.home(street, "Ana", make.tariff())
    before = policy(street, "canary", 0.2, canary_at=AT - DAY, canary_homes=[1])
    run = ask_for_training(community_id=street.pk, why="asked", at=AT)

    taken = [take_in(run=run, weights=weights(0.5), report=PASSED, at=AT) for _ in range(2)]

    before.refresh_from_db()
    assert taken[0] == taken[1]
    assert (before.status, taken[0].status) == ("retired", "shadow")
    assert before.steps[-1]["reasons"][0]["code"] == "overtaken"


def test_who_does_not_pass_is_kept_with_what_spoke_against_it(street):
    run = ask_for_training(community_id=street.pk, why="asked", at=AT)
    against = {"code": "homes", "ok": False, "facts": {"above": [{"home": 1, "over_neur_week": 5}]}}
    report = {"passed": False, "reasons": [*PASSED["reasons"], against]}

    kept = take_in(run=run, weights=weights(0.5), report=report, at=AT)

    assert (kept.status, kept.steps[0]["reasons"]) == ("refused", [against])


@pytest.mark.parametrize(
    ("status", "begun", "ends"), [("shadow", "shadow_at", "refused"), ("canary", "canary_at", "rolled_back")]
)
def test_a_trial_that_is_regretted_ends_at_once(street, status, begun, ends):
    champion = policy(street, "champion", champion_at=AT - 9 * DAY)
    trial = policy(street, status, 0.2, **{begun: AT - DAY})

    for _ in range(2):
        move(policy_id=trial.pk, status=status, found=REGRET, at=AT)

    trial.refresh_from_db()
    champion.refresh_from_db()
    assert (trial.status, champion.status) == (ends, "champion")
    assert len(trial.steps) == 1


def test_a_review_that_comes_too_late_moves_nothing(street):
    trial = policy(street, "canary", canary_at=AT - 8 * DAY)

    move(policy_id=trial.pk, status="shadow", found=FIGURES, at=AT)

    trial.refresh_from_db()
    assert (trial.status, trial.steps, trial.reviewed_at) == ("canary", [], None)


def test_a_champion_is_looked_at_weekly_and_a_canary_daily(street):
    champion = policy(street, "champion", champion_at=AT - 6 * DAY)
    trial = policy(street, "canary", canary_at=AT - DAY, reviewed_at=AT - DAY)

    assert due_to_review(AT) == [trial.pk]
    assert due_to_review(AT + DAY) == [champion.pk, trial.pk]


def test_a_champion_that_is_rolled_back_with_nobody_before_it_leaves_what_ships(street):
    marta = make.member(street, "Marta", Member.Role.ADMIN)
    champion = policy(street, "champion", champion_at=AT - DAY)

    assert roll_back(by=marta, policy_id=champion.pk, at=AT)
    assert not roll_back(by=marta, policy_id=champion.pk, at=AT)
    assert policy_of(street.pk, [1], AT)[1].digest == shipped().digest
    with pytest.raises(NotAllowed):
        roll_back(by=make.member(street, "Ana"), policy_id=champion.pk, at=AT)


@pytest.mark.django_db(transaction=True)
def test_two_reviews_at_once_take_one_step(street):
    make.home(street, "Ana", make.tariff())
    trial = policy(street, "shadow", shadow_at=AT - 8 * DAY)
    together = threading.Barrier(2)

    def look():
        together.wait()
        move(policy_id=trial.pk, status="shadow", found=FIGURES, at=AT)
        connection.close()

    threads = [threading.Thread(target=look) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    trial.refresh_from_db()
    assert [step["to"] for step in trial.steps] == ["canary"]


def test_a_past_is_what_was_metered_owned_and_agreed_on():
    street = weeks.street(weeks=3, import_limit_w=9_000)
    home, other = street.households.order_by("pk")[:2]
    give_mandate(household=home, given_by=None, at=AT - DAY, reserve_pct=30)
    came = weeks.MONDAY - 2 * DAY + 18 * HOUR
    weeks.car(other, [(came, 9_000, came + 13 * HOUR), (came + DAY, 4_000, came + DAY + 12 * HOUR)])

    pump = Device.objects.create(household=home, kind="load", name="Bomba", charge_w=2_000, worth_ueur_kwh=130_000)
    for quarter, wish_wh in enumerate((300, 300, 0, 0)):
        at = came + timedelta(minutes=15 * quarter)
        DeviceState.objects.create(device=pump, at=at, plugged_in=wish_wh > 0, need_wh=wish_wh, energy_wh=0)

    past = read_past(street, weeks.MONDAY, AT, 4)

    assert past.fleet.load_ueur_kwh.tolist() == [130_000, 0, 0, 0]
    assert past.wishes_wh.sum(axis=0).tolist() == [600, 0, 0, 0]
    assert past.homes.kinds == ("both", "battery", "panels", "none")
    assert past.fleet.capacity_wh.tolist() == [10_000, 10_000, 0, 0]
    assert past.fleet.reserve_wh.tolist() == [3_000, 1_000, 0, 0]
    assert past.fleet.car_w.tolist() == [0, 7_400, 0, 0]
    assert (past.fleet.import_limit_w, past.fleet.export_limit_w) == (9_000, float("inf"))
    assert past.peak_w.tolist() == [4_000, 0, 4_000, 0]
    hours = np.flatnonzero(past.arrives_wh[:, 1])
    assert past.arrives_wh[hours, 1].tolist() == [9_000, 4_000]
    assert (past.leaves[hours, 1] - hours).tolist() == [13, 12]
    noon, night = weeks.WEEK * 3 + 11, weeks.WEEK * 3 + 3
    assert (past.import_ueur_kwh[noon, 0], past.import_ueur_kwh[night, 0]) == (200_000, 100_000)


def test_the_past_is_priced_with_the_tariffs_that_hold_now():
    street = weeks.street(weeks=3)
    tariff = street.households.first().contracts.get().tariff
    newest = tariff.versions.get()
    newest.pk, newest.valid_from, newest.import_p1_ueur_kwh = None, AT.date(), 333_000
    newest.save()

    past = read_past(street, weeks.MONDAY, AT, 3)

    assert past.import_ueur_kwh.max() == 333_000


def test_readings_that_came_later_were_not_known_and_late_days_move_the_weeks():
    street = weeks.street(weeks=10)
    homes = list(street.households.order_by("pk"))
    weeks.live(homes, weeks.MONDAY, 1)

    before = read_course(street, AT)
    early = read_course(street, AT + 2 * DAY)
    after = read_course(street, AT + 7 * DAY)

    assert early.starts[-1] == before.starts[-1] == weeks.MONDAY - 7 * DAY
    assert after.starts[-1] == weeks.MONDAY


def test_a_home_without_a_contract_or_with_hardly_a_reading_is_left_out():
    street = weeks.street(weeks=3)
    new = make.home(street, "Azahar 9", make.tariff("Nueva"))
    weeks.meter(new, weeks.MONDAY - 2 * DAY, [300] * 48)
    street.households.first().contracts.all().delete()

    past = read_past(street, weeks.MONDAY, AT, 3)

    assert len(past.homes.ids) == 3


def test_the_plant_changes_with_devices_tariffs_and_limits_and_with_nothing_else():
    street = weeks.street(weeks=0)
    first = plant_hash(street.pk)
    make.read(street.households.first(), AT, 100, 0)
    assert plant_hash(street.pk) == first

    make.battery(street.households.last())
    second = plant_hash(street.pk)
    street.export_limit_w = 5_000
    street.save()

    assert len({first, second, plant_hash(street.pk)}) == 3


def test_a_champion_does_not_know_a_street_whose_tariffs_have_changed(street):
    make.home(street, "Azahar 99", make.tariff("Otra"))
    run = TrainingRun.objects.create(
        community=street, status="done", why="first", seed=1, plant_hash=plant_hash(street.pk), asked_at=AT,
        finished_at=AT,
    )  # fmt: skip
    Policy.objects.create(
        community=street, run=run, status="champion", weights=planner_only().as_json(), digest="own", made_at=AT,
        champion_at=AT,
    )  # fmt: skip
    assert knows_its_street(street.pk)

    TariffVersion.objects.update(import_p1_ueur_kwh=333_000)

    assert not knows_its_street(street.pk)
    TrainingRun.objects.update(plant_hash=plant_hash(street.pk))
    assert knows_its_street(street.pk)
