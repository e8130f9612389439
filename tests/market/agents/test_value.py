"""The value curve is the optimum of the forecast, and each step names the use that gives it its worth."""

from functools import cache
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from market.agents.horizon import Block, horizon
from market.agents.mandate import Mandate
from market.agents.value import CAUTION_PCT, outlooks, value_curves
from tests.examples import examples

STEP_WH = 500


@st.composite
def blocks_of_whole_steps(draw):
    count = draw(st.integers(1, 5))
    answer = []
    for first in range(count):
        buy = draw(st.integers(1, 3)) * 100
        surplus = draw(st.integers(0, buy // 100)) * 100
        answer.append(
            Block(
                first=first,
                slots=1,
                minutes=60,
                net_wh=draw(st.integers(-4, 4)) * STEP_WH,
                buy=buy,
                surplus=surplus,
                sale=draw(st.sampled_from([None, surplus])),
                refill=draw(st.sampled_from([None, buy])),
            )
        )
    return answer


def best_by_trying_everything(blocks, curve_end, size_wh, power_wh):
    """Best worth (price x steps) of every stored level, by trying every move in every block."""

    def gain(block, move):
        surplus, need = max(-block.net_wh, 0) // STEP_WH, max(block.net_wh, 0) // STEP_WH
        if move >= 0:
            own = min(move, surplus)
            if move > own and block.refill is None:
                return None
            own_cost = min(block.surplus * CAUTION_PCT // 100, block.buy)
            return -own * own_cost - (move - own) * (block.refill or 0) * CAUTION_PCT // 100
        used = min(-move, need)
        if -move > used and block.sale is None:
            return None
        return used * (block.buy * 100 // CAUTION_PCT) + (-move - used) * ((block.sale or 0) * 100 // CAUTION_PCT)

    @cache
    def best(i, level):
        if i == len(blocks):
            return level * curve_end
        options = []
        for move in range(-power_wh // STEP_WH, power_wh // STEP_WH + 1):
            if 0 <= level + move <= size_wh // STEP_WH and (yielded := gain(blocks[i], move)) is not None:
                options.append(yielded + best(i + 1, level + move))
        return max(options)

    return [best(0, level) for level in range(size_wh // STEP_WH + 1)]


@settings(max_examples=examples(100), deadline=None)
@given(blocks=blocks_of_whole_steps(), size=st.integers(1, 8), power=st.integers(1, 4))
def test_the_curve_is_the_best_that_can_be_made_of_the_forecast(battery, blocks, size, power):
    size_wh, power_w = size * STEP_WH, power * STEP_WH
    store = battery(0, capacity_wh=size_wh, charge_w=power_w, discharge_w=power_w, efficiency_ppm=1_000_000)

    curves = value_curves(store, blocks, held_wh=0)

    worths = [step.worth_ueur_kwh for step in curves[0] for _ in range(step.energy_wh // STEP_WH)]
    left_over = min(block.surplus if block.net_wh < 0 else block.buy for block in blocks)
    best = best_by_trying_everything(blocks * 2, left_over, size_wh, power_w)
    assert worths == [after - before for before, after in pairwise(best)]


def test_the_first_kwh_stored_replaces_the_dearest_purchase(observe, battery):
    seen = observe(0, pv=False, battery=battery(5_000))

    curve = outlooks(seen, horizon(seen, 1))[0].curves[0]

    assert curve[0].use == "need"
    assert seen.import_ueur_kwh[curve[0].slot % 96] == 229_000
    assert curve[0].worth_ueur_kwh == 229_000 * 100 // CAUTION_PCT * 95 // 100


def test_worth_falls_with_what_is_stored_and_covers_the_room_above_the_reserve(observe, battery):
    seen = observe(0, battery=battery(5_000), price=120_000, mandate=Mandate(reserve_pct=20))

    for curve in outlooks(seen, horizon(seen, 1))[0].curves:
        worths = [step.worth_ueur_kwh for step in curve]
        assert worths == sorted(worths, reverse=True)
        assert sum(step.energy_wh for step in curve) == 8_000


def test_tomorrows_sun_makes_the_last_kwh_cheap(observe, battery):
    seen = observe(22, battery=battery(9_000))

    curve = outlooks(seen, horizon(seen, 1))[0].curves[0]

    assert curve[-1].use == "refill"
    assert curve[-1].worth_ueur_kwh <= 55_000 * CAUTION_PCT // 95 + 1
    assert seen.net_load_wh[curve[-1].slot % 96] < 0


def test_quarters_of_an_hour_are_taken_together_by_the_clock(observe):
    blocks = horizon(observe(0), 1)

    assert [block.slots for block in blocks] == [3] + [4] * 23
    assert sum(block.net_wh for block in blocks) == sum(observe(0).net_load_wh[1:])
