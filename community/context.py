"""What every template may ask for: the member who is looking, and the community's legal mode."""

from typing import Any

from django.http import HttpRequest

from community import access


def membership(request: HttpRequest) -> dict[str, Any]:
    """`member` of the logged-in user, or None; asked for only when a template uses it."""
    return {"member": access.member_or_none(request)}
