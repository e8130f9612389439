"""A member's wish to be erased."""

from django.db import models

from community.models.people import Member


class ErasureRequest(models.Model):
    """Asked by a member, confirmed by an administrator; until then it may be taken back."""

    member = models.ForeignKey(Member, models.PROTECT, related_name="erasure_requests")
    asked_at = models.DateTimeField()
    taken_back_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(Member, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["member"],
                condition=models.Q(taken_back_at=None, done_at=None),
                name="erasure_request_open_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.member_id} {self.asked_at:%Y-%m-%d}"
