"""An administrator brings the street's cables in, and a resident looks at them; with and without JavaScript."""

from datetime import timedelta
from unittest.mock import patch

import pytest

from community.models import Household, Member, Node
from market.models import Slot
from market.services.clear import clear_slot
from tests import factories as make
from tests.browser.checks import problems
from tests.browser.conftest import DESK, PHONE, log_in
from tests.market.test_settling import order

pytestmark = pytest.mark.django_db(transaction=True)

AT = make.NOON + timedelta(minutes=40)
HEAD = "line,from,to,r_ohm,x_ohm,limit_a,s_kva\ntransformer,,busbar,0.01,0.03,,100\n"
CHAIN = "l1,busbar,azahar-1,0.05,0.02,100,\nl2,azahar-1,azahar-3,0.05,0.02,100,\n"
RING = "l3,azahar-3,azahar-5,0.05,0.02,100,\nl4,azahar-5,azahar-1,0.05,0.02,100,\n"


def cables(*parts):
    return {"name": "azahar.csv", "mimeType": "text/csv", "buffer": "".join(parts).encode()}


@pytest.fixture
def street():
    """A street without cables, of an administrator's and a resident's home."""
    street = make.community()
    offer = make.tariff()
    make.home(street, "Azahar 1", offer, make.member(street, "Marta", Member.Role.ADMIN))
    make.home(street, "Azahar 3", offer, make.member(street, "Ana"))
    with patch("config.clock.now", lambda: AT):
        yield street


@pytest.mark.usefixtures("sums_of_few")
@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_from_a_file_to_the_cables_of_a_slot(open_page, street, script):
    # a ring is refused by the names of its connections
    marta = open_page(viewport=DESK, script=script)
    log_in(marta, "marta@example.org", make.PASSWORD)
    marta.goto("/more/")
    marta.click("main >> text=The street's cables")
    marta.set_input_files("input[type=file]", cables(HEAD, CHAIN, RING))
    marta.click("text=See what it says")
    assert "azahar-5" in marta.inner_text(".error")
    assert "form a loop" in marta.inner_text(".error")

    # the mended file is looked at, then stored
    marta.set_input_files("input[type=file]", cables(HEAD, CHAIN))
    marta.click("text=See what it says")
    assert "3 connections, 2 cables" in marta.inner_text("h1")
    assert not Node.objects.exists()
    marta.click("text=Store these cables")

    # both homes are connected in one form
    marta.select_option("select >> nth=0", "azahar-1")
    marta.select_option("select >> nth=2", "azahar-3")
    marta.select_option("select >> nth=3", "")
    marta.click("text=Save the connections")
    assert "The connections are saved." in marta.inner_text(".messages")
    assert list(Household.objects.order_by("name").values_list("node__code", "phase")) == [
        ("azahar-1", "abc"), ("azahar-3", ""),
    ]  # fmt: skip

    # the market clears a slot
    Household.objects.update(phase="abc")
    homes = Household.objects.order_by("name")
    slot = make.slot(street, make.NOON + 2 * make.QUARTER)
    order(slot, homes[0], "sell", 500, 90_000)
    order(slot, homes[1], "buy", 900, 150_000)
    clear_slot(slot_id=slot.pk, at=slot.gate_closure)

    # a resident sees it from the street's page
    ana = open_page("es-ES", PHONE, script=script)
    log_in(ana, "ana@example.org", make.PASSWORD)
    ana.goto("/street/")
    ana.click("text=Todos los cables, periodo a periodo")
    assert "lo más lleno fue" in ana.inner_text("h1")
    assert ana.locator(".cable-row").count() == 4
    assert ana.locator(".cable-row:has-text('tuyo: Azahar 3')").count() == 1
    assert "Azahar 1" not in ana.inner_text("main")
    assert Slot.objects.count() == 1


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_what_is_looked_at_before_storing_is_accessible(open_page, street, viewport):
    page = open_page("es-ES", viewport)
    log_in(page, "marta@example.org", make.PASSWORD)

    page.goto("/street/cables/")
    found = problems(page, "no cables")
    page.goto("/street/cables/new/")
    page.set_input_files("input[type=file]", cables(HEAD, CHAIN))
    page.click("form[enctype] button")
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    found += problems(page, "check")

    assert found == []
