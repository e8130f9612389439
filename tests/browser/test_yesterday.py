"""What yesterday would have been, while the rules are being set: with JavaScript at every change, without it by a
button."""

import os
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest

from community.models import DeviceState
from market.clearing.simplex import solve
from market.models import WhatIf
from market.services.agents import place_orders
from market.services.clear import clear_slot
from market.services.forecasts import renew_forecasts
from market.services.what_if import rings, work_out
from tests import factories as make
from tests.browser.checks import problems
from tests.browser.conftest import DESK, PHONE, happens, log_in

pytestmark = pytest.mark.django_db(transaction=True)

EVENING = make.NOON + timedelta(hours=8)
NEXT_DAY = make.NOON + timedelta(days=1)
PLACE = "(one => [one.offsetTop, one.offsetHeight])(document.getElementById('rules'))"
SHOTS = os.environ.get("AZOTEA_SHOTS")


@pytest.fixture
def ana():
    """A home with a battery and a car that gave in the evening, on a street of five."""
    street, offer = make.community(), make.tariff()
    names = ("Ana", "Bruno", "Carla", "Diego", "Eva")
    homes = [make.home(street, name, offer, make.member(street, name)) for name in names]
    for home in homes:
        make.history(home, 40 if home is homes[0] else 400, until=EVENING - timedelta(hours=1))
    renew_forecasts(community=street, at=EVENING - timedelta(minutes=50))
    battery = make.battery(homes[0])
    homes[0].devices.create(kind="ev_charger", name="Coche", charge_w=3_700)
    for i in range(4):
        slot = make.slot(street, EVENING + make.QUARTER * i)
        at = slot.gate_closure - timedelta(minutes=5)
        DeviceState.objects.create(device=battery, at=at, soc_wh=9_000 - 700 * i)
        place_orders(slot_id=slot.pk, at=at)
        clear_slot(slot_id=slot.pk, at=slot.gate_closure)
    with patch("config.clock.now", lambda: NEXT_DAY):
        yield homes[0]


def shown(page, name):
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png")


def worked_out():
    """A worker's turn: how many questions were open."""
    asked = [given["what_if_id"] for given in rings()]
    for pk in asked:
        work_out(what_if_id=pk, solve=solve)
    return len(asked)


@pytest.mark.parametrize(
    ("tongue", "size"), [("es-ES", PHONE), ("en-GB", DESK), ("es-ES", DESK), ("en-GB", PHONE)], ids=str
)
def test_yesterday_follows_the_slider(open_page, ana, tongue, size):
    page, sent = open_page(tongue, size), []
    page.on("request", lambda one: sent.append(one.url) if one.method == "POST" else None)
    log_in(page, "ana@example.org", make.PASSWORD)
    page.goto("/rules/")
    said, state = page.locator("#yesterday-said"), page.locator("#yesterday-state")
    begun = said.inner_text()
    name = f"{tongue}-{size['width']}"
    shown(page, f"{name}-begun")
    box = page.evaluate(PLACE)
    sent.clear()

    # a slider that is moved on is one question, when it rests
    slider = page.locator("input[name=reserve_pct]")
    slider.focus()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    happens(page, WhatIf.objects.exists, "a question")
    happens(page, lambda: page.locator(".reckoning").count(), "being reckoned")
    assert said.inner_text() == begun
    assert said.evaluate("one => getComputedStyle(one).opacity") == "1", "only an answer that is older is dimmed"
    shown(page, f"{name}-reckoning")
    assert happens(page, worked_out, "an open question") == 1
    happens(page, lambda: said.inner_text() != begun, "an answer")
    answer = said.inner_text()
    assert "€" in answer
    assert page.locator(".reckoning").count() == 0
    assert len(sent) == 1
    assert slider.evaluate("one => one === document.activeElement")
    shown(page, f"{name}-answer")

    # figures that were opened stay open, and nothing of the form has moved
    page.locator("#yesterday summary").focus()
    page.keyboard.press("Enter")
    shown(page, f"{name}-figures")
    assert page.evaluate(PLACE) == box
    assert problems(page, "/rules/") == []
    page.check("input[name=objective][value=resilience]")
    happens(page, worked_out, "another question")
    happens(page, lambda: page.locator(".reckoning").count() == 0, "another answer")
    assert page.locator("#yesterday table").is_visible()
    page.keyboard.press("Escape")
    page.locator("#yesterday summary").click()

    # what cannot be is marked, and the last answer stays
    answer = said.inner_text()
    page.fill("input[name=min_sell]", "doce")
    wrong = page.locator("#id_min_sell_error")
    happens(page, wrong.inner_text, "what is wrong")
    assert page.get_attribute("#id_min_sell", "aria-invalid") == "true"
    assert "id_min_sell_error" in page.get_attribute("#id_min_sell", "aria-describedby")
    assert said.inner_text() == answer
    marked = state.inner_text()
    shown(page, f"{name}-wrong")
    assert problems(page, "/rules/") == []
    page.fill("input[name=min_sell]", "0")
    happens(page, lambda: not wrong.inner_text(), "mended")
    assert page.get_attribute("#id_min_sell", "aria-invalid") is None
    happens(page, lambda: state.inner_text() != marked, "no longer marked")
    assert ana.mandates.count() == 1


@pytest.mark.parametrize("tongue", ["en-GB", "es-ES", "ca-ES"])
def test_on_a_phone_it_is_one_line_until_something_was_asked(open_page, ana, tongue):
    page = open_page(tongue, PHONE)
    log_in(page, "ana@example.org", make.PASSWORD)
    page.goto("/rules/")
    panel, state = page.locator("#yesterday"), page.locator("#yesterday-state")
    shown(page, f"{tongue}-empty")

    empty = panel.bounding_box()["height"]
    page.fill("input[name=min_sell]", "doce")
    happens(page, state.inner_text, "what is wrong")
    shown(page, f"{tongue}-empty-wrong")

    assert empty <= 40
    assert panel.evaluate("one => one.getBoundingClientRect().bottom <= innerHeight")
    assert page.get_by_role("region", name=page.locator("#yesterday-title").text_content()).count() == 1
    assert problems(page, "/rules/") == []


def test_without_scripts_a_button_asks_for_it(open_page, ana):
    page = open_page("en-GB", PHONE, script=False)
    log_in(page, "ana@example.org", make.PASSWORD)
    page.goto("/rules/")
    page.fill("input[name=reserve_pct]", "95")

    page.click("button[name=try]")
    waiting = page.inner_text("#yesterday-state")
    shown(page, "plain-reckoning")
    assert worked_out() == 1
    page.click("#yesterday-state a")

    assert "Being reckoned" in waiting
    assert "better off" in page.inner_text("main") or "worse off" in page.inner_text("main")
    assert ana.mandates.count() == 1
