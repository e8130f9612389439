"""Bringing a feeder into the database."""

from django.db import transaction

from community.feeder_files import FeederFile, outwards
from community.models import Community, Feeder, Line, Node


class FeederKnown(ValueError):
    """The community has a feeder already; homes are connected to its nodes."""


@transaction.atomic
def load_feeder(*, community: Community, described: FeederFile) -> Feeder:
    """Store a radial feeder for a community that has none. Raises `FeederKnown`."""
    Community.objects.select_for_update(no_key=True).get(pk=community.pk)
    if Feeder.objects.filter(community=community).exists():
        raise FeederKnown(community.slug)
    plate = described.transformer
    feeder = Feeder.objects.create(
        community=community,
        name=described.name[:120],
        source=described.source,
        nominal_v=described.nominal_v,
        slack_pu=described.slack_pu,
        v_min_pu=described.v_min_pu,
        v_max_pu=described.v_max_pu,
        transformer_va=plate.s_va,
        transformer_r_ohm=plate.r_ohm,
        transformer_x_ohm=plate.x_ohm,
    )
    rows = [Node(feeder=feeder, code=bus.code[:32], name=bus.name[:120]) for bus in described.buses]
    nodes = {bus.code: node for bus, node in zip(described.buses, Node.objects.bulk_create(rows), strict=True)}
    Line.objects.bulk_create(
        [
            Line(
                feeder=feeder,
                code=cable.code[:32],
                parent=nodes[parent],
                child=nodes[child],
                r_ohm=cable.r_ohm,
                x_ohm=cable.x_ohm,
                limit_a=cable.limit_a,
                r0_ohm=cable.r0_ohm,
                x0_ohm=cable.x0_ohm,
            )
            for cable, parent, child in outwards(described.root, described.cables)
        ]
    )
    return feeder
