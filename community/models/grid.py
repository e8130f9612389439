"""The street's low-voltage feeder: a tree of nodes and lines behind one transformer."""

from django.db import models
from django.db.models import F, Q

from community.models.people import Community


class Feeder(models.Model):
    """A radial low-voltage network. Electrical constants are physics, so they are floats, not money."""

    community = models.OneToOneField(Community, models.PROTECT, related_name="feeder")
    name = models.CharField(max_length=120)
    source = models.TextField(blank=True)
    revision = models.PositiveIntegerField(default=1, help_text="Rises with every change of the network.")
    nominal_v = models.FloatField(default=400.0)
    slack_pu = models.FloatField(default=1.0)
    v_min_pu = models.FloatField(default=0.9)
    v_max_pu = models.FloatField(default=1.1)
    transformer_va = models.FloatField(null=True, blank=True)
    transformer_r_ohm = models.FloatField(default=0.0)
    transformer_x_ohm = models.FloatField(default=0.0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(v_min_pu__lt=F("slack_pu"), v_max_pu__gt=F("slack_pu")),
                name="feeder_slack_is_inside_the_band",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Node(models.Model):
    """A connection on the feeder; the one without an incoming line is the transformer's busbar."""

    feeder = models.ForeignKey(Feeder, models.PROTECT, related_name="nodes")
    code = models.CharField(max_length=32)
    name = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["feeder", "code"], name="node_code_is_unique")]

    def __str__(self) -> str:
        return self.code


class Line(models.Model):
    """A cable from the parent node (nearer the transformer) to its child. A child has one parent."""

    feeder = models.ForeignKey(Feeder, models.PROTECT, related_name="lines")
    code = models.CharField(max_length=32)
    parent = models.ForeignKey(Node, models.PROTECT, related_name="lines_out")
    child = models.OneToOneField(Node, models.PROTECT, related_name="line_in")
    r_ohm = models.FloatField()
    x_ohm = models.FloatField()
    limit_a = models.FloatField(null=True, blank=True)
    r0_ohm = models.FloatField(null=True, blank=True, help_text="Zero sequence; empty: as of a four-core cable.")
    x0_ohm = models.FloatField(null=True, blank=True)
    is_transformer = models.BooleanField(
        default=False, help_text="Leads to another substation's busbar: what crosses it comes from beyond."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["feeder", "code"], name="line_code_is_unique"),
            models.CheckConstraint(condition=Q(r_ohm__gt=0, x_ohm__gte=0), name="line_has_impedance"),
            models.CheckConstraint(condition=~Q(parent=F("child")), name="line_joins_two_nodes"),
        ]

    def __str__(self) -> str:
        return self.code
