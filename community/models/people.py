"""Users of the site, communities, and who belongs to which."""

from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from community.tariffs import Period, period


class Users(BaseUserManager["User"]):
    """Creates users; an e-mail address is the login and is kept in lower case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody who can log in."""

    password = models.CharField(_("password"), max_length=400)  # as `community.passwords` keeps it
    email = models.EmailField(_("e-mail"), max_length=254, unique=True)
    name = models.CharField(_("name"), max_length=120)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    joined_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[Users] = Users()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        constraints = [
            # Kept in lower case, so that one address cannot log in as two people.
            models.CheckConstraint(condition=Q(email=Lower("email")), name="user_email_is_lower_case")
        ]

    def __str__(self) -> str:
        return self.email


class Region(models.TextChoices):
    """Parts of Spain with taxes, a clock or tariff hours of their own."""

    PENINSULA = "peninsula", _("Peninsula")
    BALEARIC = "balearic", _("Balearic Islands")
    CANARY = "canary", _("Canary Islands")
    CEUTA = "ceuta", _("Ceuta")
    MELILLA = "melilla", _("Melilla")


class Community(models.Model):
    """An energy community behind one perimeter, with the rules that its members agreed on."""

    class LegalMode(models.TextChoices):
        SIMULATION = "simulation", _("Simulation")
        PRIVATE_SETTLEMENT = "private_settlement", _("Private settlement")
        COEFFICIENTS = "coefficients", _("Sharing coefficients")
        SHARING = "sharing", _("Energy sharing")

    class PriceRule(models.TextChoices):
        EQUILIBRIUM_MIDPOINT = "equilibrium_midpoint", _("Midpoint of the equilibrium")
        MID_MARKET = "mid_market", _("Midpoint of the limits")
        SUPPLY_DEMAND_RATIO = "supply_demand_ratio", _("By how much is offered and wanted")
        PAY_AS_BID = "pay_as_bid", _("Each buyer pays what it stated")
        LOCATIONAL = "locational", _("By place in the street")

    class FairnessRule(models.TextChoices):
        PRO_RATA = "pro_rata", _("In proportion to what was asked")
        EQUAL_SHARE = "equal_share", _("The same to each, small wishes first")
        NEED_FIRST = "need_first", _("Homes with priority first")
        CAPPED = "capped", _("Nobody loses more than a part of the month to the cables")

    class PoolRule(models.TextChoices):
        EQUAL = "equal", _("The same to each home")
        NEED = "need", _("More to homes with priority")

    class RentRule(models.TextChoices):
        PER_KWH = "per_kwh", _("By what each home traded")
        CUT_HOMES = "cut_homes", _("By what the cables cost each home")
        EQUAL = "equal", _("The same to each home")

    slug = models.SlugField(unique=True)
    name = models.CharField(_("name"), max_length=120)
    timezone = models.CharField(max_length=64, default="Europe/Madrid")
    region = models.CharField(max_length=10, choices=Region, default=Region.PENINSULA)
    legal_mode = models.CharField(max_length=20, choices=LegalMode, default=LegalMode.SIMULATION)
    price_rule = models.CharField(max_length=24, choices=PriceRule, default=PriceRule.EQUILIBRIUM_MIDPOINT)
    fairness_rule = models.CharField(max_length=16, choices=FairnessRule, default=FairnessRule.PRO_RATA)
    slot_minutes = models.PositiveSmallIntegerField(default=15)
    order_lead_minutes = models.PositiveSmallIntegerField(
        default=10, help_text=_("Agents write their orders this long before a slot starts.")
    )
    gate_closure_minutes = models.PositiveSmallIntegerField(
        default=5, help_text=_("Orders of a slot close this long before it starts.")
    )
    grid_fee_ueur_kwh = models.BigIntegerField(default=0, help_text=_("µ€ per locally delivered kWh"))
    grid_fee_substation_ueur_kwh = models.BigIntegerField(
        null=True, blank=True, help_text=_("µ€ per kWh between two feeders of one substation; empty: the same")
    )
    grid_fee_beyond_ueur_kwh = models.BigIntegerField(
        null=True, blank=True, help_text=_("µ€ per kWh between two substations; empty: as between two feeders")
    )
    curtailment_cap_pct = models.PositiveSmallIntegerField(
        default=5, help_text=_("With the rule “capped”: the part of a month that a home may lose to the cables.")
    )
    pool_pct = models.PositiveSmallIntegerField(
        default=0, help_text=_("Share of each slot's gain that is pooled and paid out, 0 to 40 %.")
    )
    pool_rule = models.CharField(max_length=8, choices=PoolRule, default=PoolRule.EQUAL)
    rent_rule = models.CharField(
        max_length=12,
        choices=RentRule,
        default=RentRule.PER_KWH,
        help_text=_("How congestion rent is given back."),
    )
    import_limit_w = models.BigIntegerField(null=True, blank=True, help_text=_("At the transformer, W"))
    export_limit_w = models.BigIntegerField(null=True, blank=True, help_text=_("At the transformer, W"))
    uploads_per_minute = models.PositiveIntegerField(default=60, help_text=_("Of each token."))
    reads_per_minute = models.PositiveIntegerField(default=600, help_text=_("Of each token."))
    join_open = models.BooleanField(
        _("neighbours may ask to join"), default=False, help_text=_("On a page that anybody can open.")
    )
    figures_public = models.BooleanField(
        _("the street's figures are public"),
        default=False,
        help_text=_("Sums of at least five homes only."),
    )
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "communities"
        constraints = [
            models.CheckConstraint(
                condition=Q(slot_minutes__in=[15, 30, 60]), name="community_slot_is_15_30_or_60_minutes"
            ),
            models.CheckConstraint(
                condition=Q(gate_closure_minutes__lte=models.F("order_lead_minutes")),
                name="community_orders_come_before_gate_closure",
            ),
            models.CheckConstraint(
                condition=Q(grid_fee_ueur_kwh__gte=0), name="community_grid_fee_is_not_negative"
            ),
            models.CheckConstraint(
                condition=(
                    Q(grid_fee_substation_ueur_kwh__isnull=True)
                    | Q(grid_fee_substation_ueur_kwh__gte=models.F("grid_fee_ueur_kwh"))
                )
                & (
                    Q(grid_fee_beyond_ueur_kwh__isnull=True)
                    | Q(grid_fee_beyond_ueur_kwh__gte=models.F("grid_fee_ueur_kwh"))
                )
                & (
                    Q(grid_fee_beyond_ueur_kwh__isnull=True)
                    | Q(grid_fee_substation_ueur_kwh__isnull=True)
                    | Q(grid_fee_beyond_ueur_kwh__gte=models.F("grid_fee_substation_ueur_kwh"))
                ),
                name="community_grid_fees_rise_with_distance",
            ),
            models.CheckConstraint(condition=Q(pool_pct__lte=40), name="community_pool_is_at_most_40_percent"),
            models.CheckConstraint(
                condition=Q(curtailment_cap_pct__lte=100), name="community_cap_is_at_most_100_percent"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """The clock on the community's walls."""
        return ZoneInfo(self.timezone)

    def period(self, start: datetime) -> Period:
        """The tariff period of an interval that begins at `start`."""
        return period(start, self.zone, self.region)


class Member(models.Model):
    """A user's part in a community. Whoever leaves is marked, never deleted: money hangs on members."""

    class Role(models.TextChoices):
        RESIDENT = "resident", _("Resident")
        READER = "reader", _("Reader")
        BILLING = "billing", _("Billing")
        ADMIN = "admin", _("Administrator")
        OWNER = "owner", _("Owner")

    community = models.ForeignKey(Community, models.PROTECT, related_name="members")
    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role, default=Role.RESIDENT)
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)
    wants_mail = models.BooleanField(default=False, help_text=_("Announcements by e-mail, too."))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["community", "user"], name="member_once_per_community"),
            models.CheckConstraint(
                condition=Q(left_at__isnull=True) | Q(left_at__gte=models.F("joined_at")),
                name="member_leaves_after_joining",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user.name} ({self.community.slug})"


