"""What learning agents bring a street, on homes and weeks that nothing was fitted to.

    .venv/bin/python -m benchmarks.agents [--homes FOLDER] [--seeds 3] [--generations N] [--quick]

Data, devices, tariff and limits: `benchmarks/street_of_homes.py`. Forecasts and policies are fitted to two thirds
of the homes in the first 26 weeks and judged in all later ones, on three streets: all homes, the homes seen, the
homes never seen. A gain is the share of what perfect foresight saves a street against homes that live alone.
Besides: what a home gains by leaving the policy, how savings fall to homes, voltages on a cable, and the policy
under faults. `--quick` leaves those out. Each figure is also a line of JSON.
"""

import argparse
import json
import os
import platform
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks import agents_speed, agents_stress, agents_voltage
from benchmarks import street_of_homes as street
from benchmarks.judged import RECIPE, Judged, lessons, trained
from benchmarks.street_lessons import TRAINED, WEEK, Case, Town, ahead_of, lesson, town
from market.agents.policy.weights import Weights, planner_only
from market.agents.training.deviation import Search, deviation
from market.agents.yardsticks.mpc import mpc
from market.agents.yardsticks.rule import RuleCrowd, tuned
from market.grid.fairness import gini, jain

TYPES = {"panels and battery": (True, True), "battery": (False, True), "panels": (True, False),
         "consumer": (False, False)}  # fmt: skip
POOLS = (0, 20, 40)
MOST_DEVIATIONS = 8


def say(figure: str, value: float, n: int) -> None:
    """One figure as a line of JSON."""
    print(json.dumps({"bench": "agents", "figure": figure, "n": n, "value": round(value, 4)}), flush=True)


def learned(known: Town, seeds: int, generations: int) -> list[Weights]:
    """A policy a seed, with what its training took."""
    seconds, found = [], []
    for seed in range(1, seeds + 1):
        begun = time.perf_counter()
        taught = lessons(known, street.seen(known.count))
        found.append(trained(taught, seed, replace(RECIPE, generations=generations)))
        seconds.append(time.perf_counter() - begun)
    say("train_seconds", float(np.median(seconds)), seeds)
    return found


def gains(name: str, known: Town, homes: list[int], policies: list[Weights]) -> Judged:
    """One street: every way of deciding, each a row of the table."""
    judged = Judged.of(lesson(known, homes, list(known.tested)))
    given = judged.lesson
    before = lesson(known, homes, TRAINED)
    rule = tuned(before.fleet, before.weeks, before.end_ueur_kwh)
    slots = (np.array(known.tested)[:, None] * WEEK + np.arange(WEEK)).ravel()
    ahead = ahead_of(known, homes, slots, Case())
    steered = mpc(given.fleet, given.weeks, ahead, end_ueur_kwh=given.end_ueur_kwh)
    ways = {
        "rule": [judged.lived(RuleCrowd(given.fleet, given.weeks, rule))],
        "planner": [given.lived(planner_only())],
        "mpc": [steered],
        "learned": [given.lived(weights) for weights in policies],
    }
    weeks = len(known.tested)
    for way, runs in ways.items():
        mean_eur = np.mean([run.cost_eur for run in runs], axis=0)
        low, high = judged.interval(mean_eur)
        each = " / ".join(f"{judged.gain(run.cost_eur):.3f}" for run in runs)
        gain = float(np.mean([judged.gain(run.cost_eur) for run in runs]))
        broken = [judged.broken(run.broken_slots) for run in runs]
        lacking = max(float(run.unserved_kwh.sum()) for run in runs)
        print(f"| {name} | {way} | {gain:.3f} | {low:.3f}–{high:.3f} | {each} | {broken} h | {lacking:.1f} kWh |")
        prefix = "gain_captured" if way == "learned" else f"gain_{way}"
        say(prefix + ("" if name == "all" else f"_{name}"), gain, weeks * len(runs))
        if way == "learned":
            say(f"limit_violation_hours_{name}", float(sum(broken)), weeks * len(runs))
            above = sum(judged.above_alone(run) for run in runs)
            say(f"homes_above_standalone_{name}", float(above), len(homes) * len(runs))
    return judged


