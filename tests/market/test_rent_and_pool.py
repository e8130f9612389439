"""Own prices, the pool and congestion rent through the services: booked once, given back once, exact to the n€."""

import csv
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction
from django.db.models import Sum

from community.models import Household
from market.models import (
    Entry,
    Mandate,
    Order,
    Outcome,
    Posting,
    SettledHome,
    Slot,
    Statement,
    StatementLine,
    Trade,
)
from market.services.settle import settle_due
from market.services.statements import close_month
from market.wording.money import money
from tests import factories as make

pytestmark = pytest.mark.django_db

START = make.NOON
NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)
CLOSING = datetime(2026, 12, 4, tzinfo=UTC)
USUAL_RENT = 126_000_000 - 75_000_000 - 7_600_000
RENT, FEE = "congestion_rent", "grid_fee"


def bare_street():
    return make.community(grid_fee_ueur_kwh=5_000, pool_pct=0)


def homes_of(street):
    """Ana sells; Bruno and Carla buy. None of them lets its agent true up."""
    offer = make.tariff()
    names = ("Ana", "Bruno", "Carla")
    return [make.home(street, name, offer, min_sell_ueur_kwh=900_000, max_buy_ueur_kwh=0) for name in names]


@pytest.fixture
def street():
    return bare_street()


@pytest.fixture
def homes(street):
    return homes_of(street)


def cleared(street, trades, start=START, price=100_000):
    """A cleared slot of these trades: (home, side, Wh, price µ€/kWh, part for distance, gain lost to the cables)."""
    slot = make.slot(street, start)
    for home, side, energy_wh, own_price, distance, lost in trades:
        order = Order.objects.create(
            slot=slot, household=home, mandate=Mandate.objects.filter(household=home).latest("valid_from"),
            side=side, kind="firm", energy_wh=energy_wh,
            limit_ueur_kwh=own_price - (slot.grid_fee_ueur_kwh if side == "sell" else 0), retailer_ueur_kwh={"buy": 200_000, "sell": 50_000}[side],
            placed_at=slot.gate_closure,
        )  # fmt: skip
        Outcome.objects.create(
            order=order, slot=slot, local_wh=energy_wh, retailer_wh=0, lost_neur=lost, reason="filled"
        )
        Trade.objects.create(
            order=order, slot=slot, household=home, side=side, energy_wh=energy_wh, price_ueur_kwh=own_price,
            distance_ueur_kwh=distance,
        )  # fmt: skip
    Slot.objects.filter(pk=slot.pk).update(
        status="cleared", cleared_at=slot.gate_closure, price_ueur_kwh=price, traded_wh=1_000
    )
    return slot


def rule(street, **fields):
    """The street's rules for slots to come and months to close."""
    for name, value in fields.items():
        setattr(street, name, value)
    street.save()


def usual(homes, lost=(0, 0, 0)):
    """Ana sells 1,000 Wh at 0.08; before the cable Bruno pays 0.09, behind it Carla 0.15 €/kWh."""
    ana, bruno, carla = homes
    return [
        (ana, "sell", 1_000, 80_000, -2_000, lost[0]),
        (bruno, "buy", 400, 90_000, 0, lost[1]),
        (carla, "buy", 600, 150_000, 1_000, lost[2]),
    ]


def metered(homes, start=START, at=None, given=1_000, taken=(400, 600)):
    at = at or start + timedelta(minutes=20)
    make.read(homes[0], start, 0, given, at=at)
    make.read(homes[1], start, taken[0], 0, at=at)
    make.read(homes[2], start, taken[1], 0, at=at)
    settle_due(community=homes[0].community, at=at)


def balance(kind="household", household=None):
    rows = Posting.objects.filter(account__kind=kind)
    rows = rows.filter(account__household=household) if household else rows
    return rows.aggregate(Sum("amount_neur", default=0))["amount_neur__sum"]


def test_each_home_pays_and_gets_the_prices_of_its_own_trades(street, homes):
    cleared(street, usual(homes))

    metered(homes)

    ana, bruno, carla = homes
    assert balance(household=ana) == 1_000 * 75_000
    assert balance(household=bruno) == -400 * 90_000
    assert balance(household=carla) == -600 * 150_000
    assert balance(FEE) == 1_000 * 5_000 + 1_000 * 2_000 + 600 * 1_000
    assert balance(RENT) == USUAL_RENT
    assert SettledHome.objects.get(household=carla).paid_neur == 90_000_000


