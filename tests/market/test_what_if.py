"""Trying another limit on the past: the same clearing, nothing booked, nobody else's orders told."""

import re
from datetime import timedelta
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.celery import app
from market.clearing import Book, Fees, Kind, Order, Rules, Side, clear
from market.clearing.simplex import solve
from market.clearing.what_if import Limits, part_of, with_limits
from market.grid import single_node
from market.models import Slot, Trade, WhatIf
from market.services.agents import place_orders
from market.services.clear import clear_slot
from market.services.forecasts import renew_forecasts
from market.services.what_if import KEPT, MOST_A_DAY, AskedTooOften, ask, rings, work_out
from tests import factories as make
from tests.market.test_settling import order

NOW = make.NOON + timedelta(hours=20)
RULES = {
    "min_sell": "0,12", "max_buy": "0.2", "reserve_pct": "35", "sell_periods": ["P1", "P2", "P3"],
    "buy_periods": ["P1", "P2", "P3"], "objective": "savings", "try": "yesterday",
}  # fmt: skip
NODE = single_node()
wishes = st.lists(
    st.tuples(st.sampled_from(Side), st.integers(1, 3_000), st.integers(40_000, 180_000)), min_size=1, max_size=12
)


def book_of(wishes, fee=0, kind=Kind.FIRM):
    orders = [
        Order(i, i, NODE.root, "abc", side, kind, energy_wh, limit, 60_000 if side is Side.SELL else 160_000)
        for i, (side, energy_wh, limit) in enumerate(wishes, start=1)
    ]
    return Book(**vars(Book.of(orders, nodes=NODE.nodes)) | {"fees": Fees(fee)})


@given(wishes)
def test_the_limits_that_held_change_nothing(wishes):
    book = book_of(wishes)
    side, _energy_wh, limit = wishes[0]
    same = with_limits(book, 1, Limits(limit, None) if side is Side.SELL else Limits(None, limit))

    assert clear(same, NODE, Rules(), solve).fills == clear(book, NODE, Rules(), solve).fills


@given(wishes, st.integers(60_000, 200_000))
def test_nobody_is_worse_off_than_with_the_retailer_whatever_is_tried(wishes, limit):
    book = book_of(wishes)
    tried = with_limits(book, 1, Limits(limit, limit))
    part = part_of(tried, 1, clear(tried, NODE, Rules(), solve).fills, 0)
    side, energy_wh, _limit = wishes[0]

    alone = energy_wh * (60_000 if side is Side.SELL else -160_000)
    assert part.money_neur >= alone
    assert (part.sold_wh == 0, part.bought_wh == 0) != (False, False)


def test_a_limit_beyond_everybody_leaves_the_retailer():
    book = book_of([(Side.SELL, 1_000, 80_000), (Side.BUY, 1_000, 150_000)])
    tried = with_limits(book, 1, Limits(sell_ueur_kwh=500_000))

    was, would_be = (part_of(one, 1, clear(one, NODE, Rules(), solve).fills, 0) for one in (book, tried))

    assert (was.sold_wh, would_be.sold_wh) == (1_000, 0)
    assert would_be.money_neur == 60_000 * 1_000 < was.money_neur


def test_a_wider_limit_leaves_a_battery_what_its_energy_is_worth_to_it_and_a_stricter_one_counts():
    flexible = Order(1, 1, NODE.root, "abc", Side.BUY, Kind.FLEXIBLE, 900, 70_000, 160_000)
    firm = Order(2, 1, NODE.root, "abc", Side.BUY, Kind.FIRM, 900, 70_000, 160_000)
    book = Book.of([flexible, firm], nodes=NODE.nodes)

    assert with_limits(book, 1, Limits(buy_ueur_kwh=150_000)).limit_ueur_kwh.tolist() == [70_000, 150_000]
    assert with_limits(book, 1, Limits(buy_ueur_kwh=50_000)).limit_ueur_kwh.tolist() == [50_000, 50_000]
    assert with_limits(book, 2, Limits(buy_ueur_kwh=50_000)).limit_ueur_kwh.tolist() == [70_000, 70_000]


@pytest.fixture
def street():
    return make.community(grid_fee_ueur_kwh=5_000)


@pytest.fixture
def homes(street):
    offer = make.tariff()
    return [
        make.home(street, name, offer, make.member(street, name))
        for name in ("Ana", "Bruno", "Carla", "Diego", "Eva")
    ]


