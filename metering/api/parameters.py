"""What a call's address says after the question mark. Each raises `ValidationError` with the name and the cure."""

import base64
import binascii
import re
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from metering.api.instants import parse_instant
from metering.models import MeteringPoint, Reading

LONGEST_READ = timedelta(days=400)
PAGE, LARGEST_PAGE = 5_000, 10_000
# Length in minutes of the resolutions that a sum can have, and PostgreSQL's name of the unit.
RESOLUTIONS = {"PT1H": (60, "hour"), "P1D": (1440, "day"), "P1M": (40_320, "month")}
Place = tuple[datetime, str, int]
MONTH = re.compile(r"(20\d{2})-(0[1-9]|1[0-2])")


def choice_of(request: Request, name: str, choices: tuple[str, ...], default: str = "") -> str:
    """One of `choices`, or the default where the parameter is absent."""
    value = request.query_params.get(name, default)
    if value not in {*choices, default}:
        raise ValidationError({name: _("Use one of: %(choices)s.") % {"choices": ", ".join(choices)}})
    return value


def channel_of(request: Request) -> str | None:
    """The channel that is asked for, if any."""
    return choice_of(request, "channel", tuple(Reading.Channel.values)) or None


def instant_of(request: Request, name: str) -> datetime:
    """An aware instant."""
    # A plus sign in a query means a space, so an offset that was not encoded is mended here.
    text = request.query_params.get(name, "").replace(" ", "+")
    try:
        return parse_instant(text)
    except ValueError as error:
        message = _("Send an instant with an offset, such as 2026-11-23T12:00:00Z.")
        raise ValidationError({name: message}) from error


def window_of(request: Request) -> tuple[datetime, datetime]:
    """`start` and `end`, aware."""
    start, end = instant_of(request, "start"), instant_of(request, "end")
    if not start < end <= start + LONGEST_READ:
        raise ValidationError({"end": _("The end must come after the start, by 400 days at most.")})
    return start, end


def month_of(request: Request) -> date:
    """The first day of the local month that `month` names."""
    match = MONTH.fullmatch(request.query_params.get("month", ""))
    if match is None:
        raise ValidationError({"month": _("Send a month such as 2026-10.")})
    return date(int(match[1]), int(match[2]), 1)


def unit_of(request: Request, point: MeteringPoint) -> str | None:
    """The unit of the sums that are asked for; None for readings as they are."""
    name = choice_of(request, "resolution", tuple(RESOLUTIONS))
    if not name:
        return None
    minutes, unit = RESOLUTIONS[name]
    if minutes < point.resolution_minutes:
        raise ValidationError({"resolution": _("This meter does not measure that finely.")})
    return unit


def limit_of(request: Request) -> int:
    """How many rows one page holds."""
    text = request.query_params.get("limit", str(PAGE))
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= LARGEST_PAGE):
        raise ValidationError({"limit": _("Send a number from 1 to %(most)d.") % {"most": LARGEST_PAGE}})
    return int(text)


def cursor(reading: Reading) -> str:
    """Where the next page goes on after a reading; opaque to the caller."""
    place = f"{reading.start.isoformat()} {reading.channel} {reading.resolution_minutes}"
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def place_of(request: Request) -> Place | None:
    """Where the page before ended."""
    text = request.query_params.get("cursor", "")
    if not text:
        return None
    try:
        start, channel, minutes = (
            base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii").split(" ")
        )
        if channel not in Reading.Channel.values or minutes not in {"15", "30", "60"}:
            raise ValueError(text)
        return parse_instant(start), channel, int(minutes)
    except (ValueError, binascii.Error) as error:
        raise ValidationError({"cursor": _("Take the address of the next page as it was given.")}) from error