def test_several_orders_of_one_home_at_several_prices_add_up(street, homes):
    ana, bruno, _ = homes
    trades = [
        (ana, "sell", 700, 90_000, 0, 0),
        (bruno, "buy", 500, 120_000, 0, 0),
        (bruno, "buy", 200, 110_000, 0, 0),
    ]
    cleared(street, trades)

    metered(homes, given=700, taken=(350, 0))

    row = SettledHome.objects.get(household=bruno)
    assert (row.bought_wh, row.paid_neur) == (350, (500 * 120_000 + 200 * 110_000) // 2)
    assert SettledHome.objects.get(household=ana).earned_neur == 350 * 85_000
    assert balance(RENT) == 41_000_000 - 350 * 90_000


def test_what_others_did_not_deliver_is_given_up_by_every_gain_alike(street, homes):
    ana, bruno, carla = homes
    cleared(street, usual(homes))

    metered(homes, given=400, taken=(400, 0))  # Carla, who would have paid most, takes nothing

    rows = {row.household_id: row for row in SettledHome.objects.all()}
    # Bruno pays 36 M n€, Ana is to get 30 M and the fee is 2 M: nothing is missing, 4 M are left.
    assert [rows[home.pk].shortfall_neur for home in homes] == [0, 0, 0]
    assert (balance(FEE), balance(RENT)) == (2_000_000 + 800_000, 3_200_000)


def test_a_lack_is_shared_and_booked(street, homes):
    ana, bruno, carla = homes
    dear = [
        (ana, "sell", 1_000, 100_000, 0, 0),
        (bruno, "buy", 400, 60_000, 0, 0),
        (carla, "buy", 600, 190_000, 0, 0),
    ]
    cleared(street, dear)

    metered(homes, given=400, taken=(400, 0))

    rows = {row.household_id: row for row in SettledHome.objects.all()}
    # Bruno pays 24 M n€, Ana is to get 38 M and the fee is 2 M: 16 M of gains of 18 and 56 M.
    assert rows[ana.pk].shortfall_neur + rows[bruno.pk].shortfall_neur == 16_000_000
    assert abs(rows[ana.pk].shortfall_neur - 16_000_000 * 18 / 74) < 1
    assert (balance(FEE), balance(RENT)) == (2_000_000, 0)
    assert balance(household=ana) == 38_000_000 - rows[ana.pk].shortfall_neur


@pytest.mark.parametrize(
    ("named", "lost", "decides", "parts"),
    [
        ("per_kwh", (0, 0, 0), "per_kwh", (1_000, 400, 600)),
        ("cut_homes", (0, 30, 10), "cut_homes", (0, 3, 1)),
        ("cut_homes", (0, 0, 0), "per_kwh", (1_000, 400, 600)),
        ("equal", (0, 30, 10), "equal", (1, 1, 1)),
    ],
)
def test_closing_a_month_gives_the_rent_back_by_the_streets_rule(street, homes, named, lost, decides, parts):
    rule(street, rent_rule=named)
    cleared(street, usual(homes, lost))
    metered(homes)
    collected = balance(RENT)
    before = [balance(household=home) for home in homes]

    close_month(community=street, month=NOVEMBER, at=CLOSING)

    entry = Entry.objects.get(kind="give_back")
    assert (entry.month, entry.settlement) == (NOVEMBER, None)
    assert balance(RENT) == 0
    received = [balance(household=home) - was for home, was in zip(homes, before, strict=True)]
    assert sum(received) == collected
    for got, part in zip(received, parts, strict=True):
        assert abs(got - collected * part / sum(parts)) < 1
    assert set(Statement.objects.values_list("rent_rule", flat=True)) == {decides}
    lines = StatementLine.objects.filter(kind="rent").order_by("statement__household")
    assert list(lines.values_list("amount_neur", flat=True)) == received


def test_the_cents_of_a_closed_month_balance_with_fee_rent_and_pool(street, homes):
    rule(street, pool_pct=40, pool_rule="need")
    homes[1].priority = 3
    homes[1].save()
    cleared(street, usual(homes))
    metered(homes)

    close_month(community=street, month=NOVEMBER, at=CLOSING)

    posted = StatementLine.objects.filter(posted=True)
    assert set(posted.values_list("kind", flat=True)) == {"bought", "sold", "pool", "rent"}
    fee_cents = round(balance(FEE) / 10**7)
    assert posted.aggregate(Sum("amount_cents"))["amount_cents__sum"] == -fee_cents
    for statement in Statement.objects.all():
        exact = statement.lines.filter(posted=True).aggregate(Sum("amount_neur"))["amount_neur__sum"]
        assert exact == balance(household=statement.household)
        saving = statement.lines.get(kind="saving").amount_neur
        assert saving == statement.saving_neur


def test_a_month_closed_twice_gives_back_once(street, homes):
    cleared(street, usual(homes))
    metered(homes)

    for _ in range(2):
        close_month(community=street, month=NOVEMBER, at=CLOSING)

    assert Entry.objects.filter(kind="give_back").count() == 1
    assert balance(RENT) == 0


def test_a_month_without_rent_books_nothing_and_says_nothing(street, homes):
    ana, bruno, _ = homes
    cleared(street, [(ana, "sell", 400, 100_000, 0, 0), (bruno, "buy", 400, 100_000, 0, 0)])
    metered(homes, given=400)

    close_month(community=street, month=NOVEMBER, at=CLOSING)

    assert not Entry.objects.filter(kind="give_back").exists()
    assert set(Statement.objects.values_list("rent_rule", flat=True)) == {""}
    assert not StatementLine.objects.filter(kind__in=["rent", "pool", "shortfall"]).exists()


def test_rent_of_the_next_month_waits_for_the_next_closing(street, homes):
    later = datetime(2026, 12, 2, 11, 0, tzinfo=UTC)
    cleared(street, usual(homes))
    metered(homes)
    november = balance(RENT)
    cleared(street, usual(homes), later)
    metered(homes, later)

    close_month(community=street, month=NOVEMBER, at=CLOSING)

    assert balance(RENT) == november, "December brought as much, and it stays"
    given = StatementLine.objects.filter(kind="rent").aggregate(Sum("amount_neur"))["amount_neur__sum"]
    assert given == november


@pytest.mark.parametrize(
    ("first", "then", "change"), [((400, 600), (400, 300), "less"), ((400, 300), (400, 600), "more")]
)
def test_what_later_readings_change_is_left_to_the_next_month(street, homes, first, then, change):
    later = datetime(2026, 12, 2, 11, 0, tzinfo=UTC)
    cleared(street, usual(homes))
    metered(homes, given=sum(first), taken=first)
    close_month(community=street, month=NOVEMBER, at=CLOSING)

    metered(homes, at=CLOSING + timedelta(hours=1), given=sum(then), taken=then)
    corrected = balance(RENT)
    cleared(street, usual(homes), later)
    metered(homes, later, at=CLOSING + timedelta(hours=2))
    close_month(community=street, month=DECEMBER, at=CLOSING + timedelta(days=31))

    assert (corrected < 0) == (change == "less")
    assert balance(RENT) == 0
    assert Posting.objects.aggregate(Sum("amount_neur"))["amount_neur__sum"] == 0
    second = -Posting.objects.get(account__kind=RENT, entry__month=DECEMBER).amount_neur
    assert second == USUAL_RENT + corrected


def test_rent_that_corrections_took_away_is_not_asked_back_but_set_off(street, homes):
    cleared(street, usual(homes))
    metered(homes)
    close_month(community=street, month=NOVEMBER, at=CLOSING)
    later = datetime(2026, 12, 2, 11, 0, tzinfo=UTC)

    metered(homes, at=CLOSING + timedelta(hours=1), given=400, taken=(400, 0))
    ana, bruno, _ = homes
    cleared(street, [(ana, "sell", 400, 100_000, 0, 0), (bruno, "buy", 400, 100_000, 0, 0)], later)
    metered(homes, later, at=CLOSING + timedelta(hours=2), given=400)
    close_month(community=street, month=DECEMBER, at=CLOSING + timedelta(days=31))

    assert not Entry.objects.filter(month=DECEMBER).exists()
    assert balance(RENT) < 0
    cents = StatementLine.objects.filter(posted=True, statement__month=DECEMBER)
    assert cents.aggregate(Sum("amount_cents"))["amount_cents__sum"] == 0, "2 M n€ of fee are no cent"


def test_the_pool_is_shared_among_homes_with_a_mandate(street, homes):
    rule(street, pool_pct=20)
    Mandate.objects.filter(household=make.home(street, "Dora", make.tariff("Otra"))).delete()
    cleared(street, usual(homes))
    make.read(homes[0].community.households.get(name="Dora"), START, 0, 0)

    metered(homes)

    rows = {row.household.name: row for row in SettledHome.objects.select_related("household")}
    assert rows["Dora"].pool_neur == 0
    # Gains of 25, 44 and 30 M n€ give a fifth each, and a third of it comes out for each.
    assert [rows[name].pool_neur for name in ("Ana", "Bruno", "Carla")] == [1_600_000, -2_200_000, 600_000]
    assert balance(household=rows["Ana"].household) == 75_000_000 + 1_600_000


def test_a_later_reading_shares_the_pool_anew(street, homes):
    rule(street, pool_pct=20)
    cleared(street, usual(homes))
    metered(homes)

    metered(homes, at=START + timedelta(hours=2), given=500, taken=(200, 300))

    assert SettledHome.objects.filter(is_current=True).aggregate(Sum("pool_neur"))["pool_neur__sum"] == 0
    for home in homes:
        row = SettledHome.objects.get(household=home, is_current=True)
        assert balance(household=home) == row.earned_neur - row.paid_neur + row.pool_neur
    assert Posting.objects.aggregate(Sum("amount_neur"))["amount_neur__sum"] == 0


def test_the_database_refuses_a_settled_home_that_does_not_add_up(street, homes):
    cleared(street, usual(homes))
    metered(homes)

    with pytest.raises(DatabaseError, match="settled_home_adds_up"), transaction.atomic():
        SettledHome.objects.filter(household=homes[0]).update(pool_neur=1)


def test_the_database_gives_back_once_a_month_and_only_for_a_month(street, homes):
    cleared(street, usual(homes))
    metered(homes)
    close_month(community=street, month=NOVEMBER, at=CLOSING)
    settlement = Entry.objects.get(kind="settle").settlement

    wrong = [
        ("entry_gives_back_once_a_month", {"kind": "give_back", "month": NOVEMBER}),
        ("entry_belongs_to_a_settlement_or_a_month", {"kind": "give_back"}),
        ("entry_belongs_to_a_settlement_or_a_month", {"kind": "settle", "month": DECEMBER}),
        (
            "entry_belongs_to_a_settlement_or_a_month",
            {"kind": "give_back", "month": DECEMBER, "settlement": settlement},
        ),
    ]
    for name, fields in wrong:
        with pytest.raises(DatabaseError, match=name), transaction.atomic():
            Entry.objects.create(community=street, booked_at=CLOSING, **fields)


@pytest.mark.usefixtures("owner")
@pytest.mark.parametrize("rows", [Entry, Posting, Statement, StatementLine])
def test_what_a_closing_wrote_can_be_neither_changed_nor_deleted(street, homes, rows):
    cleared(street, usual(homes))
    metered(homes)
    close_month(community=street, month=NOVEMBER, at=CLOSING)
    written = rows.objects.order_by("-pk")[:1]
    row = written.get()

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        rows.objects.filter(pk=row.pk).update(
            **{rows._meta.fields[-1].name: getattr(row, rows._meta.fields[-1].attname)}
        )
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        rows.objects.filter(pk=row.pk)._raw_delete(rows.objects.db)


def test_a_correction_weighs_the_pool_as_the_slot_was_settled_first(street, homes):
    rule(street, pool_pct=40, pool_rule="need")
    cleared(street, usual(homes))
    metered(homes)
    Household.objects.filter(pk=homes[0].pk).update(priority=9)

    metered(homes, at=START + timedelta(hours=2), given=500, taken=(200, 300))

    assert set(SettledHome.objects.values_list("settlement__revision", "priority")) == {(1, 0), (2, 0)}


def as_read_by(client, home, path):
    """A page in English as the home's member sees it, without markup of its own between words."""
    home.member = make.member(home.community, home.name)
    home.save()
    client.force_login(home.member.user)
    page = client.get(path, headers={"accept-language": "en"})
    return page.content.decode().replace("\xa0", " ").replace("&#x27;", "'")


def test_the_slot_page_shows_own_prices_and_the_pool_and_adds_up(client, street, homes):
    rule(street, pool_pct=20)
    cleared(street, usual(homes))
    metered(homes)

    page = as_read_by(client, homes[2], "/slots/2026-11-23T1100Z/")

    assert "600 Wh × 0.150 €/kWh" in page
    assert "From the common pool" in page
    assert "20 % of every home's gain goes into the pool, which is shared equally." in page
    row = SettledHome.objects.get(household=homes[2])
    shown = money(row, Slot.objects.get())
    assert sum(line.amount_neur for line in shown.lines) == shown.actual_neur


def test_the_statement_says_what_waits_and_then_what_was_given_back_and_why(client, street, homes):
    rule(street, pool_pct=20, rent_rule="equal")
    cleared(street, usual(homes))
    metered(homes)

    waiting = as_read_by(client, homes[0], "/months/2026-11/")
    close_month(community=street, month=NOVEMBER, at=CLOSING)
    rule(street, rent_rule="per_kwh")
    closed = (
        client.get("/months/2026-11/", headers={"accept-language": "en"}).content.decode().replace("\xa0", " ")
    )

    assert "The street has collected 0.04 € of congestion rent" in waiting
    assert "The street has collected" not in closed
    assert "Congestion rent given back" in closed
    assert "all homes, the same to each." in closed
    assert "Common pool" in closed
    assert [line.kind for line in client.get("/months/2026-11/").context["lines"]] == [
        "bought", "sold", "pool", "rent", "retailer_import", "retailer_export", "saving",
    ]  # fmt: skip


def test_the_csv_of_a_month_holds_the_money_with_neighbours(client, street, homes):
    cleared(street, usual(homes))
    metered(homes)
    homes[2].member = make.member(street, "Carla")
    homes[2].save()
    client.force_login(homes[2].member.user)

    (row,) = csv.DictReader(client.get("/months/2026-11.csv").content.decode().splitlines())

    assert (row["paid_neur"], row["earned_neur"], row["shortfall_neur"], row["pool_neur"]) == (
        "90000000",
        "0",
        "0",
        "0",
    )
