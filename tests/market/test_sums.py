"""No resident reads another home's day in a sum: fewer than five homes have none."""

import json
from datetime import timedelta

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.urls import reverse

from community.anonymity import FEWEST_HOMES, hides, may_see_sums
from community.models import Member
from community.services.feeders import store_feeder, usual_feeder
from market.ledger.guard import Guard
from market.ledger.tiles import unbundled
from market.models import Order, Outcome, Slot, Trade
from market.queries.fsck import faults
from market.queries.log import log_size
from market.queries.slot import book
from market.queries.street import Shared, StreetSlot, shared
from market.services.log import sign_head
from market.services.settle import settle_due
from tests import factories as make

pytestmark = pytest.mark.django_db
NOON = make.NOON
WITHHELD = "cinco hogares"


@pytest.fixture
def street():
    return make.community()


@pytest.fixture
def ana(street):
    return make.member(street, "Ana")


def homes(street, count, ana=None):
    offer = make.tariff()
    return [make.home(street, f"Casa {i}", offer, ana if i == 0 else None) for i in range(count)]


def test_five_are_the_fewest_and_none_tell_nothing():
    assert FEWEST_HOMES == 5
    assert [hides(count) for count in range(7)] == [True, False, False, False, False, True, True]


@pytest.mark.parametrize(("count", "seen"), [(4, False), (5, True)])
def test_residents_see_sums_of_five_homes_and_administrators_of_any(street, ana, count, seen):
    homes(street, count, ana)

    assert may_see_sums(ana) is seen
    assert may_see_sums(make.member(street, "Marta", Member.Role.ADMIN))


def test_a_role_counts_for_sums_with_a_second_factor_only(street, ana, settings):
    settings.SECOND_FACTOR_REQUIRED = True
    homes(street, 4, ana)
    marta = make.member(street, "Marta", Member.Role.ADMIN)

    assert not may_see_sums(marta)
    totp.TOTP.activate(marta.user, totp.generate_totp_secret())
    assert may_see_sums(marta)


@pytest.mark.parametrize("name", ["community-day", "congestion", "cables"])
@pytest.mark.parametrize(("count", "seen"), [(4, False), (5, True)])
def test_pages_of_a_small_street_say_why_they_show_nothing(client, street, ana, name, count, seen):
    make.slot(street, NOON)
    homes(street, count, ana)
    store_feeder(community=street, described=usual_feeder(community=street, kind="street"))
    client.force_login(ana.user)

    context = client.get(reverse(name)).context

    assert bool(context.get("withheld")) is not seen
    assert seen or not any(context.get(one) for one in ("figures", "chart", "hours", "elements", "fairness"))


@pytest.mark.parametrize(("count", "status"), [(4, 403), (5, 200)])
def test_files_of_sums_follow_the_same_rule(client, street, ana, count, status):
    homes(street, count, ana)
    client.force_login(ana.user)

    assert client.get(reverse("congestion-limits-csv", args=["2026", "11"])).status_code == status
    tile = client.get(reverse("log-tile", args=["entries/000.p/1"])).status_code
    assert (tile == 403) is (status == 403)


def test_the_api_of_a_small_street_tells_the_home_by_itself_only(client, street, ana):
    home = homes(street, 2, ana)[0]
    address = f"/api/v1/metering-points/{make.meter(home).public_id}/congestion"
    headers = {"authorization": f"Bearer {make.token(home)}"}

    told = client.get(address, {"month": "2026-11"}, headers=headers).json()

    assert (told["street"], told["elements"], told["fairness"]) == (None, None, None)
    assert told["home"]["bought_wh"] == 0


def ordered(slot, home, side, wh, limit, asked_wh=None):
    order = Order.objects.create(
        slot=slot, household=home, mandate=home.mandates.first(), side=side, kind="firm", energy_wh=asked_wh or wh,
        limit_ueur_kwh=limit, retailer_ueur_kwh=limit, placed_at=NOON - timedelta(minutes=10),
    )  # fmt: skip
    Outcome.objects.create(order=order, slot=slot, local_wh=wh, retailer_wh=0, reason="matched")
    if wh:
        Trade.objects.create(
            order=order, slot=slot, household=home, side=side, energy_wh=wh, price_ueur_kwh=100_000
        )