@pytest.fixture
def slot(street, homes):
    slot = make.slot(street)
    order(slot, homes[0], "sell", 1_000, 90_000)
    order(slot, homes[1], "buy", 1_000, 110_000)
    clear_slot(slot_id=slot.pk, at=slot.gate_closure)
    slot.refresh_from_db()
    return slot


def asked_still():
    """The questions that a worker is still to be rung for."""
    return [given["what_if_id"] for given in rings()]


@pytest.fixture
def ana(client, homes):
    client.force_login(homes[0].member.user)
    with patch("config.clock.now", lambda: NOW):
        yield client


@pytest.mark.django_db
def test_a_member_tries_a_limit_and_reads_what_it_would_have_changed(ana, homes, slot):
    page = ana.get(f"/slots/{slot.start:%Y-%m-%dT%H%MZ}/", headers={"accept-language": "en"}).content.decode()
    asked = ana.post(f"/slots/{slot.start:%Y-%m-%dT%H%MZ}/what-if/", {"sell": "0,15"})
    waiting = ana.get(asked["location"], headers={"accept-language": "en"}).content.decode()
    before = list(Trade.objects.values_list("order_id", "energy_wh", "price_ueur_kwh"))

    for pk in asked_still():
        work_out(what_if_id=pk, solve=solve)

    answer = ana.get(asked["location"], headers={"accept-language": "en"}).content.decode()
    assert "What if your limit had been another?" in page
    assert 'name="sell"' in page
    assert 'name="buy"' not in page
    assert 'hx-trigger="every 2s"' in waiting
    assert "worse off" in answer
    assert "as it was cleared" in answer, "other pages tell what was metered"
    assert 'value="0.15"' in answer
    assert "every 2s" not in answer
    assert WhatIf.objects.get().would_be["sold_wh"] == 0
    assert WhatIf.objects.get().was["sold_wh"] == 1_000
    assert list(Trade.objects.values_list("order_id", "energy_wh", "price_ueur_kwh")) == before


@pytest.fixture
def yesterday(street, homes):
    """A slot in which the agents sold Ana's sun to Bruno."""
    early = make.NOON - timedelta(hours=1)
    make.history(homes[0], -1_000, until=early)
    make.history(homes[1], 1_000, until=early)
    renew_forecasts(community=street, at=early)
    slot = make.slot(street)
    place_orders(slot_id=slot.pk, at=slot.gate_closure - timedelta(minutes=5))
    clear_slot(slot_id=slot.pk, at=slot.gate_closure)


@pytest.mark.django_db
def test_yesterday_is_tried_with_rules_that_are_not_saved(ana, homes, yesterday):
    with patch("config.clock.now", lambda: NOW + timedelta(days=1) - timedelta(hours=12)):
        page = ana.post(
            "/rules/", {**RULES, "min_sell": "0,25"}, headers={"accept-language": "en"}
        ).content.decode()
    work_out(what_if_id=WhatIf.objects.get().pk, solve=solve)
    answer = ana.get(f"/what-if/{WhatIf.objects.get().pk}/", headers={"accept-language": "en"}).content.decode()

    assert "not saved yet" in page
    assert 'value="0,25"' in page
    assert homes[0].mandates.count() == 1
    assert "worse off" in answer  # the buyer pays 0.20 at most
    assert "with the rules you typed" in answer
    assert "orders, the battery and the car follow the rules" in answer


@pytest.mark.django_db
def test_yesterday_with_the_rules_that_held_would_have_been_the_same(ana, homes, yesterday):
    held = {**RULES, "min_sell": "0", "max_buy": "1", "reserve_pct": "10"}
    with patch("config.clock.now", lambda: NOW + timedelta(days=1) - timedelta(hours=12)):
        ana.post("/rules/", held)
    asked = WhatIf.objects.get()
    work_out(what_if_id=asked.pk, solve=solve)
    answer = ana.get(f"/what-if/{asked.pk}/", headers={"accept-language": "en"}).content.decode()

    assert "Nothing would have been different." in answer
    assert WhatIf.objects.get().was["sold_wh"] > 0


TOMORROW = NOW + timedelta(days=1) - timedelta(hours=12)


def changed(client, **rules):
    """What the page fetches when a field of the form has been changed."""
    headers = {"accept-language": "en", "hx-request": "true"}
    with patch("config.clock.now", lambda: TOMORROW):
        return client.post("/rules/yesterday/", {**RULES, **rules}, headers=headers).content.decode()


