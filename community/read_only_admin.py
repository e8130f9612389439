"""For what is booked: the operator may look at it, nobody may change it."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponse

from community.models import Household, User, What
from community.services.audit import note_look
from config.clock import now


class ReadOnlyAdmin(admin.ModelAdmin):
    """No adding, changing or deleting; corrections go through the services, as entries of their own."""

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One row; if it belongs to a home, its members can see who looked."""
        found = self.get_object(request, unquote(object_id))
        home = getattr(found, "household", None)
        if isinstance(home, Household) and isinstance(request.user, User):
            note_look([home], What.RECORD_SEEN, at=now(), by=request.user, about=found)
        return super().change_view(request, object_id, form_url, extra_context)

    def has_add_permission(self, request: HttpRequest, *_args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
