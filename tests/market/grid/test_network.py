"""The sums over a feeder's tree against the same sums written out place by place."""

from random import Random

import numpy as np
import pytest

from market.grid import burden, linear_flow, network_of, sweep, usage
from market.grid.limits import Limit, carried, voltage
from market.grid.network import Network
from tests.market.clearing.seeded import street_of

STREETS = [street_of(Random(seed)) for seed in range(12)]


@pytest.fixture(params=range(len(STREETS)))
def network(request) -> Network:
    return network_of(STREETS[request.param], balanced=request.param % 3 == 0)


def values(network: Network, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=network.most_w.shape)


def paths(network: Network) -> list[list[int]]:
    """The places from each place up to the root, by its lines alone."""
    feeder = network.feeder
    above = {line.child: line.parent for line in feeder.lines}
    found = []
    for number in feeder.tree.order:
        path = [feeder.nodes[number]]
        while path[-1] in above:
            path.append(above[path[-1]])
        found.append([int(feeder.places[feeder.index[node]]) for node in path])
    return found


def test_sums_below_and_along_are_those_of_every_path(network):
    each, routes = values(network), paths(network)

    below, along = network.below(each), network.along(each)

    for place, route in enumerate(routes):
        fed = [other for other, path in enumerate(routes) if place in path]
        assert below[:, place] == pytest.approx(each[:, fed].sum(axis=1))
        assert along[:, place] == pytest.approx(each[:, route].sum(axis=1))
        assert network.path(place) == route


def test_what_lowers_a_voltage_is_the_part_of_the_path_that_is_shared(network):
    routes = paths(network)
    places = np.arange(len(routes))

    for place, route in enumerate(routes):
        for column in range(network.columns):
            drop_p, drop_q = network.drops(place, column, places)
            for other, path in enumerate(routes):
                shared = [step for step in path if step in route]
                assert drop_p[:, other] == pytest.approx(network.drop_p[column][:, shared].sum(axis=1))
                assert drop_q[:, other] == pytest.approx(network.drop_q[column][:, shared].sum(axis=1))


def test_the_linear_voltages_fall_by_what_every_withdrawal_lowers_them(network):
    drawn_w, drawn_var = 1e3 * values(network, 1), 1e3 * values(network, 2)

    squared = linear_flow(network, drawn_w, drawn_var).squared_pu

    places = np.arange(len(network.end))
    for place in places.tolist():
        for column in range(network.columns):
            drop_p, drop_q = network.drops(place, column, places)
            fall = (drop_p * drawn_w).sum() + (drop_q * drawn_var).sum()
            assert squared[column, place] == pytest.approx(network.feeder.slack_pu**2 - fall)


def some_limits(network: Network) -> list[Limit]:
    last, column = len(network.end) - 1, network.columns - 1
    limits = [
        Limit("transformer", "import", "", 1, 0, 0, (1.0, 0.0), 10_000.0),
        Limit("transformer", "export", "", -1, 0, 0, (-1.0, 0.0), 10_000.0),
        carried(network, 0, 0, (3.0, 4.0), 20_000.0),
        carried(network, last, column, (-2.0, 1.0), 20_000.0),
        voltage(network, last, column, "voltage_low", 0.81),
        voltage(network, last // 2, 0, "voltage_high", 1.21),
    ]
    return [limit for limit in limits if limit is not None]


def test_the_burden_of_a_place_is_the_use_of_every_limit_times_its_price(network):
    limits = some_limits(network)
    prices = np.random.default_rng(3).uniform(1, 9, len(limits))

    active, reactive = burden(network, limits, prices)

    places = np.arange(len(network.end))
    for column, own in enumerate(np.eye(network.columns)):
        shares = np.repeat(own[:, None], len(places), axis=1)
        plain = [usage(network, limit, places, shares, None) for limit in limits]
        turned = [usage(network, limit, places, shares, np.ones(len(places))) for limit in limits]
        assert active[column] == pytest.approx(prices @ plain)
        assert active[column] + reactive[column] == pytest.approx(prices @ turned)


def test_a_limit_is_used_by_a_flow_as_by_the_sum_of_its_withdrawals(network):
    drawn_w, drawn_var = 1e3 * values(network, 4), 1e3 * values(network, 5)
    flow = linear_flow(network, drawn_w, drawn_var)
    places = np.arange(len(network.end))

    for limit in some_limits(network):
        total = 0.0
        for column, own in enumerate(np.eye(network.columns)):
            shares = np.repeat(own[:, None], len(places), axis=1)
            plain = usage(network, limit, places, shares, None)
            reactive = usage(network, limit, places, shares, np.ones(len(places))) - plain
            total += plain @ drawn_w[column] + reactive @ drawn_var[column]
        assert limit.used(network, flow) == pytest.approx(total)


@pytest.mark.parametrize("feeder", STREETS)
def test_one_column_says_what_three_equal_phases_say(feeder):
    one, three = network_of(feeder, balanced=True), network_of(feeder, balanced=False)
    drawn_w, drawn_var = 1e3 * values(one, 6), 300 * values(one, 7)

    single = linear_flow(one, drawn_w, drawn_var)
    phases = linear_flow(three, np.repeat(drawn_w / 3, 3, axis=0), np.repeat(drawn_var / 3, 3, axis=0))

    assert phases.p_w.sum(axis=0) == pytest.approx(single.p_w[0])
    assert phases.q_var.sum(axis=0) == pytest.approx(single.q_var[0])
    for squared in phases.squared_pu:
        assert squared == pytest.approx(single.squared_pu[0])
    exact = [
        sweep(on, *drawn)
        for on, drawn in (
            (one, (drawn_w, drawn_var)),
            (three, (np.repeat(drawn_w / 3, 3, axis=0), np.repeat(drawn_var / 3, 3, axis=0))),
        )
    ]
    assert exact[1].voltages_pu == pytest.approx(np.repeat(exact[0].voltages_pu, 3, axis=0), abs=1e-7)
    assert exact[1].loss_w == pytest.approx(exact[0].loss_w, rel=1e-5, abs=1e-3)