@pytest.mark.django_db
def test_a_changed_rule_is_tried_at_once_and_saves_nothing(ana, homes, yesterday):
    waiting = changed(ana, min_sell="0,25")
    asked = WhatIf.objects.get()
    before = ana.get(f"/rules/yesterday/{asked.pk}/", headers={"accept-language": "en"})

    work_out(what_if_id=asked.pk, solve=solve)

    answer = ana.get(f"/rules/yesterday/{asked.pk}/", headers={"accept-language": "en"}).content.decode()
    assert f'hx-get="/rules/yesterday/{asked.pk}/"' in waiting
    assert 'id="yesterday-said"' not in waiting, "the last answer stays until there is another"
    assert before.status_code == 204
    assert "worse off" in answer
    assert "hx-get" not in answer
    assert "worse off" in changed(ana, min_sell="0,25"), "what is known is not worked out again"
    assert WhatIf.objects.count() == 1
    assert homes[0].mandates.count() == 1


@pytest.mark.django_db
def test_what_cannot_be_a_rule_is_marked_and_the_last_answer_stays(ana, yesterday):
    answer = changed(ana, min_sell="doce", reserve_pct="3", **{"hours-0-begins": "22:00"})

    assert "Mend what is marked" in answer
    assert 'id="yesterday-said"' not in answer
    assert 'id="yesterday-figures"' not in answer
    assert re.search(r'id="id_min_sell_error"[^>]*hx-swap-oob="innerHTML"><p class="error">', answer)
    assert re.search(r'id="id_max_buy_error"[^>]*hx-swap-oob="innerHTML"></div>', answer)
    assert re.search(r'id="id_hours-0-ends_error"[^>]*><p class="error">', answer)
    assert not WhatIf.objects.exists()


@pytest.mark.django_db
def test_whoever_moves_a_slider_on_waits_for_where_it_stands(ana, yesterday):
    changed(ana, min_sell="0,11")
    changed(ana, min_sell="0,12")
    changed(ana, min_sell="0,11")

    first, second, third = WhatIf.objects.order_by("pk")
    assert (first.status, second.status, third.status) == ("passed", "passed", "asked")
    assert asked_still() == [third.pk]
    assert (
        "Other rules have been tried since."
        in ana.get(f"/rules/yesterday/{first.pk}/", headers={"accept-language": "en"}).content.decode()
    )


@pytest.mark.django_db
def test_answers_of_short_streets_do_not_wait_behind_trainings(ana, yesterday, monkeypatch):
    changed(ana, min_sell="0,11")

    def line(given):
        return app.amqp.router.route({}, "market.tasks.try_limits", kwargs=given)["queue"].name

    assert [line(given) for given in rings()] == ["solver"]
    monkeypatch.setattr("market.services.what_if.QUICK_HOMES", 4)
    assert [line(given) for given in rings()] == ["studio"]


@pytest.mark.django_db
def test_open_questions_are_rung_for_with_one_query_however_many_they_are(
    ana, homes, slot, django_assert_num_queries
):
    for limit in ("0,15", "0,16", "0,17"):
        ana.post(f"/slots/{slot.start:%Y-%m-%dT%H%MZ}/what-if/", {"sell": limit})

    with django_assert_num_queries(1):
        found = list(rings())

    assert [given["quick"] for given in found] == [True, True, True]


@pytest.mark.django_db
def test_on_a_long_street_the_page_says_how_long_an_answer_may_take(ana, yesterday, monkeypatch):
    short = changed(ana, min_sell="0,11")
    monkeypatch.setattr("market.services.what_if.QUICK_HOMES", 4)
    long = changed(ana, min_sell="0,12")

    assert "can take a minute" not in short
    assert "can take a minute" in long


@pytest.mark.django_db
def test_days_and_slots_are_counted_apart(ana, homes, yesterday, monkeypatch):
    monkeypatch.setattr("market.services.what_if.MOST_DAYS_A_DAY", 1)
    changed(ana, min_sell="0,11")

    refused = changed(ana, min_sell="0,12")

    assert "Go on tomorrow" in refused
    slot = Slot.objects.get()
    assert ask(household=homes[0], by=homes[0].member, slots=[(slot, Limits(1))], at=TOMORROW).pk


