"""What stands behind a home's settled slot: its agent's orders, and the mandate that allowed them, as one hash."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

from market.agents import Mandate as MandateTerms
from market.ledger.leaves import canonical
from market.models import Mandate, Order, Slot
from market.queries.mandates import mandate_terms

# An order as openings state it: side, Wh, and the worst price accepted (µ€/kWh).
PlainOrder = list[str | int]


class Evidence(NamedTuple):
    """Orders by slot and home, and each home's mandates in force since when, as plain values."""

    orders: Mapping[tuple[int, int], list[PlainOrder]]
    mandates: Mapping[int, list[tuple[datetime, dict[str, Any]]]]

    def mandate_of(self, home: int, slot: Slot) -> dict[str, Any] | None:
        """The mandate that held when the slot's gate closed; None without one."""
        dated = self.mandates.get(home, [])
        place = bisect_right([since for since, _terms in dated], slot.gate_closure)
        return dated[place - 1][1] if place else None

    def stated(self, home: int, slot: Slot) -> dict[str, Any]:
        """What an opening says of it."""
        mandate = self.mandate_of(home, slot)
        return {
            "mandate": "" if mandate is None else mandate_hash(mandate),
            "orders": self.orders.get((slot.pk, home), []),
        }


def evidence(slots: Collection[Slot], homes: Sequence[int]) -> Evidence:
    """Orders of the slots, and all mandates of the homes: neither ever changes."""
    orders: dict[tuple[int, int], list[PlainOrder]] = defaultdict(list)
    rows = Order.objects.filter(slot__in=slots, household__in=homes).order_by("pk")
    for slot, home, side, energy_wh, limit in rows.values_list(
        "slot_id", "household_id", "side", "energy_wh", "limit_ueur_kwh"
    ):
        orders[slot, home].append([side, energy_wh, limit])
    mandates: dict[int, list[tuple[datetime, dict[str, Any]]]] = defaultdict(list)
    versions = Mandate.objects.filter(household__in=homes).order_by("valid_from", "pk").prefetch_related("hours")
    for mandate in versions:
        mandates[mandate.household_id].append((mandate.valid_from, plain_mandate(mandate_terms(mandate))))
    return Evidence(orders, mandates)


def plain_mandate(terms: MandateTerms) -> dict[str, Any]:
    """A mandate as plain values, in one spelling."""
    said = asdict(terms)
    until = said["valid_until"]
    hours = [{name: _plain(value) for name, value in rule.items()} for rule in said["hours"]]
    return {name: _plain(value) for name, value in said.items()} | {
        "hours": hours, "valid_until": None if until is None else f"{until:%Y-%m-%dT%H:%M:%SZ}",
    }  # fmt: skip


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else value


def mandate_hash(mandate: Mapping[str, Any]) -> str:
    """The hash by which an opening cites a mandate, in hex."""
    return sha256(canonical(dict(mandate))).hexdigest()
