"""The search: the same from the same seed, interrupted or not, and it finds what there is to find."""

import json

import numpy as np

from market.agents.training.evolution import Evolution


def sphere(tries):
    return ((tries - 1.0) ** 2).sum(axis=1)


def ellipsoid(tries):
    return (tries**2 * np.logspace(0, 3, tries.shape[1])).sum(axis=1)


def searched(generations, cost=sphere, seed=3, begun=None):
    search = begun or Evolution.around(np.zeros(8), 0.5, population=14, seed=seed)
    while search.generation < generations:
        tries = search.ask()
        search = search.told(tries, cost(tries))
    return search


def test_it_finds_the_lowest_point_of_a_bowl():
    search = searched(120)

    assert np.abs(search.mean - 1.0).max() < 1e-4
    assert search.step < 1e-3


def test_it_learns_that_directions_differ():
    search = searched(400, ellipsoid, begun=Evolution.around(np.ones(8), 0.5, population=14, seed=1))

    assert ellipsoid(search.mean[None])[0] < 1e-6


def test_one_seed_gives_one_answer():
    once, again, other = searched(20), searched(20), searched(20, seed=4)

    assert once.mean.tolist() == again.mean.tolist()
    assert once.mean.tolist() != other.mean.tolist()


def test_an_interrupted_search_goes_on_as_it_would_have():
    half = searched(10)

    resumed = searched(20, begun=Evolution.of(json.loads(json.dumps(half.as_json()))))

    assert resumed.as_json() == searched(20).as_json()