class Invitation(models.Model):
    """A neighbour asked to join; the link's secret is stored as a hash only.

    A letter by e-mail bears a secret made when it is sent, under the address `site`.
    """

    class Mail(models.TextChoices):
        NONE = "", _("not by e-mail")
        WAITING = "waiting", _("waiting")
        SENT = "sent", _("sent")
        FAILED = "failed", _("not delivered")

    community = models.ForeignKey(Community, models.PROTECT, related_name="invitations")
    household = models.ForeignKey(
        "community.Household", models.PROTECT, related_name="invitations", null=True, blank=True
    )
    email = models.EmailField(max_length=254)
    name = models.CharField(
        max_length=120, blank=True, default="", help_text=_("Who is invited, as far as it is known.")
    )
    role = models.CharField(max_length=12, choices=Member.Role, default=Member.Role.RESIDENT)
    secret_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(
        Member,
        models.PROTECT,
        related_name="invitations_sent",
        null=True,
        blank=True,
        help_text=_("Empty: whoever runs the site."),
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(Member, models.PROTECT, null=True, blank=True, related_name="+")
    revoked_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True, help_text=_("When its link was first opened."))
    site = models.CharField(max_length=200, blank=True, default="")
    mail = models.CharField(max_length=7, choices=Mail, default=Mail.NONE, blank=True)
    mail_at = models.DateTimeField(null=True, blank=True, help_text=_("When that changed last."))
    mail_due_at = models.DateTimeField(null=True, blank=True, help_text=_("Not before."))
    mail_attempts = models.PositiveSmallIntegerField(default=0)
    mail_reason = models.CharField(
        max_length=200, blank=True, default="", help_text=_("What the mail server said.")
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                "community",
                condition=Q(accepted_at__isnull=True, revoked_at__isnull=True),
                name="invitation_open_once_per_email",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} → {self.community.slug}"
