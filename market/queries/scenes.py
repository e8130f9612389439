"""A slot that is over, as one home's agent saw it: all that its decision came of, so that it can decide again.

Of the street it keeps sums of what the others come to, and the cars that wait with the home's own: nothing else
there changes with the home's rules. So a scene of a long street is hardly larger than one of a short street.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast
from zoneinfo import ZoneInfo

from django.db.models import F, Q

from community.models import Device, Household
from market.agents import Mandate as MandateTerms
from market.agents.fallback import Level, Standing
from market.agents.policy.weights import Weights
from market.clearing.book import Book
from market.models import Slot, StepDown
from market.queries.agents import Assignment, Street, assignments_with, read_street
from market.queries.book import feeder_of, order_book
from market.queries.charging import Cars, cars_of, coordinated, coordinated_with
from market.queries.guidance import Outlook, Sums, followed_by, guided_alone, message_of, outlook_of, sums_of
from market.queries.known_devices import KnownDevices, known_devices, under_rules


@dataclass(frozen=True, slots=True)
class Scene:
    """What the home's agent was given, what was known of its devices, the weights it followed, the slot's book.

    `others` are the sums of all other homes but `waiting`: those whose cars find their windows together with this
    home's, for which `cars` says what the street was expected to take; None while this home has no car there.
    Without a forecast there is no `outlook`.
    """

    given: Assignment
    zone: ZoneInfo
    stores: tuple[Device, ...]
    known: KnownDevices
    weights: Weights
    outlook: Outlook | None
    others: Sums
    waiting: tuple[Assignment, ...]
    cars: Cars | None
    book: Book

    def under(self, terms: MandateTerms, slot: Slot) -> Assignment:
        """What the agent would have been given under other rules, with the devices as they were."""
        batteries, chargers, loads = under_rules(self.stores, terms, self.known, slot, self.zone)
        seen = self.given.observation
        return replace(
            self.given,
            observation=replace(seen, mandate=terms, batteries=batteries, ev_chargers=chargers, loads=loads),
        )

    def informed(self, own: Assignment, slot: Slot) -> Assignment:
        """The home's assignment with its car's windows and what the street's signals come to there."""
        together = [own]
        if self.cars is not None:
            together = sorted([*self.waiting, own], key=lambda one: one.observation.household_id)
            together = coordinated_with(self.cars, together, slot)
            (own,) = (one for one in together if one.observation.household_id == own.observation.household_id)
        if self.outlook is None:
            return own
        return guided_alone(own, message_of(self.others + sums_of(together), self.outlook, slot), self.weights)


def scenes(home: Household, slots: Sequence[Slot]) -> Iterator[Scene | None]:
    """Of each slot the scene in which the home's agent decided; None if it followed no rules then."""
    street: Street | None = None
    policies: dict[str, Weights] = {}
    steps = _steps_down(home)
    for slot in slots:
        at = slot.ordered_at or slot.gate_closure
        street = read_street(slot.community, slot.start, at, like=street)
        if home.pk not in street.homes:
            yield None
            continue
        found = _scene(home.pk, street, slot, at, _stood(steps, street, at))
        # one object for all slots, which are kept together
        yield replace(found, weights=policies.setdefault(found.weights.digest, found.weights))


def _steps_down(home: Household) -> list[StepDown]:
    """The home's own and its street's, the home's first: they are the lower ones."""
    steps = StepDown.objects.filter(community=home.community_id)
    return list(steps.filter(Q(household=home) | Q(household=None)).order_by(F("household").asc(nulls_last=True)))


def _stood(steps: Sequence[StepDown], street: Street, at: datetime) -> Standing:
    """On which level the agent decided: as it was noted then, for what is known of the health now is another's."""
    for step in steps:
        if step.since <= at and (step.until is None or at < step.until):
            return Standing(cast(Level, step.level), step.reason, step.facts)
    return Standing(street.health.top)


def _scene(home: int, street: Street, slot: Slot, at: datetime, stood: Standing) -> Scene:
    known = known_devices(street.stores, street.terms, street.tariffs.zone, slot, at)
    given = assignments_with(known, street, slot, at)
    place = street.homes.index(home)
    own = given[place] = replace(given[place], standing=stood)
    waiting: tuple[Assignment, ...] = ()
    cars = None
    if any(charger.plugged_in for charger in own.observation.ev_chargers):
        cars = cars_of(given, street, slot)
        waiting = tuple(one for one in given if one is not own and _has_car(one))
    apart = {home, *(one.observation.household_id for one in waiting)}
    told = given if cars is not None else coordinated(given, street, slot)
    return Scene(
        given=own,
        zone=street.tariffs.zone,
        stores=tuple(street.stores[home]),
        known=_known_alone(home, street, slot, at),
        weights=followed_by([own], street)[home],
        outlook=outlook_of(street, slot) if street.forecasts else None,
        others=sums_of(one for one in told if one.observation.household_id not in apart),
        waiting=waiting,
        cars=cars,
        book=order_book(slot, feeder_of(slot.community)),
    )


def _has_car(one: Assignment) -> bool:
    return any(charger.plugged_in for charger in one.observation.ev_chargers)


def _known_alone(home: int, street: Street, slot: Slot, at: datetime) -> KnownDevices:
    """What is known of the home's devices, with all that any rules may count of what they moved."""
    strict = replace(street.terms[home], cycles_tenths=1, ev_target_wh=1)
    return known_devices({home: street.stores[home]}, {home: strict}, street.tariffs.zone, slot, at)
