"""Who saw or changed what, and when: added only, and kept as long as the books."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from community.models.homes import Household
from community.models.people import Community, User


class What(models.TextChoices):
    """What happened, as a stable code. New ones need no migration: the column takes any."""

    INVITED = "invited", _("A neighbour was invited")
    INVITATION_RENEWED = "invitation_renewed", _("An invitation got a new link and a new term")
    INVITATION_REVOKED = "invitation_revoked", _("An invitation was withdrawn")
    JOINED = "joined", _("A neighbour joined")
    LEFT = "left", _("A member left")
    NEIGHBOURS_IMPORTED = "neighbours_imported", _("A list of neighbours was taken over")
    HOME_ADDED = "home_added", _("The home was added")
    HOME_CHANGED = "home_changed", _("The home's entry was changed")
    JOIN_ASKED = "join_asked", _("Somebody asked to join")
    JOIN_ACCEPTED = "join_accepted", _("A wish to join was accepted")
    JOIN_DECLINED = "join_declined", _("A wish to join was declined")
    ANNOUNCED = "announced", _("Something was announced to all members")
    ANNOUNCEMENT_ENDED = "announcement_ended", _("An announcement was taken back")
    OUTSIDE_CHANGED = "outside_changed", _("What the street shows outside was changed")
    COMMUNITY_FOUNDED = "community_founded", _("The community was set up")
    ROLE_CHANGED = "role_changed", _("A member's part was changed")
    PRIORITY_CHANGED = "priority_changed", _("The home's priority was changed")
    CONTRACT_CHANGED = "contract_changed", _("The home's supply contract was changed")
    OFFER_CHANGED = "offer_changed", _("A retailer's offer was typed in or changed")
    PRICES_LOADED = "prices_loaded", _("Published prices were handed in")
    RULES_CHANGED = "rules_changed", _("The rules of the street were changed")
    LAW_CHANGED = "law_changed", _("The place or the legal mode was changed")
    COEFFICIENTS_CHANGED = "coefficients_changed", _("Sharing coefficients were kept")
    COEFFICIENTS_AGREED = "coefficients_agreed", _("The home agreed to sharing coefficients")
    GESTOR_AUTHORISED = "gestor_authorised", _("The community was authorised as gestor")
    GESTOR_WITHDRAWN = "gestor_withdrawn", _("The community is no longer gestor")
    MANDATE_CHANGED = "mandate_changed", _("The rules of the home's agent were changed")
    BANK_ACCOUNT_CHANGED = "bank_account_changed", _("The home's bank account was changed")
    CREDITOR_CHANGED = "creditor_changed", _("The community's bank account was changed")
    TOKEN_ISSUED = "token_issued", _("A token for the home's readings was issued")
    TOKEN_REVOKED = "token_revoked", _("A token for the home's readings was locked out")
    CODE_PREPARED = "code_prepared", _("A code for a token was prepared")
    TOKEN_FETCHED = "token_fetched", _("A device fetched its token with a code")
    METER_KEY_REGISTERED = "meter_key_registered", _("A key for the home's meter was registered")
    METER_KEY_ENDED = "meter_key_ended", _("A key for the home's meter was ended")
    FILE_STORED = "file_stored", _("Readings of a file were stored")
    METER_CHANGED = "meter_changed", _("A change of the meter was declared")
    EQUIPMENT_CHANGED = "equipment_changed", _("The home's list of equipment was changed")
    EQUIPMENT_REMOVED = "equipment_removed", _("Equipment was taken off the home's list")
    CONSENT_GIVEN = "consent_given", _("Fetching readings from Datadis was allowed")
    CONSENT_WITHDRAWN = "consent_withdrawn", _("Fetching readings from Datadis was forbidden")
    DATADIS_ACCOUNT_CHANGED = "datadis_account_changed", _("The community's Datadis login was changed")
    MONTH_CLOSED = "month_closed", _("A month was closed")
    MONTH_CORRECTED = "month_corrected", _("A closed month was corrected")
    STATEMENTS_SENT = "statements_sent", _("Statements were sent by e-mail")
    PAYMENT_RUN_MADE = "payment_run_made", _("A payment run was made")
    POLICY_TAKEN_BACK = "policy_taken_back", _("A learned policy was taken back")
    PAYMENT_FILE_READ = "payment_file_read", _("A file for the bank with the home's amount was downloaded")
    PAYMENTS_SEEN = "payments_seen", _("What the home owes or receives was looked at")
    MONTH_SEEN = "month_seen", _("The home's month was looked at")
    FILE_SEEN = "file_seen", _("A file with the home's readings was opened")
    METER_SEEN = "meter_seen", _("What the home's meter showed was looked at")
    CABLES_SEEN = "cables_seen", _("What flows to single homes was looked at")
    HELD_BACK_SEEN = "held_back_seen", _("What the cables held back from the home was looked at")
    SAVING_SEEN = "saving_seen", _("What the home would save was looked at")
    RECORD_SEEN = "record_seen", _("A record of the home was looked at on the operator's pages")
    READINGS_READ = "readings_read", _("The home's readings were read through the API")
    PLAN_READ = "plan_read", _("The home's plan was read through the API")
    EXPORTED = "exported", _("A copy of the home's records was downloaded")
    ERASURE_ASKED = "erasure_asked", _("A member asked to be erased")
    ERASURE_TAKEN_BACK = "erasure_taken_back", _("A wish to be erased was taken back")
    ERASED = "erased", _("A member was erased")


class AuditEvent(models.Model):
    """One thing that somebody did or saw. The database refuses any change of it."""

    class Who(models.TextChoices):
        PERSON = "person", _("a person")
        TOKEN = "token", _("a token")
        SYSTEM = "system", _("the site itself")

    community = models.ForeignKey(Community, models.PROTECT, related_name="audit_events")
    at = models.DateTimeField()
    who = models.CharField(max_length=6, choices=Who)
    user = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="audit_events")
    token = models.CharField(max_length=140, blank=True, help_text=_("Its key."))
    what = models.CharField(max_length=40)
    object_kind = models.CharField(max_length=40, blank=True)
    object_id = models.CharField(max_length=64, blank=True)
    household = models.ForeignKey(Household, models.PROTECT, null=True, blank=True, related_name="audit_events")
    network = models.CharField(max_length=43, blank=True, help_text=_("Where from, without the last part."))
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(who="person", user__isnull=False, token="")
                | Q(who="token", user__isnull=True) & ~Q(token="")
                | Q(who="system", user__isnull=True, token=""),
                name="audit_event_names_who",
            ),
        ]
        indexes = [
            models.Index(fields=["household", "-at"], name="audit_event_of_a_home"),
            models.Index(fields=["community", "-at"], name="audit_event_of_a_street"),
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.at:%Y-%m-%d %H:%M}"
