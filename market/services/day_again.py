"""A day of one home lived again by other rules: its agent decides anew, with what it could know at the time.

Each slot is then cleared with the others' orders as they were. The day is lived twice, by the rules that held and
by the other ones, so that a difference comes from the rules and from nothing else: both suppose that load and sun
come as they were foreseen for the slot.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from community.models import Household
from market.agents import Decision, Observation
from market.agents import Mandate as MandateTerms
from market.agents.drift import Drift
from market.clearing import Rules, clear
from market.clearing.book import Book
from market.clearing.congested import Solve
from market.clearing.outcome import Fill, Reason
from market.clearing.what_if import Part
from market.models import Slot
from market.queries.agents import Assignment
from market.queries.book import book_with, feeder_of
from market.queries.remembered import remember, remembered, wait_for_others
from market.queries.scenes import Scene, scenes
from market.services.agents import decision_of

PPM = 1_000_000
Decided = tuple[Observation, Decision]


class NothingToLive(Exception):
    """The home's agent followed no rules in any of the slots."""


@dataclass(frozen=True, slots=True)
class Way:
    """A slot as a home lives it: what its agent saw and decided, and what became of each order."""

    seen: Observation
    decision: Decision
    fills: tuple[Fill, ...]

    @property
    def set_points_wh(self) -> dict[int, int]:
        """What each device takes (− gives), Wh."""
        answer = dict(self.decision.base_wh)
        for wish, fill in zip(self.decision.orders, self.fills, strict=True):
            if wish.device_id is not None and wish.kind == "flexible":
                answer[wish.device_id] += fill.flow_wh if wish.side == "buy" else -fill.flow_wh
        return answer


@dataclass(frozen=True, slots=True)
class Day:
    """Of each slot of a day what the home's agent saw, and how it was by the rules of then; None without one."""

    scenes: tuple[Scene | None, ...]
    was: tuple[Way | None, ...]


def day_again(home: Household, slots: Iterable[Slot], terms: MandateTerms, solve: Solve) -> tuple[Part, Part, int]:
    """The home's part in the slots by the rules that held and by `terms`, and in how many slots it had an agent.

    Raises `NothingToLive`, and ArithmeticError where the solver finds no answer.
    """
    drift = Drift()
    lived: list[tuple[Slot, Way, Way]] = []
    rows = list(slots)
    day = day_as_it_was(home, rows, solve)
    for slot, scene, was in zip(rows, day.scenes, day.was, strict=True):
        if scene is None or was is None:
            continue
        would_be = _by_other_rules(home, slot, scene, was, terms, drift, solve)
        drift.live(would_be.seen, was.set_points_wh, would_be.set_points_wh)
        lived.append((slot, was, would_be))
    if not lived:
        raise NothingToLive
    was_lived = _lived([(slot, was) for slot, was, _would_be in lived])
    return was_lived, _lived([(slot, would_be) for slot, _was, would_be in lived]), len(lived)


def day_as_it_was(home: Household, slots: Sequence[Slot], solve: Solve) -> Day:
    """The day by the rules that held: the same whatever is tried, so it is remembered for as long as it is tried.

    What arrives late, such as readings and contracts, does not change it between two tries. Whoever puts it
    together already is waited for.
    """
    key = key_of(home, slots)
    kept = remembered(key)
    if not isinstance(kept, Day):
        wait_for_others(key)
        kept = remembered(key)
    if isinstance(kept, Day):
        return kept
    found = tuple(scenes(home, slots))
    was = tuple(
        None if scene is None else _by_rules_of_then(home, slot, scene, solve)
        for slot, scene in zip(slots, found, strict=True)
    )
    day = Day(found, was)
    remember(key, day)
    return day


def key_of(home: Household, slots: Sequence[Slot]) -> str:
    """Under what the home's day is remembered."""
    span = f"{slots[0].start:%Y%m%d}:{slots[0].pk}:{slots[-1].pk}" if slots else ""
    return f"day-again:{home.pk}:{span}:{len(slots)}"


def _by_rules_of_then(home: Household, slot: Slot, scene: Scene, solve: Solve) -> Way:
    seen, decision = _decided(scene, scene.given, slot)
    return Way(seen, decision, _cleared(slot, scene.book, home, seen, decision, solve))


