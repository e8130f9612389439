"""Bringing a feeder into the database, and connecting homes to it."""

from collections.abc import Sequence
from typing import NamedTuple

from django.db import transaction
from django.db.models import F

from community.feeder_files import Cable, FeederFile, building, outwards, street
from community.models import Community, Feeder, Household, Line, Node
from community.queries import ConnectedHome, connected_homes

HOME_NODE = "home-{}"  # the code of a home's node in a usual street or building
USUAL = {"street": street, "building": building}


class FeederKnown(ValueError):
    """The community has a feeder already; homes are connected to its nodes."""


class HomeWouldLoseItsNode(ValueError):
    """The new feeder lacks nodes at which homes are connected; `homes` says which."""

    def __init__(self, homes: Sequence[ConnectedHome]) -> None:
        super().__init__(", ".join(f"{home.name} ({home.node})" for home in homes))
        self.homes = homes


class UnknownNode(ValueError):
    """A home was to be connected at a node that the feeder does not have."""


class Connection(NamedTuple):
    """Where a home is to be connected: a node's code (empty: at the transformer), a phase (empty: not known)."""

    household_id: int
    node: str
    phase: str


@transaction.atomic
def load_feeder(*, community: Community, described: FeederFile) -> Feeder:
    """Store a radial feeder for a community that has none. Raises `FeederKnown`."""
    _lock(community)
    if Feeder.objects.filter(community=community).exists():
        raise FeederKnown(community.slug)
    return _store(Feeder(community=community), described)


@transaction.atomic
def store_feeder(*, community: Community, described: FeederFile) -> Feeder:
    """Store a feeder, or put it in the place of the one that is there; nodes of the same code keep their homes.

    Homes without a node are connected where the feeder names a node after them, as a usual street does. The
    revision rises with every change. Raises `HomeWouldLoseItsNode` and changes nothing.
    """
    _lock(community)
    feeder = Feeder.objects.filter(community=community).first()
    losing = homes_without_node(community, described)
    if losing:
        raise HomeWouldLoseItsNode(losing)
    if feeder is not None:
        feeder.revision += 1
    stored = _store(feeder or Feeder(community=community), described)
    connect_by_name(community=community)
    return stored


def usual_feeder(*, community: Community, kind: str) -> FeederFile:
    """What a distributor would usually build for the community's homes; `kind` is one of `USUAL`."""
    codes = [HOME_NODE.format(home.id) for home in connected_homes(community.pk)]
    return USUAL[kind](codes, community.name)


def homes_without_node(community: Community, described: FeederFile) -> list[ConnectedHome]:
    """Connected homes whose node the feeder does not have."""
    codes = {bus.code for bus in described.buses}
    return [home for home in connected_homes(community.pk) if home.node and home.node not in codes]


def connect_by_name(*, community: Community) -> None:
    """Connect homes that have no node to the node that bears their number, where there is one."""
    nodes = dict(Node.objects.filter(feeder__community=community).values_list("code", "pk"))
    for pk in Household.objects.filter(community=community, node__isnull=True).values_list("pk", flat=True):
        node = nodes.get(HOME_NODE.format(pk))
        if node is not None:
            Household.objects.filter(pk=pk).update(node=node)


@transaction.atomic
def connect_homes(*, community: Community, connections: Sequence[Connection]) -> None:
    """Connect homes of the community at nodes of its feeder, all or none. Raises `UnknownNode`."""
    _lock(community)
    nodes = dict(Node.objects.filter(feeder__community=community).values_list("code", "pk"))
    for connection in connections:
        if connection.node and connection.node not in nodes:
            raise UnknownNode(connection.node)
        Household.objects.filter(community=community, pk=connection.household_id).update(
            node=nodes.get(connection.node), phase=connection.phase
        )
    # What was computed for the street as it was is no longer true.
    Feeder.objects.filter(community=community).update(revision=F("revision") + 1)


def _lock(community: Community) -> None:
    Community.objects.select_for_update(no_key=True).get(pk=community.pk)


def _store(feeder: Feeder, described: FeederFile) -> Feeder:
    """Write the feeder's own figures, then its nodes and lines; nodes that nobody needs any more go."""
    plate = described.transformer
    feeder.name, feeder.source = described.name[:120], described.source
    feeder.nominal_v, feeder.slack_pu = described.nominal_v, described.slack_pu
    feeder.v_min_pu, feeder.v_max_pu = described.v_min_pu, described.v_max_pu
    feeder.transformer_va = plate.s_va
    feeder.transformer_r_ohm, feeder.transformer_x_ohm = plate.r_ohm, plate.x_ohm
    feeder.save()
    Line.objects.filter(feeder=feeder).delete()
    Node.objects.filter(feeder=feeder).exclude(code__in=[bus.code for bus in described.buses]).delete()
    Node.objects.bulk_create(
        [Node(feeder=feeder, code=bus.code, name=bus.name[:120]) for bus in described.buses],
        update_conflicts=True,
        unique_fields=["feeder", "code"],
        update_fields=["name"],
    )
    nodes = {node.code: node for node in Node.objects.filter(feeder=feeder)}
    Line.objects.bulk_create(
        [
            _line(feeder, cable, nodes[parent], nodes[child])
            for cable, parent, child in outwards(described.root, described.cables)
        ]
    )
    return feeder


def _line(feeder: Feeder, cable: Cable, parent: Node, child: Node) -> Line:
    return Line(
        feeder=feeder,
        code=cable.code,
        parent=parent,
        child=child,
        r_ohm=cable.r_ohm,
        x_ohm=cable.x_ohm,
        limit_a=cable.limit_a,
        r0_ohm=cable.r0_ohm,
        x0_ohm=cable.x0_ohm,
        is_transformer=cable.is_transformer,
    )
