"""The operator's view of meters, deliveries and tokens."""

from typing import ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from community.models import User
from community.read_only_admin import ReadOnlyAdmin
from config.clock import now
from metering.models import ApiToken, Equipment, MeteringPoint, Upload
from metering.queries import with_cups
from metering.services.tokens import revoke_token


class MeteringPointForm(forms.ModelForm):
    """A CUPS is typed in one line, and once."""

    class Meta:
        model = MeteringPoint
        fields = ("household", "cups", "resolution_minutes")
        widgets: ClassVar = {"cups": forms.TextInput}

    def clean_cups(self) -> str:
        """Refuse a code that another point has."""
        code: str = self.cleaned_data["cups"]
        if with_cups([code]).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("Another metering point has this CUPS."))
        return code


@admin.register(MeteringPoint)
class MeteringPointAdmin(admin.ModelAdmin):
    list_display = ("cups", "household", "resolution_minutes", "public_id")
    list_select_related = ("household",)
    readonly_fields = ("public_id",)
    search_fields = ("household__name",)
    search_help_text = _("A home's name, or a whole CUPS.")
    form = MeteringPointForm

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[MeteringPoint], search_term: str
    ) -> tuple[QuerySet[MeteringPoint], bool]:
        """By the home's name; a CUPS finds its own point, and only whole."""
        found, distinct = super().get_search_results(request, queryset, search_term)
        exact = queryset.filter(pk__in=with_cups([search_term]))
        return (exact if exact.exists() else found), distinct


@admin.register(Upload)
class UploadAdmin(ReadOnlyAdmin):
    list_display = ("metering_point", "source", "received_at", "received", "created", "unchanged", "revised")


@admin.register(Equipment)
class EquipmentAdmin(ReadOnlyAdmin):
    list_display = ("household", "kind", "maker", "model", "firmware", "reached", "checked_at", "retired_at")


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    list_display = ("name", "community", "key_id", "expires_at", "revoked_at", "last_used_at")
    exclude = ("secret_hash", "broker_hash")
    actions = ("revoke",)

    @admin.action(description=_("Revoke the chosen tokens"), permissions=["view"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        user = request.user if isinstance(request.user, User) else None
        for token in queryset:
            revoke_token(token=token, at=now(), by=user)
