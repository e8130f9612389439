"""No page asks the database more often for a larger street, a longer past or longer lists."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver, reverse

from community.demo.neighbourhood import cups as well_formed
from community.models import Device, Member, SupplyContract
from community.services.feeders import store_feeder, usual_feeder
from community.services.members import invite
from community.services.tariffs import add_offer
from config import clock
from market.addresses import SlotStart
from market.models import PaymentItem, PaymentRun, SharingAdvice, Statement
from market.services.accuracy import watch_forecasts
from market.services.agents import place_orders
from market.services.clear import clear_slot
from market.services.forecasts import renew_forecasts
from market.services.pilots import begin
from market.services.settle import settle_due
from market.services.sharing import keep_shares
from market.services.slots import open_slots
from market.services.statements import close_month
from market.services.wallets import live_wallets
from metering.services.datadis import give_consent
from metering.services.meter_files import take_in
from metering.services.readings import ReadingRow, store_readings
from tests import factories as make
from tests.market.pilot.test_year import street as scenario
from tests.market.test_tariffs_page import offer as offered

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
NOON = make.NOON
NOW = NOON + HOUR * 5
# Noons of the days that a street has traded on: one day, and three in as many months.
SHORT, LONG = (NOON,), (datetime(2026, 9, 23, 10, tzinfo=UTC), datetime(2026, 10, 23, 10, tzinfo=UTC), NOON)
KNOWN = {"year": 2026, "month": 11, "start": NOON, "path": "0/000", "form": "json"}
QUERIES = {
    "home": ("?d=2026-11-22",),
    "community-day": ("?d=2026-11-22",),
    "energy": ("?v=week", "?v=month&unit=eur", "?v=year", "?v=year&d=2025-11-22"),
    "energy-csv": ("?v=year",),
    "cables": (f"?t={SlotStart().to_url(NOON)}",),
    "statement": ("?day=2026-11-23",),
}
MOST = 36  # of any page
FILES = Path(__file__).parents[1] / "metering" / "files"


@pytest.fixture(autouse=True)
def stopped_clock(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)


def street(name, homes, noons):
    """A street whose every list is as long as it has homes, or days."""
    community = make.community(
        slug=name, name=name, slot_minutes=60, export_limit_w=2_000, legal_mode="private_settlement"
    )
    admin = make.member(community, f"Marta{name}", Member.Role.ADMIN)
    resident = make.member(community, f"Ana{name}")
    owners = [admin, resident]
    offer = offer_of(admin, "Tres")
    built = [
        make.home(community, f"Azahar {number}", offer, owners[number] if number < 2 else None)
        for number in range(homes)
    ]
    for number, home in enumerate(built):
        home.metering_points.update(cups=well_formed(100 * homes + number))
        if number % 3 < 2:
            make.battery(home)
            Device.objects.create(household=home, kind="pv", name="Placas", peak_w=4_000)
    store_feeder(community=community, described=usual_feeder(community=community, kind="street"))
    for noon in noons:
        lived(community, built, noon)
    lists(community, built, admin, len(noons))
    for noon in noons:
        close_month(community=community, month=date(2026, noon.month, 1), at=NOW)
    live_wallets(community=community, at=NOW)
    paid(community, admin, len(noons))
    return community, resident.user, admin.user


def offer_of(admin, name):
    return add_offer(
        by=admin, at=make.NOON, offer=offered(name=f"{name} {admin.pk}", wallet={"wallet_ppm": 800_000})
    )


def lived(community, homes, noon):
    """Hours around a noon: foretold, ordered, cleared, metered, settled."""
    for number, home in enumerate(homes):
        hours = [(noon - HOUR * back, -900 if number % 3 == 1 else 400) for back in range(26, -5, -1)]
        rows = [
            ReadingRow(channel, start, max(sign * net_wh, 0))
            for start, net_wh in hours
            for channel, sign in (("import", 1), ("export", -1))
        ]
        store_readings(
            metering_point=make.meter(home), rows=rows, source="api", content_sha256="0" * 64,
            at=noon + HOUR * 5, minutes=60,
        )  # fmt: skip
    renew_forecasts(community=community, at=noon - timedelta(minutes=20))
    open_slots(community=community, first=noon, until=noon + HOUR * 5)
    for slot in community.slots.filter(start__gte=noon, start__lt=noon + HOUR * 5).order_by("start"):
        place_orders(slot_id=slot.pk, at=slot.start - timedelta(minutes=10))
        clear_slot(slot_id=slot.pk, at=slot.gate_closure)
    settle_due(community=community, at=NOW)
    watch_forecasts(community=community, at=noon + HOUR * 5)


def lists(community, homes, admin, length):
    """What administrators keep: invitations, tokens, consents, files, coefficients, advice, pilots, offers."""
    for number, home in enumerate(homes):
        make.token(home)
        give_consent(
            metering_point=make.meter(home), holder_nif="12345678Z", given_by=admin, at=NOW, until=NOW + HOUR
        )
        if number > 1:
            invite(invited_by=admin, email=f"{number}.{community.slug}@example.org", household=home, at=NOW)
    file = FILES / "edistribucion_dirty.csv"
    supplies = [make.meter(home).cups for home in homes]
    for number in range(length):
        content = file.read_bytes() + f"{community.pk}{number}".encode()
        take_in(community=community, name=file.name, content=content, at=NOW, uploaded_by=admin)
        keep_shares(
            by=admin, plant_cups=supplies[0], shares=dict.fromkeys(supplies, 1), year=2026,
            agreed_on=NOW.date(), note=f"{number}", at=NOW + HOUR * number,
        )  # fmt: skip
        facts = {"community": community, "aim": "most", "asked_by": admin, "asked_at": NOW}
        SharingAdvice.objects.create(hourly=False, **facts)
        begin(name=f"Calle {number}", scenario=scenario(), owner=admin.user, at=NOW)
        other = offer_of(admin, f"Otra {number}")
        SupplyContract.objects.create(household=homes[0], tariff=other, valid_from=date(2026, 11, 2 + number))


def paid(community, admin, length):
    """A run for the bank a month, with every home in it."""
    for number in range(length):
        run = PaymentRun.objects.create(community=community, made_by=admin, made_at=NOW + HOUR * number)
        month = date(2026, 11 - number, 1)
        for statement in Statement.objects.filter(household__community=community, month=month):
            PaymentItem.objects.create(run=run, statement=statement, cents=-5)


def counts(user, other):
    """By address, how many queries each page takes for one and for the other; `None` for whom it does not open.

    What a first visit keeps does not count: where it asks more of one street, or too much, the next one is asked.
    """
    clients = [Client(), Client()]
    for client, one in zip(clients, (user, other), strict=True):
        client.force_login(one)
    found = {}
    for address in addresses():
        first = [asked(client, address) for client in clients]
        if first == [None, None]:
            continue
        well = first[0] == first[1] <= MOST
        found[address] = first if well else [asked(client, address) for client in clients]
    return found


def asked(client, address):
    """How many queries a visit takes; `None` where nobody is let in."""
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(address)
    return len(queries) if answer.status_code == 200 else None


def addresses():
    """Every address that is made of dates only."""
    for name, patterns in get_resolver().reverse_dict.lists():
        wanted = {part for found in patterns for _path, parts in found[0] for part in parts}
        if isinstance(name, str) and wanted <= KNOWN.keys():
            plain = reverse(name, kwargs={part: KNOWN[part] for part in wanted})
            yield from (plain + query for query in ("", *QUERIES.get(name, ())))


def test_no_page_takes_more_queries_for_more_homes_and_days():
    few, many = street("corta", 6, SHORT), street("larga", 12, LONG)

    found = {
        (role, page): numbers
        for place, role in ((1, "resident"), (2, "admin"))
        for page, numbers in counts(few[place], many[place]).items()
    }

    assert {page: numbers for page, numbers in found.items() if numbers[0] != numbers[1]} == {}
    assert {page: numbers for page, numbers in found.items() if max(numbers) > MOST} == {}
    assert sum(role == "resident" for role, _page in found) > 25
    assert sum(role == "admin" for role, _page in found) > 40
