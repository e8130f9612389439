"""Whatever homes do inside their envelopes, the street keeps its limits under AC; and nobody's could be larger alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.grid import SHARES, Connection, Feeder, Line, Transformer, ac_flow, envelopes
from tests.examples import examples


@st.composite
def streets(draw: st.DrawFn) -> tuple[Feeder, list[Connection]]:
    """A tree of up to 12 nodes with limits of every kind, and up to 12 homes on any phase."""
    count = draw(st.integers(2, 12))
    nodes = tuple(f"n{i}" for i in range(count))
    lines = tuple(
        Line(f"l{i}", nodes[draw(st.integers(0, i - 1))], nodes[i], draw(st.floats(0.005, 0.08)), draw(st.floats(0.001, 0.03)), draw(st.sampled_from([None, 60.0, 150.0])))
        for i in range(1, count)
    )  # fmt: skip
    transformer = Transformer(draw(st.sampled_from([None, 50_000.0, 160_000.0])), 0.012, 0.038)
    band = draw(st.sampled_from([(0.9, 1.1), (0.94, 1.04)]))
    feeder = Feeder(nodes, "n0", lines, transformer, v_min_pu=band[0], v_max_pu=band[1])
    homes = [
        Connection(
            draw(st.sampled_from(nodes)),
            draw(st.sampled_from(["abc", "a", "b", "c"])),
            draw(st.sampled_from([3_450.0, 5_750.0, 9_200.0])),
            draw(st.sampled_from([0.0, 3_000.0, 10_000.0])),
        )
        for _ in range(draw(st.integers(1, 12)))
    ]
    return feeder, homes


@settings(max_examples=examples(150), deadline=None)
@given(streets(), st.randoms(use_true_random=False))
def test_no_use_inside_the_envelopes_breaks_a_limit_under_ac(case, chance):
    feeder, homes = case
    found = envelopes(feeder, homes)

    for use in (lambda: 1.0, lambda: -1.0, lambda: chance.choice([-1.0, 1.0]), lambda: chance.uniform(-1, 1)):
        drawn = np.zeros((len(feeder.nodes), 3))
        for home, envelope in zip(homes, found, strict=True):
            way = use()
            power = way * (envelope.import_w if way > 0 else envelope.export_w)
            drawn[feeder.index[home.node]] += power * SHARES[home.phase]
        exact = ac_flow(feeder, drawn)
        assert np.all(exact.currents_a <= feeder.line_limits_a[:, None])
        assert feeder.v_min_pu <= exact.voltages_pu.min() <= exact.voltages_pu.max() <= feeder.v_max_pu
        if feeder.transformer.s_va is not None:
            assert exact.transformer_va.max() <= feeder.transformer.s_va / 3


@settings(max_examples=examples(60), deadline=None)
@given(streets())
def test_the_order_of_homes_changes_nothing_and_nobody_gets_more_than_he_can_use(case):
    feeder, homes = case

    found, turned = envelopes(feeder, homes), envelopes(feeder, homes[::-1])[::-1]

    for home, one, other in zip(homes, found, turned, strict=True):
        assert (one.import_w, one.export_w) == pytest.approx((other.import_w, other.export_w), rel=1e-9, abs=1e-6)
        assert one.import_w <= home.import_w + 1e-9
        assert one.export_w <= home.export_w + 1e-9


def line_of(limit_a):
    return Feeder(
        ("0", "1", "2"), "0", (Line("l1", "0", "1", 0.01, 0.004, limit_a), Line("l2", "1", "2", 0.01, 0.004))
    )


def test_homes_behind_a_full_cable_share_it_and_others_are_not_held_back():
    feeder = line_of(50.0)
    homes = [
        Connection("0", "abc", 50_000, 0),
        Connection("1", "abc", 50_000, 0),
        Connection("2", "abc", 25_000, 0),
    ]

    first, second, third = envelopes(feeder, homes)

    assert first.import_w == 50_000
    assert second.import_w == pytest.approx(2 * third.import_w)
    assert second.import_w + third.import_w == pytest.approx(0.89 * 3**0.5 * 400 * 50)


def test_nobodys_envelope_counts_on_anothers_surplus():
    feeder = line_of(50.0)
    homes = [Connection("1", "abc", 50_000, 50_000), Connection("2", "abc", 50_000, 50_000)]

    one, two = envelopes(feeder, homes)

    assert one.import_w + two.import_w <= 3**0.5 * 400 * 50
    assert one.export_w + two.export_w <= 3**0.5 * 400 * 50


def test_a_base_load_takes_its_room_first_and_may_take_all():
    feeder = line_of(50.0)
    homes = [Connection("1", "abc", 50_000, 0)]
    base = np.zeros((3, 3))
    base[1] = 5_000
    free, held = envelopes(feeder, homes)[0], envelopes(feeder, homes, base)[0]

    assert free.import_w - held.import_w == pytest.approx(15_000)
    base[1] = 20_000
    assert envelopes(feeder, homes, base)[0].import_w == 0
    assert envelopes(feeder, []) == []