def test_the_book_takes_prices_together_until_enough_homes_stand_behind_a_sum(street, ana):
    own = homes(street, 12, ana)
    slot = make.slot(street, NOON)
    for i, home in enumerate(own):
        ordered(slot, home, "buy", 100 + i, 200_000 - 10_000 * (i // 2))

    rows = book(slot, own[0])

    assert [(row.high_ueur_kwh, row.low_ueur_kwh, row.homes) for row in rows] == [
        (200_000, 180_000, 6),
        (170_000, 150_000, 6),
    ]
    assert sum(row.energy_wh for row in rows) == sum(100 + i for i in range(12))
    assert [row.mine for row in rows] == [True, False]


def test_a_side_of_few_homes_has_prices_and_no_sums(client, street, ana):
    own = homes(street, 6, ana)
    slot = make.slot(street, NOON)
    for home in own[:5]:
        ordered(slot, home, "buy", 400, 200_000)
    ordered(slot, own[5], "sell", 2_000, 50_000)

    sell, buy = book(slot, own[0])

    assert (sell.energy_wh, sell.local_wh, sell.low_ueur_kwh) == (None, None, 50_000)
    assert (buy.homes, buy.energy_wh) == (5, 2_000)


def test_the_slots_sentence_tells_no_sum_of_few(client, street, ana):
    own = homes(street, 6, ana)
    slot = make.slot(street, NOON)
    ordered(slot, own[5], "sell", 2_345, 50_000)
    for home in own[:5]:
        ordered(slot, home, "buy", 400, 200_000)
    slot.status, slot.cleared_at = "cleared", NOON
    slot.price_ueur_kwh = 100_000
    slot.save()
    client.force_login(ana.user)

    told = client.get(reverse("slot", args=[slot.start])).content.decode()

    assert "2,35" not in told
    assert "2,3 " not in told


@pytest.fixture
def one_seller(street, ana, tmp_path):
    """A settled slot in which one home sold 2,345 Wh to five others."""
    own = homes(street, 6, ana)
    slot = make.slot(street, NOON)
    ordered(slot, own[5], "sell", 2_345, 50_000)
    make.read(own[5], NOON, 0, 2_345)
    for home in own[:5]:
        ordered(slot, home, "buy", 469, 200_000, asked_wh=600)
        make.read(home, NOON, 469, 0)
    cleared = {"status": "cleared", "cleared_at": slot.gate_closure, "price_ueur_kwh": 100_000, "traded_wh": 2_345}
    Slot.objects.filter(pk=slot.pk).update(**cleared)
    settle_due(community=street, at=NOON + timedelta(hours=2))
    return slot


def test_what_one_home_sold_stands_in_no_entry_of_the_log(client, street, ana, one_seller, tmp_path):
    sign_head(community=street, keeper=Guard(tmp_path / "signer"), at=NOON + timedelta(hours=2))
    client.force_login(ana.user)

    bundle = client.get(reverse("log-tile", args=[f"entries/000.p/{log_size(street.pk)}"])).content

    (entry,) = [json.loads(one) for one in unbundled(bundle) if b'"t":"slot"' in one]
    assert (entry["n"], entry["price"], entry["sum_wh"]) == (6, 100_000, None)
    assert list(faults(street)) == []


def test_what_one_home_sold_stands_on_no_page_of_sums(client, street, ana, one_seller):
    client.force_login(ana.user)

    pages = [
        client.get(address, headers={"accept-language": "en"})
        for address in (
            f"/street/?d={NOON:%Y-%m-%d}",
            f"/market/?d={NOON:%Y-%m-%d}",
            f"/slots/{NOON:%Y-%m-%dT%H%MZ}/",
        )
    ]

    for page in pages:
        assert page.status_code == 200
        assert not [sum_ for sum_ in ("2.345", "2.35", "2.3\u00a0kWh", "2.34") if sum_ in page.content.decode()]
    assert "changed hands" not in pages[2].content.decode()
    assert [row.local_wh for row in book(one_seller, ana.households.get())] == [None, None]


def test_what_five_sold_to_five_is_told():
    slots = [
        StreetSlot(
            NOON, NOON, "cleared", 1, 700, 1, 0, 0, False, (), frozenset(range(5)), frozenset(range(5, 10))
        ),
        StreetSlot(
            NOON, NOON, "cleared", 1, 300, 1, 0, 0, False, (), frozenset(range(4)), frozenset(range(5, 10))
        ),
    ]

    least, whole, nothing = Shared(700, whole=False), Shared(700, whole=True), Shared(None, whole=False)
    assert [shared(slots), shared(slots[:1]), shared(slots[1:])] == [least, whole, nothing]
    assert shared([]) == Shared(0, whole=True)


def traded(quarter, wh, *sellers):
    start = NOON + quarter * make.QUARTER
    sold, bought = frozenset(sellers), frozenset(range(10, 16))
    return StreetSlot(start, start, "cleared", 1, wh, 1, 0, 0, False, (), sold, bought)


def test_what_a_day_leaves_of_its_slots_and_hours_is_a_sum_of_five_or_not_told():
    told, one, others, later = traded(0, 700, *range(5)), traded(1, 20, 0), traded(2, 30, *range(1, 5)), 4

    assert shared([told, one]) == Shared(700, whole=False), "720 less 700 is what one home sold"
    assert shared([told, one, others]) == Shared(750, whole=True)
    alone = traded(later, 9, 0)
    assert shared([told, one, others, alone]) == Shared(700, whole=False), "the hour before told its 750"
    assert shared([told, one, traded(later, 40, *range(1, 5))]) == Shared(740 + 20, whole=True)


def test_a_running_day_grows_by_slots_of_five_only():
    before = [traded(0, 700, *range(5)), traded(1, 20, 0, 1), traded(2, 30, 2, 3, 4)]
    after = [*before, traded(3, 9, 0)]

    assert shared(before, over=False) == shared(after, over=False) == Shared(700, whole=False)
    assert shared(after) == Shared(759, whole=True)


def test_a_rows_trades_are_not_told_where_few_of_its_homes_traded(street, ana):
    own = homes(street, 16, ana)
    slot = make.slot(street, NOON)
    for i, home in enumerate(own[:10]):
        ordered(slot, home, "sell", 100 if i < 6 else 0, 50_000 + 10_000 * (i // 5), asked_wh=100)
    for home in own[10:]:
        ordered(slot, home, "buy", 100, 200_000)

    rows = book(slot, own[0])

    assert [(row.side, row.homes, row.local_wh) for row in rows] == [
        ("sell", 5, None),
        ("sell", 5, None),
        ("buy", 6, 600),
    ]
