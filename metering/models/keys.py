"""Keys of meters and gateways, and the signatures under what they sent."""

from django.db import models
from django.db.models import Q

from metering.models.readings import MeteringPoint, Upload


class MeterKey(models.Model):
    """The key that signs what is sent for a metering point, by its name (did:key), while it is not replaced."""

    metering_point = models.ForeignKey(MeteringPoint, models.PROTECT, related_name="keys")
    did = models.CharField(max_length=80)
    registered_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["metering_point"], condition=Q(ended_at=None), name="meter_key_one_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return self.did


class UploadSignature(models.Model):
    """A key's signature (base64) over the method, the address and the hash of an upload's body."""

    upload = models.OneToOneField(Upload, models.PROTECT, related_name="signed")
    key = models.ForeignKey(MeterKey, models.PROTECT, related_name="signatures")
    path = models.CharField(max_length=500)
    signature = models.CharField(max_length=88)

    class Meta:
        indexes = [models.Index(fields=["signature"], name="upload_signature_seen")]

    def __str__(self) -> str:
        return f"{self.upload_id} by {self.key_id}"
