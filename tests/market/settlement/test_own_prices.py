"""Settlement with prices by place or by order, fees by distance and the pool: its promises on random slots."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.ledger import BalancedEntry
from market.settlement import Metered, Posting, SlotCase, SlotFacts, Terms, Traded, settle
from market.settlement.rent import Stake, given_back
from tests.examples import examples

fast = settings(max_examples=examples(200), deadline=None)
energies = st.one_of(st.just(0), st.integers(1, 4_000))
FEE, RENT = ("grid_fee", None), ("congestion_rent", None)


@st.composite
def priced(draw: st.DrawFn, *, delivered: bool = False) -> SlotCase:
    """A slot in which every home has prices of its own inside its bounds; `delivered` as cleared, if wanted."""
    facts = SlotFacts(
        draw(st.integers(0, 300_000)),
        draw(st.sampled_from([0, 5_000])),
        draw(st.integers(0, 40)),
        draw(st.sampled_from(["equal", "need"])),
    )
    metered, traded, terms = [], [], []
    for home in range(draw(st.integers(1, 8))):
        feed_in = draw(st.integers(0, 90_000))
        charged = feed_in + draw(st.integers(1, 200_000))
        sold, bought = draw(energies), draw(energies)
        traded.append(
            Traded(
                home, sold, bought,
                earned_neur=sold * feed_in + draw(st.integers(0, sold * 150_000)),
                paid_neur=draw(st.integers(0, bought * charged)),
                sold_distance_neur=draw(st.integers(-sold * 2_000, sold * 20_000)),
                bought_distance_neur=draw(st.integers(-bought * 2_000, bought * 20_000)),
            )
        )  # fmt: skip
        missing = not delivered and draw(st.sampled_from([False] * 9 + [True]))
        seen = (bought, sold) if delivered else (draw(energies), draw(energies))
        metered.append(Metered(home, None if missing else seen[0], None if missing else seen[1]))
        terms.append(
            Terms(
                home, charged, feed_in, draw(st.integers(0, 300_000)), draw(st.integers(0, 300_000)),
                draw(st.booleans()), draw(st.booleans()), draw(st.integers(0, 9)), draw(st.sampled_from([True] * 4 + [False])),
            )
        )  # fmt: skip
    if delivered:
        _match(metered, traded, terms)
    return SlotCase(facts, tuple(metered), tuple(traded), tuple(terms))


def _match(metered, traded, terms):
    """One home more, which takes or gives what the others left over at what its retailer charges or pays."""
    more = sum(row.sold_wh - row.bought_wh for row in traded)
    sold, bought = max(-more, 0), max(more, 0)
    home = len(traded)
    metered.append(Metered(home, bought, sold))
    traded.append(Traded(home, sold, bought, sold * 40_000, bought * 160_000))
    terms.append(Terms(home, 160_000, 40_000, 0, 300_000))


def booked(answer, account):
    return sum(posting.amount_neur for posting in answer.postings if posting.account == account)


@fast
@given(priced())
def test_nobody_pays_more_than_its_retailer_alone_would_charge(case):
    for line in settle(case).lines:
        assert line.actual_neur <= line.baseline_neur


@fast
@given(priced())
def test_money_adds_up_to_zero_and_no_purpose_of_the_grid_gives_any(case):
    answer = settle(case)

    BalancedEntry(answer.postings)
    assert booked(answer, FEE) >= 0
    assert booked(answer, RENT) >= 0
    assert sum(line.bought_wh for line in answer.lines) == sum(line.sold_wh for line in answer.lines)


@fast
@given(priced())
def test_every_line_adds_up_and_is_what_is_booked(case):
    answer = settle(case)

    for line in answer.lines:
        neighbours = line.earned_neur - line.paid_neur - line.shortfall_neur + line.pool_neur
        retailer = (line.import_wh - line.bought_wh) * line.import_ueur_kwh
        retailer -= (line.export_wh - line.sold_wh) * line.feed_in_ueur_kwh
        assert line.actual_neur == retailer - neighbours
        assert booked(answer, ("household", line.household_id)) == neighbours
        assert line.shortfall_neur >= 0
        assert 0 <= line.bought_wh <= line.import_wh
        assert 0 <= line.sold_wh <= line.export_wh


@fast
@given(priced(), st.randoms())
def test_the_order_of_rows_changes_nothing(case, random):
    def mixed(rows):
        return tuple(random.sample(rows, len(rows)))

    other = replace(case, metered=mixed(case.metered), traded=mixed(case.traded), terms=mixed(case.terms))

    assert settle(other) == settle(case)


@fast
@given(priced())
def test_the_pool_moves_money_between_homes_and_takes_no_more_than_its_part_of_a_gain(case):
    pooled = settle(case)
    alone = settle(replace(case, facts=replace(case.facts, pool_pct=0)))

    assert sum(line.pool_neur for line in pooled.lines) == 0
    for before, after, terms in zip(alone.lines, pooled.lines, case.terms, strict=True):
        assert after.saving_neur == before.saving_neur + after.pool_neur
        assert after.saving_neur * 100 >= before.saving_neur * (100 - case.facts.pool_pct)
        assert terms.takes_part or after.pool_neur == 0


@fast
@given(priced())
def test_uniform_prices_in_money_and_by_the_slots_price_are_the_same(case):
    price, fee = case.facts.price_ueur_kwh, case.facts.grid_fee_ueur_kwh
    silent = [Traded(row.household_id, row.sold_wh, row.bought_wh) for row in case.traded]
    stated = [
        replace(row, earned_neur=row.sold_wh * (price - fee), paid_neur=row.bought_wh * price) for row in silent
    ]

    assert settle(replace(case, traded=tuple(stated))) == settle(replace(case, traded=tuple(silent)))


def two(exported: int, imported: int, *, earned: int, paid: int, **fields: int) -> SlotCase:
    """Home 1 sold 1,000 Wh to home 2; the retailer charges 0.20 and pays 0.05 €/kWh."""
    return SlotCase(
        SlotFacts(100_000, 5_000),
        (Metered(1, 0, exported), Metered(2, imported, 0)),
        (
            Traded(
                1, 1_000, 0, earned_neur=earned, paid_neur=0, sold_distance_neur=fields.get("sold_distance", 0)
            ),
            Traded(2, 0, 1_000, 0, paid, bought_distance_neur=fields.get("bought_distance", 0)),
        ),
        (Terms(1, 200_000, 50_000, 200_000, 0), Terms(2, 200_000, 50_000, 200_000, 0)),
    )


def test_what_buyers_pay_beyond_sellers_and_fee_is_congestion_rent():
    answer = settle(two(1_000, 1_000, earned=70_000_000, paid=150_000_000))

    assert answer.postings == (
        Posting(("household", 1), 70_000_000, -1_000),
        Posting(("household", 2), -150_000_000, 1_000),
        Posting(FEE, 5_000_000, 0),
        Posting(RENT, 75_000_000, 0),
    )


def test_the_parts_that_pay_for_distance_go_to_the_grid_fee():
    case = two(
        1_000, 1_000, earned=93_000_000, paid=101_000_000, bought_distance=1_000_000, sold_distance=2_000_000
    )

    answer = settle(case)

    assert (booked(answer, FEE), booked(answer, RENT)) == (8_000_000, 0)


def test_half_a_delivery_costs_half():
    answer = settle(two(500, 1_000, earned=70_000_001, paid=150_000_001), true_up=False)

    assert [line.earned_neur for line in answer.lines] == [35_000_000, 0]
    assert [line.paid_neur for line in answer.lines] == [0, 75_000_000]


def three() -> SlotCase:
    """Before the full cable home 1 sold dear to nobody who delivered; behind it 2 sold cheap; 3 bought cheap."""
    return SlotCase(
        SlotFacts(100_000),
        (Metered(1, 0, 1_000), Metered(2, 0, 0), Metered(3, 1_000, 0), Metered(4, 0, 0)),
        (
            Traded(1, 1_000, 0, 150_000_000, 0), Traded(2, 1_000, 0, 60_000_000, 0),
            Traded(3, 0, 1_000, 0, 60_000_000), Traded(4, 0, 1_000, 0, 150_000_000),
        ),
        tuple(Terms(home, 200_000, 50_000, 200_000, 0) for home in (1, 2, 3, 4)),
    )  # fmt: skip


def test_where_undelivered_trades_leave_a_lack_every_gain_gives_up_the_same_share():
    answer = settle(three())

    # Home 1 gets 150 and home 3 pays 60 M n€: 90 M are missing, of gains of 100 M and 140 M.
    assert [line.shortfall_neur for line in answer.lines] == [37_500_000, 0, 52_500_000, 0]
    assert [line.saving_neur for line in answer.lines] == [62_500_000, 0, 87_500_000, 0]
    assert (booked(answer, FEE), booked(answer, RENT)) == (0, 0)


def test_where_even_all_gains_do_not_make_up_for_the_lack_everybody_is_with_the_retailer():
    case = three()
    poor = tuple(replace(row, import_ueur_kwh=61_000, feed_in_ueur_kwh=60_000) for row in case.terms)
    rich = replace(poor[0], feed_in_ueur_kwh=150_000, import_ueur_kwh=200_000)

    answer = settle(replace(case, terms=(rich, *poor[1:])))

    assert answer.postings == ()
    assert all(line.actual_neur == line.baseline_neur for line in answer.lines)


@fast
@given(priced(delivered=True))
def test_delivered_as_cleared_each_home_has_its_own_prices_and_what_is_between_goes_to_the_grid(case):
    answer = settle(case, true_up=False)

    between = sum(row.paid_neur - row.earned_neur for row in case.traded)
    between -= case.facts.grid_fee_ueur_kwh * sum(row.sold_wh for row in case.traded)
    given_up = sum(line.shortfall_neur for line in answer.lines)
    if any(line.sold_wh or line.bought_wh for line in answer.lines) or between >= 0:
        assert [line.paid_neur for line in answer.lines] == [row.paid_neur for row in case.traded]
        assert [line.earned_neur for line in answer.lines] == [row.earned_neur for row in case.traded]
        assert given_up == max(-between, 0)
    else:
        assert all(line.actual_neur == line.baseline_neur for line in answer.lines)


@pytest.mark.parametrize("rule", ["equal", "need"])
def test_a_pool_is_paid_out_equally_or_by_need(rule):
    facts = SlotFacts(100_000, 0, 20, rule)
    terms = [Terms(1, 200_000, 50_000, 0, 10**6, priority=0), Terms(2, 200_000, 50_000, 0, 10**6, priority=3)]
    metered, traded = [Metered(1, 0, 1_000), Metered(2, 0, 0)], [Traded(1, 1_000, 0), Traded(2, 0, 0)]
    terms += [Terms(3, 200_000, 50_000, 0, 10**6, takes_part=False), Terms(4, 200_000, 50_000, 0, 10**6)]
    metered += [Metered(3, 0, 0), Metered(4, 1_000, 0)]
    traded += [Traded(3, 0, 0), Traded(4, 0, 1_000)]

    answer = settle(SlotCase(facts, tuple(metered), tuple(traded), tuple(terms)))

    # Gains of 50 and 100 M n€ give 10 and 20 M; 30 M come out in thirds, or as 1 : 4 : 1.
    received = {"equal": (10, 10, 10), "need": (5, 20, 5)}[rule]
    assert [line.pool_neur for line in answer.lines] == [
        (received[0] - 10) * 10**6, received[1] * 10**6, 0, (received[2] - 20) * 10**6,
    ]  # fmt: skip


def test_a_pool_rule_that_does_not_exist_is_named():
    with pytest.raises(ValueError, match="Unknown pool rule lottery"):
        settle(replace(three(), facts=SlotFacts(None, 0, 10, "lottery")))


@given(
    st.integers(0, 10**12),
    st.lists(st.builds(Stake, st.integers(0, 10**6), st.integers(0, 10**9)), min_size=1, max_size=20),
    st.sampled_from(["per_kwh", "cut_homes", "equal"]),
)
def test_rent_is_given_back_to_the_last_unit(amount, stakes, rule):
    _, parts = given_back(amount, stakes, rule)

    assert sum(parts) == amount
    assert min(parts) >= 0


@pytest.mark.parametrize(
    ("rule", "stakes", "decides", "parts"),
    [
        ("cut_homes", [Stake(900, 10), Stake(100, 30)], "cut_homes", [25, 75]),
        ("cut_homes", [Stake(900, 0), Stake(100, 0)], "per_kwh", [90, 10]),
        ("per_kwh", [Stake(0, 7), Stake(0, 0)], "equal", [50, 50]),
        ("equal", [Stake(900, 10), Stake(0, 0)], "equal", [50, 50]),
    ],
)
def test_where_a_rent_rule_has_nothing_to_go_by_the_next_decides(rule, stakes, decides, parts):
    assert given_back(100, stakes, rule) == (decides, parts)


def test_a_rent_rule_that_does_not_exist_is_named():
    with pytest.raises(ValueError, match="Unknown rent rule lottery"):
        given_back(1, [Stake(1, 1)], "lottery")
