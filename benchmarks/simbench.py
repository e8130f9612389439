"""Two rural feeders of SimBench with a summer and a winter week of curves, and the orders made of them.

Every load and every solar plant is a household of its own. What was measured of a load is a firm purchase; what
a week's scaling adds on top is flexible (cars and heat pumps that may wait), with a limit no lower than the
retailer's price, so that without a limit of the street all of it flows. Solar surplus is a firm sale.
"""

import csv
import gzip
import json
import random
from dataclasses import dataclass
from pathlib import Path

from community.feeder_files import outwards
from community.feeder_files.own import from_json
from market.clearing import Book, Kind, Order, Side
from market.grid import Feeder, Line, Transformer

HERE = Path(__file__).resolve().parent
FEEDERS = {
    "rural1": HERE.parent / "community" / "demo" / "feeder_simbench_rural1.json",
    "rural2": HERE / "feeders" / "simbench_rural2.json",
}
SLOTS = 672
GRID_FEE_UEUR_KWH = 5_000
# What the demo's three retailers charge by day and pay, µ€/kWh.
RETAILERS = ((229_000, 55_000), (251_000, 45_000), (172_000, 70_000))
SEED = 2016


@dataclass(frozen=True, slots=True)
class Home:
    """A load or a solar plant: where it is, its W in each slot, its retailer's price and its limits (µ€/kWh)."""

    number: int
    node: str
    phase: str
    solar: bool
    curve_w: tuple[int, ...]
    retailer_ueur_kwh: int
    limit_ueur_kwh: int
    flexible_limit_ueur_kwh: int


def street(name: str, rise_pct: float | None, fall_pct: float | None) -> Feeder:
    """A feeder; its band lies so many per cent about the voltage without load, or is that of EN 50160."""
    described = from_json(json.loads(FEEDERS[name].read_text(encoding="utf-8")))
    lines = [
        Line(cable.code, parent, child, cable.r_ohm, cable.x_ohm, cable.limit_a)
        for cable, parent, child in outwards(described.root, described.cables)
    ]
    plate, still_pu = described.transformer, described.slack_pu
    return Feeder(
        tuple(bus.code for bus in described.buses),
        described.root,
        tuple(lines),
        Transformer(plate.s_va, plate.r_ohm, plate.x_ohm),
        described.nominal_v,
        still_pu,
        described.v_min_pu if fall_pct is None else still_pu * (1 - fall_pct / 100),
        described.v_max_pu if rise_pct is None else still_pu * (1 + rise_pct / 100),
    )


def homes(name: str, season: str, *, single_phases: bool = False) -> list[Home]:
    """The households of a feeder with their curves of a week; the seed makes every run the same.

    `single_phases` puts loads of up to 5 kW on one phase each, in turn.
    """
    described = json.loads(FEEDERS[name].read_text(encoding="utf-8"))
    with gzip.open(HERE / "feeders" / f"simbench_{name}_{season}_w.csv.gz", "rt", encoding="utf-8") as file:
        curves = {row[0]: tuple(map(int, row[1:])) for row in csv.reader(file)}
    chance = random.Random(SEED)
    answer = []
    for number, row in enumerate([*described["loads"], *described["pv"]]):
        solar = row["kind"] == "PV"
        charged, paid = chance.choice(RETAILERS)
        small = single_phases and not solar and row["p_kw"] <= 5.0
        answer.append(
            Home(
                number=number,
                node=row["bus"],
                phase="abc"[number % 3] if small else "abc",
                solar=solar,
                curve_w=curves[row["id"]],
                retailer_ueur_kwh=paid if solar else charged,
                limit_ueur_kwh=chance.randint(40_000, 90_000) if solar else chance.randint(100_000, charged),
                flexible_limit_ueur_kwh=chance.randint(charged, 440_000),
            )
        )
    return answer


def book(neighbours: list[Home], slot: int, load_times: float, solar_times: float) -> Book:
    """The orders of one slot of the week; order ids are twice the household's, one more where flexible."""
    orders = []
    for home in neighbours:
        measured_wh = home.curve_w[slot] // 4
        firm_wh = round(measured_wh * solar_times) if home.solar else measured_wh
        side = Side.SELL if home.solar else Side.BUY
        rows = [(Kind.FIRM, firm_wh, home.limit_ueur_kwh)]
        if not home.solar:
            rows.append((Kind.FLEXIBLE, round(measured_wh * (load_times - 1)), home.flexible_limit_ueur_kwh))
        for more, (kind, energy_wh, limit) in enumerate(rows):
            if energy_wh > 0:
                orders.append(
                    Order(
                        2 * home.number + more, home.number, home.node, home.phase, side, kind, energy_wh,
                        limit, home.retailer_ueur_kwh,
                    )
                )  # fmt: skip
    return Book.of(orders, grid_fee_ueur_kwh=GRID_FEE_UEUR_KWH)