def _by_other_rules(
    home: Household, slot: Slot, scene: Scene, was: Way, terms: MandateTerms, drift: Drift, solve: Solve
) -> Way:
    """By `terms`, with the devices as they stand by then; the slot is cleared again if that changes an order."""
    other = scene.under(terms, slot)
    other = replace(other, observation=drift.seen(other.observation, scene.zone))
    if other == scene.given:
        return was
    seen, decision = _decided(scene, other, slot)
    if decision.orders == was.decision.orders:
        return Way(seen, decision, was.fills)
    return Way(seen, decision, _cleared(slot, scene.book, home, seen, decision, solve))


def _decided(scene: Scene, own: Assignment, slot: Slot) -> Decided:
    """What the home's agent sees and decides among the others."""
    told = scene.informed(own, slot)
    return told.observation, decision_of(told, planned=False)


def _cleared(
    slot: Slot, book: Book, home: Household, seen: Observation, decision: Decision, solve: Solve
) -> tuple[Fill, ...]:
    """What becomes of the home's orders; in a slot that fell back, firm energy meets the retailer."""
    if slot.status == Slot.Status.FALLBACK:
        return tuple(
            Fill(i, 0, wish.energy_wh if wish.kind == "firm" else 0, 0, Reason.NO_COUNTERPARTY, {})
            for i, wish in enumerate(decision.orders)
        )
    feeder = feeder_of(slot.community)
    retailer = {"buy": seen.import_ueur_kwh[0], "sell": seen.feed_in_ueur_kwh[0]}
    tried, ids = book_with(book, slot, feeder, home, decision.orders, retailer)
    clearing = clear(tried, feeder, Rules(price=slot.price_rule, fairness=slot.fairness_rule), solve)
    by_id = {fill.order_id: fill for fill in clearing.fills}
    return tuple(by_id[pk] for pk in ids)


def _lived(ways: Sequence[tuple[Slot, Way]]) -> Part:
    """All slots together, with what the battery holds after the last and what car and loads took.

    What is stored spares a purchase later, and what a car did not take has to be bought later: both count at the
    retailer's cheapest price of the hours after. A load's energy counts at what it is worth to its owner.
    """
    found = sum((_part(slot, way) for slot, way in ways), Part())
    last = ways[-1][1]
    cheapest = min(last.seen.import_ueur_kwh)
    for _slot, way in ways:
        set_points = way.set_points_wh
        worths = [(one.id, cheapest) for one in way.seen.ev_chargers]
        worths += [(one.id, one.worth_ueur_kwh) for one in way.seen.loads]
        for device, worth in worths:
            taken_wh = set_points.get(device, 0)
            found += Part(used_wh=taken_wh, worth_neur=taken_wh * worth)
    for battery in last.seen.batteries:
        stored_wh = battery.soc_wh + battery.stored_wh(last.set_points_wh.get(battery.id, 0))
        kept_wh = min(max(stored_wh, 0), battery.capacity_wh) * battery.efficiency_ppm // PPM
        found += Part(kept_wh=kept_wh, worth_neur=kept_wh * cheapest)
    return found


def _part(slot: Slot, way: Way) -> Part:
    """Trades with neighbours, and the rest of what passes the meter with the retailer, as it is settled."""
    found, held_back_wh = Part(), 0
    for wish, fill in zip(way.decision.orders, way.fills, strict=True):
        price = fill.price_ueur_kwh or 0
        if wish.side == "buy":
            found += Part(bought_wh=fill.local_wh, money_neur=-fill.local_wh * price)
        else:
            netted = price - slot.grid_fee_ueur_kwh
            found += Part(sold_wh=fill.local_wh, money_neur=fill.local_wh * netted)
            held_back_wh += fill.curtailed_wh if wish.kind == "firm" else 0
    net_wh = way.decision.forecast_wh + sum(way.set_points_wh.values())
    rest_wh = net_wh - found.bought_wh + found.sold_wh + held_back_wh
    price = way.seen.import_ueur_kwh[0] if rest_wh > 0 else way.seen.feed_in_ueur_kwh[0]
    return found + Part(money_neur=-rest_wh * price)
