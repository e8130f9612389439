"""axe and the rules of a well-made page on every page, on a phone and on a desk, in both languages, in light and dark."""

from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from unittest.mock import patch

import pytest

from community.demo.neighbourhood import cups as well_formed
from community.models import Device, JoinRequest, Member
from community.services.announcements import Written, announce
from community.services.feeders import store_feeder, usual_feeder
from community.services.members import invite
from community.services.tariffs import add_offer, give_contract
from market.ledger.guard import Guard
from market.models import LogAnchor, PaymentItem, PaymentRun, SharingAdvice, Statement
from market.services.accuracy import watch_forecasts
from market.services.agents import place_orders
from market.services.clear import clear_slot
from market.services.erasure import ask
from market.services.forecasts import renew_forecasts
from market.services.log import sign_head
from market.services.log_keys import rotate_key
from market.services.payments import keep_account, keep_creditor
from market.services.pilots import begin
from market.services.settle import settle_due
from market.services.sharing import keep_shares
from market.services.sharing_advice import work_out
from market.services.slots import open_slots
from market.services.statements import close_month
from market.services.wallets import live_wallets
from metering.services.datadis import give_consent
from metering.services.equipment import keep_equipment
from metering.services.joining import ask as ask_to_join
from metering.services.meter_files import take_in
from tests import factories as make
from tests.browser.checks import problems
from tests.browser.conftest import DESK, PHONE, log_in
from tests.market.pilot.test_studio import lived
from tests.market.pilot.test_year import street as scenario
from tests.market.test_payments import CREDITOR, IBANS
from tests.market.test_tariffs_page import offer as offered
from tests.snapshots import once

pytestmark = pytest.mark.django_db(transaction=True)

FILES = Path(__file__).parents[1] / "metering" / "files"
NOW = make.NOON + timedelta(hours=2)
PAGES = (
    "/", "/?d=2026-11-22", "/energy/", "/energy/?v=month&unit=eur", "/energy/?d=2026-11-21", "/slots/2026-11-23T1100Z/", "/street/", "/street/congestion/", "/street/congestion/2026-12/",
    "/street/rules/", "/street/forecasts/", "/street/cables/", "/street/cables/new/", "/street/cables/homes/", "/rules/", "/months/", "/months/2026-11/",
    "/market/", "/months/2026-11/?day=2026-11-23", "/neighbours/", "/neighbours/invite/", "/neighbours/letters/", "/neighbours/import/", "/neighbours/requests/", "/street/outside/", "/announcements/", "/announcements/new/", "/meter-files/", "/meter-files/columns/", "/completeness/",
    "/gateways/", "/gateways/new/", "/equipment/", "/account/equipment/", "/account/equipment/new/", "/datadis/", "/consent/", "/agents/", "/help/", "/help/rules/", "/help/api/", "/styleguide/", "/more/", "/roles/", "/account/password/change/", "/account/email/", "/account/sessions/", "/account/second-factor/", "/account/second-factor/totp/activate/", "/account/second-factor/webauthn/", "/account/reauthenticate/", "/nowhere/",
    "/closing/", "/closing/?m=2026-11", "/tariffs/", "/tariffs/new/", "/sharing/", "/sharing/?m=2026-11", "/pilots/", "/pilots/new/?homes=3",
    "/tariffs/prices/", "/tariffs/new/?preset=pvpc", "/street/law/", "/payments/", "/account/bank/", "/sharing/advice/", "/sharing/mine/", "/virtual-battery/",
    "/when/", "/when/?length=60&power=1&by=2026-11-24T08:00&sort=price", "/account/notices/", "/letters/end/x/",
    "/account/privacy/", "/account/privacy/log/", "/account/data/", "/account/erase/", "/audit/?m=2026-11", "/erasures/",
    "/proof/", "/proof/costs/",
)  # fmt: skip


@pytest.fixture
def street():
    """The street that has everything, on the afternoon that it was built on."""
    # The style page is for those who build; the other pages must not tell what only they may see.
    building = patch("community.views.styleguide.settings", SimpleNamespace(DEBUG=True))
    with patch("config.clock.now", lambda: NOW), building:
        yield once(built)


