"""The operator's pages about people, homes, contracts and the feeder."""

from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy, ngettext

from community import models
from community.read_only_admin import ReadOnlyAdmin
from community.services.sessions import end_sessions


@admin.register(models.User)
class UserAdmin(admin.ModelAdmin):
    list_display = ("email", "name", "is_active", "is_staff")
    search_fields = ("email", "name")
    fields = ("email", "name", "is_active", "is_staff", "is_superuser")
    actions = ("end_sessions",)

    @admin.action(description=gettext_lazy("End all sessions of these people"), permissions=["change"])
    def end_sessions(self, request: HttpRequest, chosen: QuerySet[models.User]) -> None:
        """For a lost telephone, or whoever must not go on."""
        count = end_sessions(list(chosen))
        said = ngettext("%(count)d session was ended.", "%(count)d sessions were ended.", count)
        self.message_user(request, said % {"count": count})


admin.site.unregister(UserSession)


@admin.register(UserSession)
class UserSessionAdmin(ReadOnlyAdmin):
    list_display = ("user", "created_at", "last_seen_at", "ip", "user_agent")
    search_fields = ("user__email", "ip")


@admin.register(models.Community)
class CommunityAdmin(admin.ModelAdmin):
    list_display = ("name", "legal_mode", "price_rule", "fairness_rule", "slot_minutes")


@admin.register(models.Member)
class MemberAdmin(admin.ModelAdmin):
    list_display = ("user", "community", "role", "joined_at", "left_at")
    list_filter = ("community", "role")


@admin.register(models.Household)
class HouseholdAdmin(admin.ModelAdmin):
    list_display = ("name", "community", "member", "node", "phase", "contracted_w")
    list_filter = ("community",)
    search_fields = ("name",)
    # Who lives there changes by invitations and ends of memberships, which say from when on records are theirs.
    readonly_fields = ("member", "records_from")

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        """A home that moves to another node or phase makes the street another one."""
        super().save_model(request, obj, form, change)
        models.Feeder.objects.filter(community=obj.community).update(revision=F("revision") + 1)


@admin.register(models.Device)
class DeviceAdmin(admin.ModelAdmin):
    list_display = ("household", "kind", "name", "peak_w", "capacity_wh", "retired_at")
    list_filter = ("kind",)


class VersionInline(admin.TabularInline):
    model = models.TariffVersion
    extra = 0


@admin.register(models.Tariff)
class TariffAdmin(admin.ModelAdmin):
    list_display = ("retailer", "name")
    inlines = (VersionInline,)


@admin.register(models.OfferTerms)
class OfferTermsAdmin(admin.ModelAdmin):
    list_display = ("tariff", "valid_from", "region", "surplus_ueur_kwh", "wallet_ppm")


@admin.register(models.SupplyContract)
class SupplyContractAdmin(admin.ModelAdmin):
    list_display = ("household", "tariff", "valid_from")


@admin.register(models.Feeder)
class FeederAdmin(admin.ModelAdmin):
    list_display = ("name", "community", "transformer_va", "v_min_pu", "v_max_pu", "revision")
    readonly_fields = ("revision",)

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        obj.revision += change
        super().save_model(request, obj, form, change)


@admin.register(models.Invitation)
class InvitationAdmin(admin.ModelAdmin):
    list_display = ("email", "community", "household", "created_at", "expires_at", "accepted_at", "revoked_at")
    exclude = ("secret_hash",)

    def has_add_permission(self, request: object) -> bool:
        return False

    def has_change_permission(self, request: object, obj: object = None) -> bool:
        return False


@admin.register(models.AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "community", "what", "who", "user", "token", "household", "network")
    list_filter = ("community", "who")
    list_select_related = True
    show_full_result_count = False


@admin.register(models.ErasureRequest)
class ErasureRequestAdmin(ReadOnlyAdmin):
    list_display = ("member", "asked_at", "taken_back_at", "done_at", "done_by")


@admin.register(models.JoinRequest)
class JoinRequestAdmin(ReadOnlyAdmin):
    list_display = ("name", "community", "place", "state", "asked_at", "decided_at", "decided_by")
    exclude = ("sealed_cups",)


@admin.register(models.Announcement)
class AnnouncementAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "community", "written_by", "written_at", "expires_at", "ended_at")


@admin.register(models.AnnouncementLetter)
class AnnouncementLetterAdmin(ReadOnlyAdmin):
    list_display = ("announcement", "member", "state", "attempts", "changed_at", "reason")
    list_filter = ("state",)
