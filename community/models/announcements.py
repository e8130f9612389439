"""What administrators tell everybody, who has read it, and the letters of it on their way."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from community.models.people import Community, Member

# In which an announcement may be written; a reader whose own is missing sees the first that is there.
LANGUAGES = ("es", "ca", "en")


class Announcement(models.Model):
    """A plain text for all members, as it was typed, in one or more of the site's languages; it ends by itself."""

    community = models.ForeignKey(Community, models.PROTECT, related_name="announcements")
    written_by = models.ForeignKey(Member, models.PROTECT, related_name="+")
    written_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True, help_text=_("When it was taken back before its term."))
    title_es = models.CharField(max_length=120, blank=True)
    text_es = models.TextField(max_length=2_000, blank=True)
    title_ca = models.CharField(max_length=120, blank=True, db_default="")
    text_ca = models.TextField(max_length=2_000, blank=True, db_default="")
    title_en = models.CharField(max_length=120, blank=True)
    text_en = models.TextField(max_length=2_000, blank=True)
    site = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=models.F("written_at")), name="announcement_ends_after_it_begins"
            ),
            models.CheckConstraint(
                condition=~Q(title_es="") | ~Q(title_ca="") | ~Q(title_en=""),
                name="announcement_has_a_title_in_a_language",
            ),
        ]

    def __str__(self) -> str:
        return self.title_es or self.title_ca or self.title_en


class Dismissal(models.Model):
    """A member has read an announcement and put it away."""

    announcement = models.ForeignKey(Announcement, models.CASCADE, related_name="dismissals")
    member = models.ForeignKey(Member, models.PROTECT, related_name="dismissals")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["announcement", "member"], name="dismissal_once_a_member")]

    def __str__(self) -> str:
        return f"{self.announcement_id}: {self.member_id}"


class AnnouncementLetter(models.Model):
    """An announcement for one member by e-mail: waiting, sent, or refused with the reason."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENT = "sent", _("sent")
        FAILED = "failed", _("not delivered")

    announcement = models.ForeignKey(Announcement, models.CASCADE, related_name="letters")
    member = models.ForeignKey(Member, models.PROTECT, related_name="+")
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(help_text=_("Not before."))
    changed_at = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True, help_text=_("What the mail server said."))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["announcement", "member"], name="letter_once_a_member")]
        indexes = [models.Index(fields=["due_at"], condition=Q(state="waiting"), name="letter_waiting")]

    def __str__(self) -> str:
        return f"{self.announcement_id} to {self.member_id}: {self.state}"