def built():
    """A street with trades, an open invitation and a closed month, signed with a key that was replaced, and anchored."""
    street = make.community(
        export_limit_w=1_000, legal_mode="private_settlement", join_open=True, figures_public=True
    )
    offer = make.tariff()
    marta = make.home(street, "Azahar 1", offer, make.member(street, "Marta", Member.Role.ADMIN))
    ana = make.home(street, "Azahar 3", offer)
    make.battery(marta)
    Device.objects.create(household=marta, kind="ev_charger", name="Coche", charge_w=7_400)
    store_feeder(community=street, described=usual_feeder(community=street, kind="street"))
    make.history(marta, -700)
    make.history(ana, 300)
    renew_forecasts(community=street, at=make.NOON - timedelta(minutes=10))
    open_slots(community=street, first=make.NOON, until=NOW)
    for slot in street.slots.order_by("start"):
        place_orders(slot_id=slot.pk, at=slot.gate_closure - timedelta(minutes=5))
        clear_slot(slot_id=slot.pk, at=slot.gate_closure)
        make.read(marta, slot.start, 0, 700)
        make.read(ana, slot.start, 300, 0)
    settle_due(community=street, at=NOW)
    with TemporaryDirectory() as folder:
        anchored(street, Guard(Path(folder)))
    watch_forecasts(community=street, at=NOW)
    close_month(community=street, month=date(2026, 11, 1), at=NOW)
    admin = marta.member
    file = FILES / "edistribucion_dirty.csv"
    street.file = take_in(community=street, name=file.name, content=file.read_bytes(), at=NOW).public_id
    street.point = make.meter(marta).public_id
    for number, (maker, version) in enumerate({"EG4": "", "Enphase": "", "Victron": "3.42"}.items()):
        facts = {"kind": "inverter", "maker": maker, "model": f"Envoy {number}", "firmware": version}
        street.equipment = keep_equipment(household=marta, at=NOW, **facts).pk
    pilot = begin(name="Calle Nueva", scenario=scenario(import_limit_w=9_000), owner=admin.user, at=NOW)
    lived(pilot)
    waiting = begin(name="Calle Otra", scenario=scenario(), owner=admin.user, at=NOW)
    street.tried = (pilot.public_id, waiting.public_id)
    street.tariff = add_offer(by=admin, at=NOW, offer=offered()).pk
    street.advice = paid_and_shared(street, marta, ana)
    lola = make.member(street, "Lola")
    give_consent(
        metering_point=make.meter(marta),
        holder_nif="12345678Z",
        given_by=admin,
        at=NOW,
        until=NOW + timedelta(days=9),
    )
    for member in (admin, lola):
        ask(member=member, at=NOW)
    written = Written("Asamblea", "El jueves a las siete.", "", "", "", "", days=14)
    street.announced = announce(by=admin, written=written, at=NOW, site="https://azotea.example").pk
    ask_to_join(community=street, name="Eva", email="eva@example.com", place="Azahar 9", cups="", at=NOW)
    street.wish, street.lola = JoinRequest.objects.get().pk, lola.pk
    street.secret = invite(invited_by=admin, email="eva@example.org", household=None, at=NOW)[1]
    return street


def anchored(street, keeper):
    """Heads of two keys, of which the newest is with two anchors: one is complete, one only promised."""
    sign_head(community=street, keeper=keeper, at=NOW)
    rotate_key(community=street, keeper=keeper, at=NOW)
    head = sign_head(community=street, keeper=keeper, at=NOW)
    for kind, place, complete_at in (
        ("rfc3161", "https://tsa.example/a/rather/long/path/of/an/authority", NOW),
        ("opentimestamps", "https://a.calendar.example, https://b.calendar.example", None),
    ):
        LogAnchor.objects.create(
            head=head, kind=kind, content=b"file", place=place, asked_at=NOW, complete_at=complete_at, said_at=NOW
        )


def paid_and_shared(street, marta, ana):
    """Coefficients, an account with a mandate and a run for the bank; advice that waits and advice that is done."""
    admin = marta.member
    for number, home in enumerate((marta, ana), start=1):
        point = make.meter(home)
        point.cups = well_formed(number)
        point.save()
    supplies = [make.meter(home).cups for home in (marta, ana)]
    keep_shares(
        by=admin, plant_cups=supplies[0], shares={supplies[0]: 1, supplies[1]: 1}, year=2026,
        agreed_on=NOW.date(), note="Todos", at=NOW,
    )  # fmt: skip
    give_contract(by=admin, at=NOW, household_id=marta.pk, tariff_id=street.tariff, valid_from=date(2026, 1, 1))
    live_wallets(community=street, at=NOW)
    held = keep_account(household=marta, holder="Marta", iban=IBANS[1], signed_on=NOW.date(), by=admin, at=NOW)
    keep_creditor(by=admin, holder="Calle", iban=IBANS[0], creditor_id=CREDITOR, at=NOW)
    run = PaymentRun.objects.create(community=street, made_by=admin, made_at=NOW)
    for number, statement in enumerate(Statement.objects.filter(household__community=street)):
        account = held if number else None
        PaymentItem.objects.create(run=run, statement=statement, cents=-5, account=account)
    facts = {"community": street, "aim": "most", "asked_by": admin, "asked_at": NOW}
    asked = [SharingAdvice.objects.create(hourly=hourly, **facts).pk for hourly in (True, False)]
    work_out(advice_id=asked[0])
    return asked


def every_page(street):
    """Of whoever administers the street: those with an address of their own, and one of each kind of thing."""
    return (
        *PAGES,
        f"/announcements/{street.announced}/",
        f"/neighbours/requests/{street.wish}/",
        f"/neighbours/members/{street.lola}/end/",
        f"/meter-files/{street.file}/",
        f"/metering-points/{street.point}/changes/",
        f"/tariffs/{street.tariff}/check/",
        f"/account/equipment/{street.equipment}/",
        *(f"/sharing/advice/{one}/" for one in street.advice),
        *(f"/pilots/{one}/" for one in street.tried),
    )


@pytest.mark.parametrize(
    ("viewport", "locale", "scheme"), [(PHONE, "es-ES", "light"), (DESK, "en-GB", "dark")], ids=["phone", "desk"]
)
def test_no_page_has_an_accessibility_problem(open_page, street, viewport, locale, scheme):
    page = open_page(locale, viewport)
    page.emulate_media(color_scheme=scheme)
    found = []
    for path in (
        "/login/",
        "/offline/es/",
        f"/join/{street.secret}/",
        "/join/nothing/",
        "/c/calle/join/",
        "/c/calle/",
    ):
        page.goto(path)
        found += problems(page, path)
    log_in(page, "marta@example.org", make.PASSWORD)
    for path in every_page(street):
        page.goto(path)
        page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
        found += problems(page, path)

    assert found == []


def test_the_try_it_page_works_under_its_own_rules(open_page, street):
    page = open_page(viewport=DESK)

    page.goto("/api/v1/docs")

    page.wait_for_selector(".opblock")
    assert page.locator(".opblock").count() >= 5