@pytest.mark.django_db
def test_the_home_that_is_looked_at_is_the_one_that_is_tried(ana, homes, street):
    second = make.home(street, "Ático", make.tariff("Ático"), homes[0].member)

    page = ana.get(f"/rules/?home={second.pk}").content.decode()

    assert f'hx-post="/rules/yesterday/?home={second.pk}"' in page


@pytest.mark.django_db
def test_nobody_reads_yesterday_of_another_home(ana, client, homes, yesterday):
    changed(ana, min_sell="0,11")
    client.force_login(homes[4].member.user)

    assert client.get(f"/rules/yesterday/{WhatIf.objects.get().pk}/").status_code == 404
    assert client.get("/rules/yesterday/").status_code == 405


@given(wishes, st.integers(60_000, 200_000))
def test_energy_that_a_battery_keeps_is_no_loss(wishes, limit):
    book = book_of(wishes, kind=Kind.FLEXIBLE)
    tried = with_limits(book, 1, Limits(limit, limit))
    was, would_be = (part_of(one, 1, clear(one, NODE, Rules(), solve).fills, 0, book) for one in (book, tried))
    side, energy_wh, asked = wishes[0]

    worth = energy_wh * asked if side is Side.SELL else 0
    assert was.total_neur >= worth
    assert would_be.total_neur >= worth


def test_a_sale_that_fails_leaves_the_battery_what_its_order_asked():
    orders = [
        Order(1, 1, NODE.root, "abc", Side.SELL, Kind.FLEXIBLE, 260, 100_000, 50_000),
        Order(2, 2, NODE.root, "abc", Side.BUY, Kind.FIRM, 260, 100_000, 160_000),
    ]
    book = Book.of(orders, nodes=NODE.nodes)
    tried = with_limits(book, 1, Limits(sell_ueur_kwh=150_000))

    was, would_be = (part_of(one, 1, clear(one, NODE, Rules(), solve).fills, 0, book) for one in (book, tried))

    assert (was.sold_wh, was.money_neur, was.kept_wh) == (260, 26_000_000, 0)
    assert (would_be.sold_wh, would_be.money_neur, would_be.kept_wh) == (0, 0, 260)
    assert would_be.total_neur == was.total_neur


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "said"), [("", "Escribe un precio"), ("doce", "Escribe un precio"), ("12", "céntimos")]
)
def test_what_is_no_price_is_said(ana, slot, typed, said):
    answer = ana.post(f"/slots/{slot.start:%Y-%m-%dT%H%MZ}/what-if/", {"sell": typed}, follow=True)

    assert said in answer.content.decode()
    assert not WhatIf.objects.exists()


@pytest.mark.django_db
def test_nobody_tries_anothers_slot_or_reads_anothers_answer(ana, client, homes, slot):
    ana.post(f"/slots/{slot.start:%Y-%m-%dT%H%MZ}/what-if/", {"sell": "0,15"})
    client.force_login(homes[4].member.user)

    assert client.get(f"/what-if/{WhatIf.objects.get().pk}/").status_code == 404
    assert client.post(f"/slots/{slot.start:%Y-%m-%dT%H%MZ}/what-if/", {"sell": "0,15"}).status_code == 404


@pytest.mark.django_db
def test_a_street_too_small_to_hide_a_home_tries_nothing(ana, homes, slot):
    make.meter(homes[4]).delete()

    assert "what-if" not in ana.get(f"/slots/{slot.start:%Y-%m-%dT%H%MZ}/").content.decode()


@pytest.mark.django_db
def test_a_street_too_small_to_hide_a_home_says_why_no_day_is_tried(ana, homes, yesterday):
    make.meter(homes[4]).delete()

    with patch("config.clock.now", lambda: NOW + timedelta(days=1) - timedelta(hours=12)):
        page = ana.post("/rules/", RULES, headers={"accept-language": "en"}).content.decode()

    assert "tell of a neighbour" in page
    assert not WhatIf.objects.exists()


@pytest.mark.django_db
def test_the_same_question_is_asked_once_and_nobody_asks_for_ever(homes, slot):
    def asking(limit):
        return ask(household=homes[0], by=homes[0].member, slots=[(slot, Limits(limit))], at=NOW)

    first = asking(100_000)
    assert asking(100_000) == first
    for number in range(1, MOST_A_DAY):
        asking(100_000 + number)
    with pytest.raises(AskedTooOften):
        asking(1)
    assert first.pk in asked_still()
    assert timedelta(days=7) == KEPT
