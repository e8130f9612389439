"""Bringing a feeder into the database."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from community.models import Community, Feeder, Line, Node


class NotRadial(ValueError):
    """The feeder is not a tree; the message names the lines to mend."""


@transaction.atomic
def load_feeder(*, community: Community, described: dict[str, Any]) -> Feeder:
    """Store a radial feeder given as plain JSON (see `community/demo`); the community must not have one yet.

    Resistances and reactances in ohm, limits in ampere, transformer power in kVA referred to the LV side.
    """
    transformer = described["transformer"]
    feeder = Feeder.objects.create(
        community=community,
        name=described["name"],
        source=f"{described['source']}; {described['licence']}; {described['attribution']}",
        nominal_v=described["vn_v"],
        slack_pu=described["slack"]["vm_pu"] / transformer["ratio"],
        v_min_pu=described["limits"]["v_min_pu"],
        v_max_pu=described["limits"]["v_max_pu"],
        transformer_va=transformer["s_kva"] * 1_000,
        transformer_r_ohm=transformer["r_ohm_lv"],
        transformer_x_ohm=transformer["x_ohm_lv"],
    )
    nodes = {
        node.code: node
        for node in Node.objects.bulk_create(
            [Node(feeder=feeder, code=bus["id"], name=bus["name"]) for bus in described["buses"]]
        )
    }
    Line.objects.bulk_create(
        [
            Line(
                feeder=feeder,
                code=line["id"],
                parent=nodes[parent],
                child=nodes[child],
                **{name: line.get(name) for name in ("r_ohm", "x_ohm", "limit_a", "r0_ohm", "x0_ohm")},
            )
            for line, parent, child in outwards(transformer["to"], described["lines"])
        ]
    )
    return feeder


def outwards(root: str, lines: Sequence[dict[str, Any]]) -> list[tuple[dict[str, Any], str, str]]:
    """Each line with its ends in the order (nearer the root, farther from it), outwards from the root.

    Raises `NotRadial` naming a line that closes a loop, or lines that nothing connects to the root.
    """
    reached = {root}
    answer = []
    waiting = list(lines)
    while waiting:
        touching = [line for line in waiting if {line["frm"], line["to"]} & reached]
        if not touching:
            raise NotRadial(f"Not connected to {root}: {', '.join(line['id'] for line in waiting)}.")
        for line in touching:
            ends = (line["frm"], line["to"])
            if reached.issuperset(ends):
                raise NotRadial(f"Line {line['id']} closes a loop between {ends[0]} and {ends[1]}.")
            parent, child = ends if ends[0] in reached else ends[::-1]
            reached.add(child)
            answer.append((line, parent, child))
            waiting.remove(line)
    return answer
