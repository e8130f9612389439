"""The operator's view of meters, deliveries and tokens."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from community.read_only_admin import ReadOnlyAdmin
from config.clock import now
from metering.models import ApiToken, MeteringPoint, Upload
from metering.services.tokens import revoke_token


@admin.register(MeteringPoint)
class MeteringPointAdmin(admin.ModelAdmin):
    list_display = ("cups", "household", "resolution_minutes", "public_id")
    readonly_fields = ("public_id",)


@admin.register(Upload)
class UploadAdmin(ReadOnlyAdmin):
    list_display = ("metering_point", "source", "received_at", "received", "created", "unchanged", "revised")


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    list_display = ("name", "community", "key_id", "expires_at", "revoked_at", "last_used_at")
    exclude = ("secret_hash",)
    actions = ("revoke",)

    @admin.action(description=_("Revoke the chosen tokens"), permissions=["view"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        for token in queryset:
            revoke_token(token=token, at=now())
