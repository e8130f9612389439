"""An invited neighbour's first day: join, set the rules, let the meter report, read why."""

import json
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.test import Client

from community.models import Household, Member
from market.models import Mandate, SettledHome, Slot
from market.services.agents import place_orders
from market.services.clear import clear_slot
from market.services.forecasts import renew_forecasts
from market.services.settle import settle_due
from market.services.slots import open_slots
from tests import factories as make
from tests.browser.conftest import log_in

pytestmark = pytest.mark.django_db(transaction=True)

START = make.NOON + timedelta(minutes=30)


@pytest.fixture
def at():
    """One clock for every door."""
    instant = {"now": make.NOON}
    doors = ("config.clock.now", "metering.api.views.now", "metering.api.authentication.now")
    patches = [patch(door, lambda: instant["now"]) for door in doors]
    for one in patches:
        one.start()
    yield lambda now: instant.update(now=now)
    for one in patches:
        one.stop()


def report(home, token, start, import_wh, export_wh):
    rows = [
        {"channel": "import", "start": start.isoformat(), "energy_wh": import_wh},
        {"channel": "export", "start": start.isoformat(), "energy_wh": export_wh},
    ]
    answer = Client().post(
        f"/api/v1/metering-points/{make.meter(home).public_id}/readings",
        json.dumps({"readings": rows}),
        content_type="application/json",
        headers={"authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 201


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_from_invitation_to_why(open_page, at, script):
    street = make.community()
    offer = make.tariff()
    marta = make.home(street, "Azahar 1", offer, make.member(street, "Marta", Member.Role.ADMIN))
    free = make.home(street, "Azahar 21", offer)
    Mandate.objects.filter(household=free).delete()
    make.battery(free)
    make.history(marta, 800)
    make.history(free, -600)

    # an administrator invites a neighbour
    admin = open_page(script=script)
    log_in(admin, "marta@example.org", make.PASSWORD)
    admin.goto("/neighbours/")
    admin.click("text=Invite a neighbour")
    admin.fill("input[name=email]", "lola@example.org")
    admin.select_option("select[name=household]", label="Azahar 21")
    admin.click("text=Create the invitation")
    link = admin.input_value("#link")

    # the neighbour accepts and sets a minimum price and a battery reserve
    lola = open_page("es-ES", script=script)
    lola.goto(link)
    lola.fill("input[name=name]", "Lola")
    lola.fill("input[name=password]", "corta")
    lola.fill("input[name=again]", "corta")
    lola.click("button:has-text('Unirme')")
    assert lola.locator(".error").count() == 1
    lola.fill("input[name=password]", make.PASSWORD)
    lola.fill("input[name=again]", make.PASSWORD)
    lola.click("button:has-text('Unirme')")
    lola.wait_for_url("**/rules/")
    lola.fill("input[name=min_sell]", "0,09")
    lola.fill("input[name=reserve_pct]", "35")
    lola.click("button:has-text('Guardar mis reglas')")
    assert "Guardado" in lola.inner_text(".messages")
    mandate = Mandate.objects.get(household=free)
    assert (mandate.min_sell_ueur_kwh, mandate.reserve_pct) == (90_000, 35)
    assert Household.objects.get(pk=free.pk).member.user.name == "Lola"

    # the market runs one slot, both meters report
    at(START - timedelta(minutes=10))
    open_slots(community=street, first=START, until=START + make.QUARTER)
    renew_forecasts(community=street, at=START - timedelta(minutes=10))
    slot = Slot.objects.get(start=START)
    place_orders(slot_id=slot.pk, at=START - timedelta(minutes=10))
    clear_slot(slot_id=slot.pk, at=slot.gate_closure)
    at(START + timedelta(minutes=20))
    free.refresh_from_db()
    token = make.token(marta, free)
    report(marta, token, START, 800, 0)
    report(free, token, START, 0, 600)
    settle_due(community=street, at=START + timedelta(minutes=20))
    assert SettledHome.objects.get(household=free, start=START).sold_wh > 0

    # the neighbour reads what happened and why
    lola.goto("/")
    assert "vendido" in lola.inner_text("h1")
    lola.locator("a:has-text('¿por qué?')").first.click()
    assert "Azahar 1" not in lola.inner_text("main"), "no neighbour is named"
    assert "kWh" in lola.inner_text("h1")
