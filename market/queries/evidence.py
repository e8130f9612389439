"""What stands behind a home's settled slot: its agent's orders, and the mandate that allowed them, as one hash."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

from community.models import Community
from community.tariffs import is_off_peak_day
from market.agents import HoursRule, LocalTime, local_times
from market.agents import Mandate as MandateTerms
from market.agents.hours import PERIODS
from market.ledger.assertions import Assertion
from market.ledger.leaves import canonical
from market.models import Mandate, Order, Slot
from market.queries.mandates import mandate_terms

# What mandates could not say at first is left out where it is not said: their hashes stay what they were.
ADDED = frozenset({"ev_from_minute", "ev_until_minute"})
# An order as openings state it: side, Wh, and the worst price accepted (µ€/kWh).
PlainOrder = list[str | int]
# A slot by the wall clock and the tariff calendar, as `clock_of` says it.
Clock = dict[str, Any]


class Version(NamedTuple):
    """A mandate: since when, as plain values, as their hash, and the passkeys' signatures under it since when."""

    since: datetime
    terms: dict[str, Any]
    digest: str
    signatures: list[tuple[datetime, Assertion]]


class Evidence(NamedTuple):
    """Orders by slot and home, each home's mandates in their order, and the communities, for their clocks."""

    orders: Mapping[tuple[int, int], list[PlainOrder]]
    mandates: Mapping[int, list[Version]]
    streets: dict[int, Community]

    def _version(self, home: int, slot: Slot) -> Version | None:
        dated = self.mandates.get(home, [])
        place = bisect_right(dated, decided_at(slot), key=_since)
        return dated[place - 1] if place else None

    def mandate_of(self, home: int, slot: Slot) -> dict[str, Any] | None:
        """The mandate that held when the agents ordered in the slot; None without one."""
        version = self._version(home, slot)
        return None if version is None else version.terms

    def signature_of(self, home: int, slot: Slot) -> Assertion | None:
        """The first signature of a passkey under that mandate by then; None if there was none."""
        return _signature(self._version(home, slot), slot)

    def beyond(self, home: int, slot: Slot) -> list[PlainOrder]:
        """Orders that the mandate did not allow: a breach, which the receipt shows to anybody."""
        mandate = self.mandate_of(home, slot)
        orders = self.orders.get((slot.pk, home), [])
        return beyond(orders, mandate, slot, self.clock_of(mandate, slot)) if orders else []

    def clock_of(self, mandate: Mapping[str, Any] | None, slot: Slot) -> Clock | None:
        """The slot by the community's clock and tariff calendar; None if nothing of the mandate goes by them."""
        if mandate is None or not goes_by_the_clock(mandate):
            return None
        if slot.community_id not in self.streets:
            self.streets[slot.community_id] = slot.community
        return clock_of(slot, self.streets[slot.community_id])

    def stated(self, home: int, slot: Slot) -> dict[str, Any]:
        """What an opening says of it: a signature only if there is one, the clock if the mandate goes by it."""
        version = self._version(home, slot)
        signature = _signature(version, slot)
        clock = self.clock_of(None if version is None else version.terms, slot)
        return {
            **({} if clock is None else {"clock": clock}),
            "mandate": "" if version is None else version.digest,
            "orders": self.orders.get((slot.pk, home), []),
            **({} if signature is None else {"signed": signature.digest}),
        }


def _since(version: Version) -> datetime:
    return version.since


def _signature(version: Version | None, slot: Slot) -> Assertion | None:
    signatures = () if version is None else version.signatures
    return next((one for since, one in signatures if since <= decided_at(slot)), None)


def goes_by_the_clock(mandate: Mapping[str, Any]) -> bool:
    """Whether a mandate (plain) has limits by the local clock or by tariff periods."""
    sides = (mandate["sell_periods"], mandate["buy_periods"])
    return bool(mandate["hours"]) or any(0 < len(side) < len(PERIODS) for side in sides)


def clock_of(slot: Slot, community: Community) -> Clock:
    """A slot as openings state it: when it starts on the wall, its minutes and tariff period, and whether its day
    and the one before are weekend or holiday.
    """
    (local,) = local_times([slot.start], community.zone, is_off_peak_day)
    return {
        "local": slot.start.astimezone(community.zone).isoformat(timespec="minutes"),
        "minutes": (slot.end - slot.start) // timedelta(minutes=1),
        "period": community.period(slot.start),
        "rest": [local.rests, local.rested_before],
    }


