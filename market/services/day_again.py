"""A day of one home lived again by other rules: its agent decides anew, with what it could know at the time.

Each slot is then cleared with the others' orders as they were. The day is lived twice, by the rules that held and
by the other ones, so that a difference comes from the rules and from nothing else: both suppose that load and sun
come as they were foreseen for the slot.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from community.models import Household
from market.agents import Decision, Observation
from market.agents import Mandate as MandateTerms
from market.agents.drift import Drift
from market.clearing import Rules, clear
from market.clearing.book import Book
from market.clearing.congested import Solve
from market.clearing.outcome import Fill, Reason
from market.clearing.what_if import Part
from market.grid import Feeder
from market.models import Slot
from market.queries.agents import Assignment, Street, assignments, read_street
from market.queries.book import book_with, feeder_of, order_book
from market.services.agents import decision_of, informed

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


def day_again(home: Household, slots: Iterable[Slot], terms: MandateTerms, solve: Solve) -> tuple[Part, Part, int]:
    """The home's part in the slots by the rules that held and by `terms`, and in how many slots it had an agent.

    Raises `NothingToLive`, and ArithmeticError where the solver finds no answer.
    """
    drift = Drift()
    lived: list[tuple[Slot, Way, Way]] = []
    for slot in slots:
        decided = _decided_twice(home, slot, terms, drift)
        if decided is None:
            continue
        was, would_be = _cleared_twice(home, slot, *decided, solve)
        drift.live(would_be.seen, was.set_points_wh, would_be.set_points_wh)
        lived.append((slot, was, would_be))
    if not lived:
        raise NothingToLive
    was_lived = _lived([(slot, was) for slot, was, _would_be in lived])
    return was_lived, _lived([(slot, would_be) for slot, _was, would_be in lived]), len(lived)


def _decided_twice(
    home: Household, slot: Slot, terms: MandateTerms, drift: Drift
) -> tuple[Decided, Decided] | None:
    """By the rules that held, and by `terms` with the devices as they stand by then; None if no rules held."""
    at = slot.ordered_at or slot.gate_closure
    street = read_street(slot.community, slot.start, at)
    if home.pk not in street.homes:
        return None
    given = assignments(street, slot, at)
    place = street.homes.index(home.pk)
    stores = {home.pk: street.stores[home.pk]}
    (other,) = assignments(replace(street, homes=(home.pk,), stores=stores, terms={home.pk: terms}), slot, at)
    other = replace(other, observation=drift.seen(other.observation, street.tariffs.zone))
    was = _decided(given, place, street, slot, at)
    if other == given[place]:
        return was, was
    return was, _decided([*given[:place], other, *given[place + 1 :]], place, street, slot, at)


def _decided(given: Sequence[Assignment], place: int, street: Street, slot: Slot, at: datetime) -> Decided:
    """What one home's agent sees and decides among the others."""
    told, _signals = informed(given, street, slot, at)
    return told[place].observation, decision_of(told[place], planned=False)


def _cleared_twice(home: Household, slot: Slot, was: Decided, would_be: Decided, solve: Solve) -> tuple[Way, Way]:
    feeder = feeder_of(slot.community)
    book = order_book(slot, feeder)
    first = _cleared(slot, book, feeder, home, *was, solve)
    same = was[1].orders == would_be[1].orders
    return Way(*was, first), Way(
        *would_be, first if same else _cleared(slot, book, feeder, home, *would_be, solve)
    )


def _cleared(
    slot: Slot, book: Book, feeder: Feeder, home: Household, seen: Observation, decision: Decision, solve: Solve
) -> tuple[Fill, ...]:
    """What becomes of the home's orders; in a slot that fell back, firm energy meets the retailer."""
    if slot.status == Slot.Status.FALLBACK:
        return tuple(
            Fill(i, 0, wish.energy_wh if wish.kind == "firm" else 0, 0, Reason.NO_COUNTERPARTY, {})
            for i, wish in enumerate(decision.orders)
        )
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
