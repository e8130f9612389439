"""The owner's rules as they are kept, and as the agents of a street meet them in a slot."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from community.models import Device
from community.services.devices import StateReport, record_states
from market.agents import Decision, HoursRule, OrderWish
from market.models import Mandate, MandateHours, Order, SetPoint
from market.queries.agents import assignments, read_street
from market.queries.mandates import mandate_terms
from market.queries.settle import slot_cases
from market.services import agents
from market.services.agents import place_orders
from market.services.mandates import give_mandate
from tests import factories as make

pytestmark = pytest.mark.django_db

AT = make.NOON - timedelta(minutes=10)
SIESTA = HoursRule(days="working", from_minute=12 * 60, to_minute=16 * 60, may_trade=False)


@pytest.fixture
def street():
    return make.community()


@pytest.fixture
def ana(street):
    return make.home(street, "Ana", make.tariff(), make.member(street, "Ana"))


def give(home, at=AT, **limits):
    return give_mandate(household=home, given_by=home.member, at=at, **limits)


def seen(street, slot, at=AT):
    return assignments(read_street(street, slot.start, at), slot, at)[0].observation


def report(device, minutes_before_noon, **facts):
    record_states([StateReport(device.pk, make.NOON - timedelta(minutes=minutes_before_noon), **facts)])


def set_point(street, device, hours_before_noon, base_wh, energy_wh):
    slot = make.slot(street, make.NOON - timedelta(hours=hours_before_noon))
    SetPoint.objects.create(slot=slot, device=device, base_wh=base_wh, energy_wh=energy_wh)
    return slot


def charger(home):
    return Device.objects.create(household=home, kind="ev_charger", name="Coche", charge_w=7_400)


def test_the_same_rules_again_are_no_new_version_and_other_hours_are(ana):
    first = give(ana, hours=[SIESTA], cycles_tenths=15)
    again = give(ana, AT + timedelta(minutes=1), hours=[SIESTA], cycles_tenths=15)
    other = give(ana, AT + timedelta(minutes=2), cycles_tenths=15)

    assert first == again != other
    assert mandate_terms(Mandate.objects.get(pk=first.pk)).hours == (SIESTA,)
    assert mandate_terms(Mandate.objects.get(pk=other.pk)).hours == ()


@pytest.mark.parametrize(
    ("limits", "message"), [({"cycles_tenths": 0}, "cycles a day"), ({"valid_until": AT}, "end after it begins")]
)
def test_rules_that_nobody_can_mean_are_not_kept(ana, limits, message):
    with pytest.raises(ValueError, match=message):
        give(ana, **limits)

    assert Mandate.objects.filter(household=ana).count() == 1


@pytest.mark.parametrize(
    "nonsense",
    [
        {"from_minute": 600, "to_minute": 600, "may_trade": False},
        {"period": "P1", "days": "rest", "may_trade": False},
        {"min_sell_ueur_kwh": -1},
        {},
    ],
)
def test_the_database_refuses_hours_that_cannot_be(ana, nonsense):
    with pytest.raises(IntegrityError):
        MandateHours.objects.create(mandate=ana.mandates.get(), position=0, **nonsense)


@pytest.mark.parametrize("role", ["site", "owner"])
def test_what_was_ordered_and_permitted_never_changes(street, ana, request, role):
    if role == "owner":
        request.getfixturevalue("owner")
    given = give(ana, hours=[SIESTA], cycles_tenths=15)
    Order.objects.create(
        slot=make.slot(street), household=ana, mandate=given, side="buy", kind="firm", energy_wh=1_000,
        limit_ueur_kwh=90_000, retailer_ueur_kwh=150_000, placed_at=AT,
    )  # fmt: skip
    changes = [
        (Order, {"limit_ueur_kwh": 1}), (Order, {"energy_wh": 1}), (Order, {"mandate": ana.mandates.earliest("pk")}),
        (Mandate, {"max_buy_ueur_kwh": 1}), (Mandate, {"valid_until": None}), (MandateHours, {"may_trade": True}),
    ]  # fmt: skip

    for model, change in changes:
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            model.objects.update(**change)


def test_an_agent_sees_the_terms_of_every_slot_ahead(street, ana):
    give(ana, hours=[SIESTA])

    terms = seen(street, make.slot(street)).terms

    assert [terms[i].may_buy for i in (0, 15, 16, 95)] == [False, False, True, True]


@pytest.mark.parametrize("rest", [{"paused": True}, {"valid_until": make.NOON}, {"hours": [SIESTA]}])
def test_a_paused_or_expired_mandate_or_closed_hours_write_no_order(street, ana, rest):
    give(ana, **rest)
    make.battery(ana)
    slot = make.slot(street)

    place_orders(slot_id=slot.pk, at=AT)

    assert Order.objects.count() == 0


def test_no_policy_gets_past_the_rules(street, ana, monkeypatch):
    give(ana, min_sell_ueur_kwh=90_000, reserve_pct=50)
    battery = make.battery(ana)
    report(battery, 20, soc_wh=6_000)
    slot = make.slot(street)
    greedy = OrderWish(battery.pk, "sell", "flexible", 9_000, 10_000)
    monkeypatch.setattr(
        agents, "decide_on", lambda level, seen, planned: Decision((greedy,), {battery.pk: 0}, (), 0)
    )

    place_orders(slot_id=slot.pk, at=AT)

    order = Order.objects.get()
    assert (order.energy_wh, order.limit_ueur_kwh) == (950, 90_000)


def test_what_a_battery_has_given_today_is_metered_then_asked_for(street, ana):
    give(ana, AT - timedelta(days=2), cycles_tenths=10)
    battery = make.battery(ana)
    report(battery, 13 * 60, energy_wh=-4_000, soc_wh=6_000)  # yesterday evening
    report(battery, 6 * 60, energy_wh=-500, soc_wh=6_000)
    report(battery, 3 * 60, energy_wh=-700, soc_wh=6_000)
    report(battery, 2 * 60 + 30, energy_wh=900, soc_wh=7_000)
    set_point(street, battery, 4, -999, -999)  # metered by now
    set_point(street, battery, 2, -100, -300)
    under_way = set_point(street, battery, 0.25, -100, None)
    wish = {"side": "sell", "kind": "flexible", "energy_wh": 50, "limit_ueur_kwh": 90_000, "retailer_ueur_kwh": 0}
    Order.objects.create(
        slot=under_way, household=ana, mandate=ana.mandates.first(), device=battery, placed_at=AT, **wish
    )

    (store,) = seen(street, make.slot(street)).batteries

    assert store.given_today_wh == 500 + 700 + 300 + 150


def test_without_a_limit_of_cycles_nobody_counts(street, ana):
    battery = make.battery(ana)
    report(battery, 60, energy_wh=-500, soc_wh=6_000)

    assert seen(street, make.slot(street)).batteries[0].given_today_wh == 0


def test_the_owner_speaks_for_a_car_that_says_nothing(street, ana):
    give(ana, AT - timedelta(days=2), ev_ready_minute=7 * 60, ev_target_wh=10_000)
    car = charger(ana)
    report(car, 10 * 60, energy_wh=8_000, plugged_in=False)
    report(car, 3 * 60, energy_wh=0, plugged_in=True)
    report(car, 2 * 60, energy_wh=1_500, plugged_in=True)
    set_point(street, car, 1, 0, 600)

    (found,) = seen(street, make.slot(street)).ev_chargers

    assert found.need_wh == 10_000 - 1_500 - 600
    assert found.ready_by == make.NOON + timedelta(hours=19)


@pytest.mark.parametrize(("begins", "wishes"), [(13, 0), (11, 1)])
def test_a_car_is_charged_in_its_hours_only(street, ana, begins, wishes):
    give(ana, AT - timedelta(days=2), ev_from_minute=begins * 60, ev_until_minute=20 * 60)
    car = charger(ana)
    report(car, 15, plugged_in=True, need_wh=20_000)
    slot = make.slot(street)

    place_orders(slot_id=slot.pk, at=slot.gate_closure - timedelta(minutes=5))

    assert slot.orders.filter(household=ana, side="buy", kind="flexible").count() == wishes


def test_a_car_that_speaks_for_itself_is_believed(street, ana):
    give(ana, AT - timedelta(days=2), ev_ready_minute=7 * 60, ev_target_wh=10_000)
    car, leaves = charger(ana), make.NOON + timedelta(hours=3)
    report(car, 3 * 60, plugged_in=True, need_wh=2_000, ready_by=leaves)
    report(car, 60, energy_wh=2_000, plugged_in=True, need_wh=0, ready_by=leaves)

    (found,) = seen(street, make.slot(street)).ev_chargers

    assert (found.need_wh, found.ready_by) == (0, leaves)


def test_the_true_up_keeps_the_hours_and_prices_of_the_rules(street, ana):
    give(ana, AT - timedelta(days=1), hours=[SIESTA, HoursRule("P1", max_buy_ueur_kwh=120_000)])

    (noon, night) = (
        slot_cases(street, [make.slot(street, make.NOON + later)])[0][1].terms[0]
        for later in (timedelta(), timedelta(hours=6))
    )

    assert (noon.may_buy, noon.may_sell, noon.max_buy_ueur_kwh) == (False, False, 120_000)
    assert (night.may_buy, night.may_sell, night.max_buy_ueur_kwh) == (True, True, 120_000)