def beyond(
    orders: Sequence[PlainOrder], mandate: Mapping[str, Any] | None, slot: Slot, clock: Clock | None = None
) -> list[PlainOrder]:
    """Orders outside a mandate (plain, as receipts hold it), by what a receipt tells, with a clock or without."""
    if mandate is None or mandate["paused"] or (mandate["valid_until"] or "9")[:16] <= slot_name(slot)[:16]:
        return list(orders)
    rules = [] if clock is None else _holding(mandate, clock)
    if not all(rule.may_trade for rule in rules):
        return list(orders)
    least = max([mandate["min_sell_ueur_kwh"], *(rule.min_sell_ueur_kwh or 0 for rule in rules)])
    highest = (rule.max_buy_ueur_kwh for rule in rules if rule.max_buy_ueur_kwh is not None)
    most = min([mandate["max_buy_ueur_kwh"], *highest])
    here = PERIODS if clock is None else {clock["period"]}
    return [
        [side, energy_wh, limit]
        for side, energy_wh, limit in orders
        if int(energy_wh) <= 0
        or not here & {*mandate[f"{side}_periods"]}
        or (side == "sell" and int(limit) < least)
        or (side == "buy" and int(limit) > most)
    ]


def _holding(mandate: Mapping[str, Any], clock: Clock) -> list[HoursRule]:
    """The mandate's rules that touch the slot."""
    start = datetime.fromisoformat(clock["local"])
    local = LocalTime(start.toordinal(), start.hour * 60 + start.minute, *clock["rest"])
    rules = [HoursRule(**rule) for rule in mandate["hours"]]
    return [rule for rule in rules if rule.holds(clock["period"], local, clock["minutes"])]


def slot_name(slot: Slot) -> str:
    """A slot as leaves name it: its start in UTC."""
    return _minute(slot.start)


@lru_cache(maxsize=4_096)
def _minute(start: datetime) -> str:
    """Every home of a slot names it."""
    return f"{start:%Y-%m-%dT%H:%MZ}"


def decided_at(slot: Slot) -> datetime:
    """When the agents ordered: rules given later count from the next slot on."""
    return slot.ordered_at or slot.gate_closure


def evidence(slots: Collection[Slot], homes: Sequence[int]) -> Evidence:
    """Orders of the slots, and all mandates of the homes with their signatures: none of them ever changes."""
    orders: dict[tuple[int, int], list[PlainOrder]] = defaultdict(list)
    rows = Order.objects.filter(slot__in=slots, household__in=homes).order_by("pk")
    for slot, home, side, energy_wh, limit in rows.values_list(
        "slot_id", "household_id", "side", "energy_wh", "limit_ueur_kwh"
    ):
        orders[slot, home].append([side, energy_wh, limit])
    mandates: dict[int, list[Version]] = defaultdict(list)
    versions = Mandate.objects.filter(household__in=homes).order_by("valid_from", "pk")
    for mandate in versions.prefetch_related("hours", "confirmations"):
        signatures = sorted(
            ((one.confirmed_at, one.pk, one.assertion) for one in mandate.confirmations.all() if one.signature),
            key=lambda signed: signed[:2],
        )
        terms, signed = plain_mandate(mandate_terms(mandate)), [(since, own) for since, _pk, own in signatures]
        mandates[mandate.household_id].append(Version(mandate.valid_from, terms, mandate_hash(terms), signed))
    return Evidence(orders, mandates, {})


def plain_mandate(terms: MandateTerms) -> dict[str, Any]:
    """A mandate as plain values, in one spelling."""
    said = {name: value for name, value in asdict(terms).items() if value is not None or name not in ADDED}
    until = said["valid_until"]
    hours = [{name: _plain(value) for name, value in rule.items()} for rule in said["hours"]]
    return {name: _plain(value) for name, value in said.items()} | {
        "hours": hours, "valid_until": None if until is None else f"{until:%Y-%m-%dT%H:%M:%SZ}",
    }  # fmt: skip


def mandate_of(said: Mapping[str, Any]) -> MandateTerms:
    """The mandate that plain values say."""
    until = said["valid_until"]
    return MandateTerms(
        **{
            **said,
            "sell_periods": frozenset(said["sell_periods"]),
            "buy_periods": frozenset(said["buy_periods"]),
            "hours": tuple(HoursRule(**rule) for rule in said["hours"]),
            "valid_until": None if until is None else datetime.fromisoformat(until),
        }
    )


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else value


def mandate_hash(mandate: Mapping[str, Any]) -> str:
    """The hash by which an opening cites a mandate, in hex."""
    return sha256(canonical(dict(mandate))).hexdigest()