def fairness(known: Town, judged: Judged, policies: list[Weights]) -> None:
    """€ a week and home against alone, by type of home, with a part of all savings shared equally."""
    bills = np.mean([judged.lesson.lived(one).bill_eur.mean(axis=0) for one in policies], axis=0)
    saved = judged.alone.bill_eur.mean(axis=0) - bills
    sun, battery = street.has(street.SUN, known.count), street.has(street.BATTERY, known.count)
    for pool in POOLS:
        shared = saved * (1 - pool / 100) + saved.mean() * pool / 100
        by_type = {name: shared[(sun == has[0]) & (battery == has[1])] for name, has in TYPES.items()}
        said = ", ".join(
            f"{name} ({len(some)}) {some.mean():.2f} €" for name, some in by_type.items() if len(some)
        )
        even = np.maximum(shared, 0.0).tolist()
        print(f"Pool {pool} %: {said}; Jain {jain(even):.3f}, Gini {gini(even):.3f}")
        say(f"jain_pool_{pool}", jain(even), known.count)
        say(f"gini_pool_{pool}", gini(even), known.count)


def deviations(known: Town, weights: Weights) -> None:
    """What each home with a battery gains by weights of its own while the others keep theirs."""
    everyone = list(range(known.count))
    before, after = lesson(known, everyone, TRAINED), lesson(known, everyone, list(known.tested))
    batteries = np.flatnonzero(street.has(street.BATTERY, known.count))[:MOST_DEVIATIONS]
    found = [deviation(before, after, weights, int(home), Search()) for home in batteries]
    for one in found:
        print(
            f"Home {one.home} saves {one.saved_eur:.2f} € a week and gains {one.gained_eur:.2f} € more by leaving "
            f"({one.share:.3f}); the others lose {one.others_eur:.2f} €"
        )
    gained, saved = (np.array([getattr(one, name) for one in found]) for name in ("gained_eur", "saved_eur"))
    say("deviation_gain", float(np.maximum(gained, 0).sum() / saved.sum()), len(found))
    say("deviation_gain_worst", max(one.share for one in found), len(found))
    say("deviation_eur_week", float(gained.mean()), len(found))


def voltages(judged: Judged, weights: Weights) -> None:
    """Hours out of the band on a cable with a home at each node."""
    weeks = judged.lesson.weeks
    takes, firm = agents_voltage.by_hour(weeks, judged.lesson.lived(weights).home_wh)
    for name, single in (("three_phases", False), ("single_phases", True)):
        found = agents_voltage.volts(takes, firm, single_phase=single)
        print(f"Voltage, {name}: {found}")
        say(f"voltage_hours_out_{name}", found.out, len(takes))
        say(f"voltage_hours_left_{name}", found.left, len(takes))
        say(f"voltage_hours_forced_{name}", found.forced, len(takes))


def main() -> None:
    parser = argparse.ArgumentParser(description="What learning agents bring a street.")
    parser.add_argument("--homes", type=Path, default=street.HOMES, help="folder with load_kwh.csv and pv_kwh.csv")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--generations", type=int, default=RECIPE.generations)
    parser.add_argument("--quick", action="store_true", help="gains only")
    asked = parser.parse_args()
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    homes = street.read(asked.homes)
    count = homes.load_wh.shape[1]
    known = town(homes, street.seen(count))
    policies = learned(known, asked.seeds, asked.generations)
    print("| Street | Decides | Gain | 95 % | By seed | Limit broken | Cars lack |\n|---|---|---|---|---|---|---|")
    streets = {"all": list(range(count)), "seen": street.seen(count), "unseen": street.unseen(count)}
    judged = {name: gains(name, known, some, policies) for name, some in streets.items()}
    for figure, value in agents_speed.figures(known, policies[0]).items():
        say(figure, value, agents_speed.ROUNDS)
    if asked.quick:
        return
    fairness(known, judged["all"], policies)
    deviations(known, policies[0])
    voltages(judged["all"], policies[0])
    for figure, value in agents_stress.figures(known, policies[0]).items():
        say(figure, value, len(known.tested))


if __name__ == "__main__":
    main()
