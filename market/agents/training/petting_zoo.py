"""The simulated street as a PettingZoo environment, for researchers with learning methods of their own.

One agent a home with a battery or a car. Each sees the public features of the slot and its own state, and answers
with a shift of what the planner makes stored energy worth, a slope, and how keen its car is: the three numbers
that the shared policy computes from the features. Its reward is what it saves in the slot, −€. Needs the package
`pettingzoo`, which the site itself does not.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium.spaces import Box
from pettingzoo import ParallelEnv

from market.agents.policy.bids import Heads
from market.agents.policy.signals import FEATURES
from market.agents.policy.weights import CAR, Weights
from market.agents.rungs import Floats, Rungs
from market.agents.street.live import Asked, Books, Simulation, State
from market.agents.training.crowd import Crowd
from market.agents.training.lessons import Lesson

OWN = ("stored_share", "car_need_share", "car_hours_left")
REACH = 3.0  # actions lie between −REACH and REACH
START_SHARE = 0.5
SEEN = Box(-np.inf, np.inf, (len(FEATURES) + len(OWN),), dtype=np.float64)
ANSWERS = Box(-REACH, REACH, (3,), dtype=np.float64)


class StreetEnv(ParallelEnv):  # type: ignore[misc]
    """A week of a lesson's street, drawn by the seed of `reset`; `step` lives one slot.

    Observations are the normed features in the order of `FEATURES`, then the home's own state (`OWN`). Actions are
    (shift, slope, keenness); zeros follow the planner.
    """

    metadata = {"name": "azotea_street_v0", "render_modes": []}

    def __init__(self, lesson: Lesson, weights: Weights) -> None:
        """`weights` only norm the features; their numbers are not used."""
        self.lesson, self.weights = lesson, weights
        fleet = lesson.fleet
        homes = np.flatnonzero((fleet.capacity_wh > 0) | (fleet.car_w > 0)).tolist()
        self.possible_agents = [f"home_{home}" for home in homes]
        self.agents: list[str] = []
        self._homes = dict(zip(self.possible_agents, homes, strict=True))

    def observation_space(self, agent: str) -> Box:
        """Features and own state."""
        return SEEN

    def action_space(self, agent: str) -> Box:
        """Shift, slope and keenness."""
        return ANSWERS

    def reset(
        self, seed: int | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[dict[str, Floats], dict[str, Any]]:
        """Begin a week: the one that `options["week"]` names, else one drawn by the seed (none: the first)."""
        week = int((options or {}).get("week", 0))
        if seed is not None and "week" not in (options or {}):
            week = int(np.random.default_rng(seed).integers(self.lesson.weeks.count))
        lesson = self.lesson.pick([week])
        none = self.weights.numbers[None]
        self._crowd = Crowd(lesson.fleet, lesson.weeks, lesson.given, lesson.scale, self.weights, none)
        self._street = Simulation(lesson.fleet, lesson.weeks, 1)
        fleet, cars = lesson.fleet, len(lesson.fleet.cars)
        self._stored = START_SHARE * fleet.capacity_wh[fleet.batteries][None]
        self._need, self._leaves = np.zeros((1, cars)), np.zeros((1, cars), dtype=np.int64)
        self._books = Books.blank(1, len(fleet.capacity_wh))
        self._slot = 0
        self.agents = list(self.possible_agents)
        self._arrive()
        return self._seen(), {agent: {} for agent in self.agents}

    def step(
        self, actions: Mapping[str, Floats]
    ) -> tuple[dict[str, Floats], dict[str, float], dict[str, bool], dict[str, bool], dict[str, Any]]:
        """Live the slot. Rewards are −€ of each home's own bill; the last slot also counts what is stored."""
        before = self._books.bill_neur.copy()
        self._stored, self._need, _net, price = self._street.slot(
            self._slot, self._stored, self._need, self._leaves, self._deciding(actions), self._books
        )
        self._slot += 1
        over = self._slot == self._street.weeks.slots
        if over:
            self._books.bill_neur[:, self._street.batteries] -= self._stored * self.lesson.end_ueur_kwh
        else:
            self._arrive()
        saved = (before - self._books.bill_neur)[0] / 1e9
        rewards = {agent: float(saved[self._homes[agent]]) for agent in self.agents}
        told = {agent: {"price_ueur_kwh": float(price[0])} for agent in self.agents}
        ends, cut = dict.fromkeys(self.agents, over), dict.fromkeys(self.agents, False)
        seen = self._seen()
        self.agents = [] if over else self.agents
        return seen, rewards, ends, cut, told

    def _arrive(self) -> None:
        self._need, self._leaves = self._street.arrivals(self._slot, self._need, self._leaves, self._books)

    def _state(self) -> State:
        slot = min(self._slot, self._street.weeks.slots - 1)
        left = np.maximum(self._leaves - slot, 0)
        return State(slot, self._stored, self._need, left, self._street.of(self._street.weeks.net_wh, slot))

    def _seen(self) -> dict[str, Floats]:
        state, fleet = self._state(), self.lesson.fleet
        public = self._crowd.features(state)[0]
        stored, need, hours = np.zeros((3, len(fleet.capacity_wh)))
        stored[fleet.batteries] = state.stored_wh[0] / fleet.capacity_wh[fleet.batteries]
        need[fleet.cars] = state.need_wh[0] / (fleet.car_w[fleet.cars] * 24)
        hours[fleet.cars] = state.slots_left[0] * self._street.hours / 24
        return {
            agent: np.concatenate((public, [stored[home], need[home], hours[home]]))
            for agent, home in self._homes.items()
        }

    def _deciding(self, actions: Mapping[str, Floats]) -> "_Told":
        chosen = np.zeros((len(self.lesson.fleet.capacity_wh), 3))
        for agent, action in actions.items():
            chosen[self._homes[agent]] = np.clip(action, -REACH, REACH)
        fleet = self.lesson.fleet
        car = np.zeros((1, len(fleet.cars), len(CAR)))
        car[0, :, 0] = chosen[fleet.cars, 2]
        return _Told(self._crowd, Heads(chosen[fleet.batteries, 0][None], chosen[fleet.batteries, 1][None], car))


class _Told:
    """A decider that does what it is told."""

    repeats = 1

    def __init__(self, crowd: Crowd, found: Heads) -> None:
        self.crowd, self.found = crowd, found

    def __call__(self, state: State, rungs: Rungs) -> Asked:
        return self.crowd.asked(state, rungs, self.crowd.features(state), self.found)
