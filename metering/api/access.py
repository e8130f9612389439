"""What a token may do, and with which metering point; its owner sees what was read."""

from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request

from community.models import What
from community.roles import TokenScope
from community.services.audit import note_look
from config.clock import now
from metering.models import ApiToken, MeteringPoint
from metering.services.tokens import token_name

READING = {ApiToken.Scope.READINGS_READ: What.READINGS_READ, ApiToken.Scope.PLANS_READ: What.PLAN_READ}


def token_of(request: Request, scope: TokenScope) -> ApiToken:
    """The caller's token. Raises `PermissionDenied` if it lacks the scope."""
    token = request.auth
    if not isinstance(token, ApiToken) or scope not in token.scopes:
        raise PermissionDenied(_("Your token lacks the scope %(scope)s.") % {"scope": scope.value})
    return token


def point_of(request: Request, public_id: UUID, scope: TokenScope) -> MeteringPoint:
    """The metering point, if the token reaches it; `Http404` whether it is unknown or somebody else's.

    What may only be read with the scope counts as read: it is noted, once a day.
    """
    token = token_of(request, scope)
    points = token.metering_points.select_related("household__community")
    point = points.filter(public_id=public_id).first()
    if point is None:
        raise Http404
    if scope in READING:
        note_look([point.household], READING[scope], at=now(), by=token_name(token))
    return point
