"""Of which limits of the street a resident may see figures, so that none is about few homes' flow."""

from collections.abc import Sequence
from dataclasses import replace

from community.anonymity import hides
from community.models import Community
from market.cable_privacy import shown_cables
from market.grid.congestion import ElementLog
from market.grid.feeder import Feeder
from market.queries.book import feeder_of
from market.queries.cable_loads import placed_homes

# Of the whole street, as its sums are.
OF_ALL = frozenset({"import", "export"})
CARRY = frozenset({"line", "transformer", *OF_ALL})


def told_limits(community: Community, elements: Sequence[ElementLog], mine: frozenset[int]) -> list[ElementLog]:
    """Limits without loading and rent where these are about fewer homes, besides `mine`, than a sum must be of.

    What flows through a cable is what the homes behind it take, and in one phase only those on it.
    """
    feeder = feeder_of(community)
    placed = [(node, phase) for pk, node, _tan_phi, phase in placed_homes(community, feeder) if pk not in mine]
    told: dict[str, frozenset[str]] = {}
    for phase in {log.phase for log in elements}:
        told[phase] = _told_lines(feeder, [node for node, on in placed if not phase or phase in on])
    return [
        log if _tells(log, told[log.phase]) else replace(log, loading_pct=None, rent_neur=None) for log in elements
    ]


def _tells(log: ElementLog, lines: frozenset[str]) -> bool:
    """A voltage is everybody's; lines, and the transformer as the empty name, tell what runs through them."""
    if log.kind not in CARRY or (log.kind in OF_ALL and not log.phase):
        return True
    return (log.element if log.kind == "line" else "") in lines


def _told_lines(feeder: Feeder, homes: Sequence[int]) -> frozenset[str]:
    """Lines by name that may be told where these nodes have a home each; with them the transformer (no name)."""
    if not hides(len(homes)):
        return frozenset()
    place = {feeder.nodes[i]: n for n, i in enumerate(feeder.order)}
    into = {line.child: line for line in feeder.lines}
    parents = [place[into[code].parent] if code in into else None for code in place]
    others = [0] * len(place)
    for node in homes:
        others[place[feeder.nodes[node]]] += 1
    shown = shown_cables(parents, others)
    return frozenset(into[code].code if code in into else "" for code, n in place.items() if shown[n])
