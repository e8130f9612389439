"""A community's log: leaves in order, tiles of hashes over them, signed heads, and the homes' keys beside it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from community.models import Community, Household
from market.models.settlement import SettledHome, Settlement
from market.models.statements import Statement


class HomeKey(models.Model):
    """What opens a home's leaves, sealed. Empty once destroyed: nobody can then, and the log stays valid.

    Each time that a home is looked after by somebody else has a key of its own: it opens leaves about a time from
    `since` on, up to the next key's, beginning with `since_number`.
    """

    household = models.ForeignKey(Household, models.PROTECT, related_name="log_keys")
    since = models.DateTimeField(null=True, blank=True)  # empty: from the beginning
    sealed_key = models.TextField(blank=True)
    since_number = models.BigIntegerField(default=0)
    destroyed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["household", "since"], nulls_distinct=False, name="home_key_once_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"key of {self.household_id}"


class LogLeaf(models.Model):
    """An entry of a community's log.

    A home's leaf is of a settled slot or a statement, and has its running number among that home's. One without a
    home is of a slot, or of the log itself.
    """

    # What is unique below is found by its first column, too: an index of its own would only be written.
    community = models.ForeignKey(Community, models.PROTECT, related_name="log_leaves", db_index=False)
    seq = models.BigIntegerField()
    body = models.TextField()
    settlement = models.ForeignKey(Settlement, models.PROTECT, null=True, related_name="log_leaves")
    household = models.ForeignKey(Household, models.PROTECT, null=True, related_name="+", db_index=False)
    number = models.BigIntegerField(null=True)
    settled = models.OneToOneField(SettledHome, models.PROTECT, null=True, related_name="log_leaf")
    statement = models.OneToOneField(Statement, models.PROTECT, null=True, related_name="log_leaf")

    class Meta:
        verbose_name_plural = "log leaves"
        constraints = [
            models.UniqueConstraint(fields=["community", "seq"], name="log_leaf_has_one_place"),
            models.UniqueConstraint(fields=["household", "number"], name="log_leaf_once_a_number"),
        ]

    def __str__(self) -> str:
        return f"{self.community_id}/{self.seq}"

    @property
    def entry(self) -> bytes:
        """The bytes that are hashed."""
        return self.body.encode()


class LogTile(models.Model):
    """Up to 256 hashes of a level (C2SP tlog-tiles); a full one never changes."""

    community = models.ForeignKey(Community, models.PROTECT, related_name="log_tiles")
    level = models.PositiveSmallIntegerField()
    place = models.BigIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["community", "level", "place"], name="log_tile_has_one_place")
        ]

    def __str__(self) -> str:
        return f"{self.community_id}: {self.level}/{self.place}"


class LogHead(models.Model):
    """A signed head that was handed out; added only."""

    community = models.ForeignKey(Community, models.PROTECT, related_name="log_heads")
    size = models.BigIntegerField()
    root = models.CharField(max_length=64)
    note = models.TextField()
    verifier_key = models.CharField(max_length=300)
    signed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["community", "size"], name="log_head_once_a_size")]

    def __str__(self) -> str:
        return f"{self.community_id}: {self.size}"

    @property
    def cosigned(self) -> str:
        """The note with the lines of all witnesses."""
        lines = self.cosignatures.order_by("witness").values_list("line", flat=True)
        return self.note + "".join(f"{line}\n" for line in lines)


class LogCosignature(models.Model):
    """A witness's line below a head: it saw the log grow to it."""

    head = models.ForeignKey(LogHead, models.PROTECT, related_name="cosignatures")
    witness = models.CharField(max_length=200)
    line = models.CharField(max_length=400)
    received_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["head", "witness"], name="log_cosignature_once_a_witness")]

    def __str__(self) -> str:
        return f"{self.head}: {self.witness}"


class LogAnchor(models.Model):
    """What somebody outside gave for a head: a file that shows by when it was there; final once it is complete."""

    class Kind(models.TextChoices):
        RFC3161 = "rfc3161", _("time-stamping authority (RFC 3161)")
        OPENTIMESTAMPS = "opentimestamps", _("OpenTimestamps, in Bitcoin")
        IOTA = "iota", _("IOTA (experimental)")

    head = models.ForeignKey(LogHead, models.PROTECT, related_name="anchors")
    kind = models.CharField(max_length=14, choices=Kind)
    content = models.BinaryField()
    place = models.CharField(max_length=200)
    asked_at = models.DateTimeField()
    complete_at = models.DateTimeField(null=True)
    said_at = models.DateTimeField(
        null=True, help_text=_("By when the anchor itself says that the head was there.")
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["head", "kind"], name="log_anchor_once_a_kind")]

    def __str__(self) -> str:
        return f"{self.head}: {self.kind}"


class LogAlarm(models.Model):
    """The signer refused a log, and why: somebody has to look."""

    community = models.ForeignKey(Community, models.PROTECT, related_name="log_alarms")
    size = models.BigIntegerField()
    reason = models.CharField(max_length=300)
    raised_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["community", "size"], name="log_alarm_once_a_size")]

    def __str__(self) -> str:
        return f"{self.community_id}: {self.reason}"
