"""The walk of docs/walk.md: one kWh from Ana's roof to her statement, over HTTP and tasks."""

import json
from datetime import UTC, date, datetime, timedelta
from unittest.mock import patch

import pytest
from django.test import Client

from market import tasks
from market.models import Entry, Order, Posting, SettledHome, Slot, Statement, Trade
from market.services.statements import close_month
from metering.models import Reading
from tests import factories as make

pytestmark = pytest.mark.django_db(transaction=True)

START = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)


@pytest.fixture
def at():
    """Sets the neighbourhood's clock for the doors: tasks and API."""
    instants = {"now": START}
    doors = ("market.tasks.now", "metering.api.views.now", "metering.api.authentication.now", "config.clock.now")
    patches = [patch(door, lambda: instants["now"]) for door in doors]
    for one in patches:
        one.start()
    yield lambda instant: instants.update(now=instant)
    for one in patches:
        one.stop()


def post(token, household, rows):
    return Client().post(
        f"/api/v1/metering-points/{make.meter(household).public_id}/readings",
        json.dumps({"readings": rows}),
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )


@pytest.fixture
def eager():
    """Tasks run where they are rung for."""
    conf = tasks.tick.app.conf
    conf.task_always_eager = True
    yield
    conf.task_always_eager = False


@pytest.mark.usefixtures("eager")
def test_one_kwh_from_meter_to_statement(at):
    street = make.community(grid_fee_ueur_kwh=5_000)
    offer = make.tariff()
    ana = make.home(street, "Ana", offer, make.member(street, "Ana"), min_sell_ueur_kwh=90_000)
    bruno = make.home(street, "Bruno", offer, make.member(street, "Bruno"), max_buy_ueur_kwh=160_000)
    token = make.token(ana, bruno)
    # their past: Ana gives 1 kWh every quarter of an hour, Bruno takes 1.5
    make.history(ana, -1_000, until=START - timedelta(hours=1))
    make.history(bruno, 1_500, until=START - timedelta(hours=1))

    # 2. at 11:50 (Madrid) the agents order inside their mandates
    at(START - timedelta(minutes=10))
    tasks.tick_books()
    tasks.tick()
    slot = Slot.objects.get(start=START)
    orders = {order.household_id: order for order in Order.objects.filter(slot=slot)}
    assert (orders[ana.pk].side, orders[ana.pk].energy_wh, orders[ana.pk].limit_ueur_kwh) == (
        "sell",
        1_000,
        90_000,
    )
    assert (orders[bruno.pk].side, orders[bruno.pk].energy_wh, orders[bruno.pk].limit_ueur_kwh) == (
        "buy", 1_500, 160_000,
    )  # fmt: skip
    assert orders[ana.pk].mandate == ana.mandates.get()

    # 3. at 11:55 the gate closes and the slot clears
    at(START - timedelta(minutes=5))
    tasks.tick()
    slot.refresh_from_db()
    assert slot.status == "cleared"
    assert slot.price_ueur_kwh == 160_000, "Bruno wants more than there is, so his limit is marginal"
    assert sorted(Trade.objects.values_list("side", "energy_wh")) == [("buy", 1_000), ("sell", 1_000)]

    # 1. after delivery both gateways post what the meters saw
    at(START + timedelta(minutes=16))
    assert post(token, ana, [
        {"channel": "export", "start": "2026-11-23T12:00:00+01:00", "energy_wh": 1_000},
        {"channel": "import", "start": "2026-11-23T12:00:00+01:00", "energy_wh": 0},
    ]).status_code == 201  # fmt: skip
    assert post(token, bruno, [
        {"channel": "export", "start": "2026-11-23T11:00:00Z", "energy_wh": 0},
        {"channel": "import", "start": "2026-11-23T11:00:00Z", "energy_wh": 1_400},
    ]).status_code == 201  # fmt: skip
    assert Reading.objects.filter(start=START).count() == 4

    # 4. the slot settles: metered against traded, one balanced entry
    tasks.tick_books()
    tasks.tick_books()
    sold = SettledHome.objects.get(household=ana, start=START)
    assert (sold.sold_wh, sold.export_wh) == (1_000, 1_000)
    assert sold.baseline_neur - sold.actual_neur == 1_000 * (155_000 - 50_000)
    entry = Entry.objects.get(settlement__slot=slot)
    assert sum(posting.amount_neur for posting in entry.postings.all()) == 0
    assert Posting.objects.get(account__household=ana).amount_neur == 155_000_000
    assert Posting.objects.get(account__kind="grid_fee").amount_neur == 5_000_000

    # 6. Ana reads why, in her language
    page = Client(headers={"accept-language": "en"})
    page.login(username="ana@example.org", password=make.PASSWORD)
    why = page.get("/slots/2026-11-23T1100Z/").content.decode()
    assert "1.00" in why or "1,000" in why or "1 kWh" in why or "1.0" in why

    # 5. the month closes once, to the cent
    at(datetime(2026, 12, 4, tzinfo=UTC))
    close_month(community=street, month=date(2026, 11, 1), at=datetime(2026, 12, 4, tzinfo=UTC))
    close_month(community=street, month=date(2026, 11, 1), at=datetime(2026, 12, 5, tzinfo=UTC))
    statement = Statement.objects.get(household=ana)
    lines = {line.kind: line.amount_cents for line in statement.lines.all()}
    assert lines["sold"] == 16, "15.5 cents, rounded with the pool of the street"
    assert lines["saving"] == 11
