"""Who gets a home next sees nothing of the time before: not on a page, not by a token, not in a letter."""

import json
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.test import Client
from django.urls import reverse

from community.models import Household, Member
from market.models import Entry, Event, WhatIf
from market.queries.happened import happened
from market.services.deliveries import ask_for_deliveries
from market.services.leaving import leave
from market.services.statements import close_month
from market.wording.own_records import packed
from tests import factories as make
from tests.market.ledger.conftest import begun, guard, homes, logged, street
from tests.market.ledger.test_own_records import lines, living_in, unpacked
from tests.market.test_rent_and_pool import CLOSING, NOVEMBER, cleared, metered, usual

__all__ = ["begun", "guard", "homes", "logged", "street"]
pytestmark = pytest.mark.django_db
QUARTER = timedelta(minutes=15)
CAME = make.NOON + QUARTER + timedelta(minutes=1)  # within the second of three quarters


@pytest.fixture(autouse=True)
def _clock():
    with (
        patch("config.clock.now", lambda: CLOSING),
        patch("metering.api.authentication.now", lambda: CLOSING),
        patch("metering.api.completeness.now", lambda: CLOSING),
    ):
        yield


@pytest.fixture
def eva(street):
    return make.member(street, "Eva")


def moved_in(home, member):
    Household.objects.filter(pk=home.pk).update(member=member, records_from=CAME)
    home.refresh_from_db()
    return home


def asked(home, what, **query):
    """What a token of the home is told."""
    address = f"/api/v1/metering-points/{make.meter(home).public_id}/{what}"
    return Client().get(address, query, headers={"authorization": f"Bearer {make.token(home)}"}).json()


def test_receipts_and_breaches_begin_with_the_present_neighbour(client, logged, eva):
    moved_in(logged[0], eva)
    client.force_login(eva.user)

    with patch("market.queries.evidence.Evidence.beyond", lambda *_: [["sell", 1, 1]]):
        told = client.get(reverse("proof")).context

    assert [row.start for row, _signed in told["rows"]] == [make.NOON + 2 * QUARTER]
    assert [slot.start for slot in told["breaches"]] == [make.NOON + 2 * QUARTER]


@pytest.mark.parametrize("more", [{}, {"resolution": "PT1H"}, {"resolution": "P1M"}])
def test_a_token_reads_no_reading_from_before(logged, eva, more):
    home = logged[0]
    window = {"start": (make.NOON - QUARTER).isoformat(), "end": (make.NOON + 3 * QUARTER).isoformat()}

    def told():
        return [row["energy_wh"] for row in asked(home, "readings", channel="export", **window, **more)]

    before = told()
    moved_in(home, eva)

    assert len(told()) == 1
    assert sum(before) == 3 * sum(told()) > 0


def test_a_token_hears_of_no_gap_plan_or_month_from_before(logged, eva):
    home = moved_in(logged[0], eva)

    whole = asked(home, "completeness", month="2026-11")
    month = asked(home, "congestion", month="2026-11")
    window = {"start": make.NOON.isoformat(), "end": (make.NOON + 3 * QUARTER).isoformat()}
    plan = asked(home, "plan", **window)

    assert whole["start"] == "2026-11-23T12:30:00+01:00"
    assert {one["present"] for one in whole["channels"]} == {1}
    assert month["home"] is None
    assert [slot["start"] for slot in plan["slots"]] == ["2026-11-23T12:30:00+01:00"]


def test_the_page_of_what_was_held_back_shows_no_home_in_a_month_from_before(client, logged, eva):
    moved_in(logged[0], eva)
    client.force_login(eva.user)

    def cards(month):
        return client.get(reverse("congestion-month", args=["2026", month])).context["cards"]

    assert cards("11") == []
    assert len(cards("12")) == 1


def test_an_answer_to_what_somebody_before_asked_is_not_found(client, logged, eva):
    ana = make.member(eva.community, "Ana")
    facts = {"household": logged[0], "asked_by": ana, "asked_at": make.NOON, "limits": []}
    old = WhatIf.objects.create(start=make.NOON, end=make.NOON + QUARTER, **facts)
    new = WhatIf.objects.create(start=make.NOON + 2 * QUARTER, end=make.NOON + 3 * QUARTER, **facts)
    moved_in(logged[0], eva)
    client.force_login(eva.user)

    assert [client.get(reverse("tried", args=[one.pk])).status_code for one in (old, new)] == [404, 200]


def test_a_statement_of_before_is_neither_sent_nor_told(street, homes, eva):
    cleared(street, usual(homes))
    metered(homes)
    moved_in(homes[0], eva)
    close_month(community=street, month=NOVEMBER, at=CLOSING)

    sent = ask_for_deliveries(community=street, at=CLOSING)
    told = list(happened(street, {Event.STATEMENT: [eva], Event.DIGEST: [eva]}, CLOSING))

    assert (sent, told) == (0, [])
    Household.objects.update(records_from=None)
    assert ask_for_deliveries(community=street, at=CLOSING) == 1
    assert len(list(happened(street, {Event.STATEMENT: [eva]}, CLOSING))) == 1


def test_what_is_closed_or_booked_later_of_the_time_before_is_in_nobody_elses_copy(street, logged, eva):
    marta = make.member(street, "Marta", Member.Role.ADMIN)
    ana = living_in(street, "Ana", logged[0])
    left = Entry.objects.earliest("booked_at").booked_at - timedelta(seconds=1)
    leave(member_id=ana.pk, by=marta, at=left)
    Household.objects.filter(pk=logged[0].pk).update(member=eva)
    close_month(community=street, month=NOVEMBER, at=CLOSING)

    hers, his = (unpacked(b"".join(packed(one))) for one in (eva, ana))

    assert json.loads(hers["records.json"])["statements"] == []
    assert json.loads(hers["records.json"])["statement_lines"] == []
    assert len(json.loads(his["records.json"])["statements"]) == 1
    before = f",{make.NOON:%Y-%m-%dT%H:%M:%SZ},"
    assert before in "".join(lines(his, "postings"))
    assert before not in "".join(lines(hers, "postings"))
