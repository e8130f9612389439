"""A neighbour's own wish to join, from the page that anybody can open."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from community.models.people import Community, Invitation, Member


class JoinRequest(models.Model):
    """Who asks, where they live, and what an administrator said to it. The meter's code lies sealed."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        ACCEPTED = "accepted", _("accepted")
        DECLINED = "declined", _("declined")

    community = models.ForeignKey(Community, models.PROTECT, related_name="join_requests")
    name = models.CharField(max_length=120)
    email = models.EmailField(max_length=254)
    place = models.CharField(max_length=120, help_text=_("Address and flat."))
    sealed_cups = models.TextField(blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    asked_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(Member, models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=300, blank=True)
    invitation = models.OneToOneField(
        Invitation, models.SET_NULL, null=True, blank=True, related_name="join_request"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["community", "email"], condition=models.Q(state="waiting"), name="join_request_waits_once"
            ),
            models.CheckConstraint(
                condition=models.Q(state="waiting", decided_at=None)
                | ~models.Q(state="waiting") & models.Q(decided_at__isnull=False),
                name="join_request_is_decided_or_waits",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.asked_at:%Y-%m-%d}"
