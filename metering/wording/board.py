"""What the completeness board says of one meter: what is missing, who must act, and a reminder to send."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import quote

from django.utils.translation import gettext as _

from community import figures
from community.models import Member
from community.queries import street_order
from metering.completeness import Completeness
from metering.models import MeteringPoint


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One meter in one month. `since` (local) is where the gap that goes on, or else the first one, begins."""

    household: str
    member: str
    expected: int
    missing: int
    estimated: int
    since: datetime | None
    silent: bool
    reminder: str
    reminded_at: datetime | None
    set_aside: int
    point: MeteringPoint


def rows(
    points: Sequence[MeteringPoint],
    found: Sequence[Completeness],
    month: date,
    end: datetime,
    aside: Mapping[int, int],
    reminded: Mapping[int, datetime],
) -> list[BoardRow]:
    """A row a meter, the one that lacks most first; what is missing up to `end` is missing still."""
    by_point: dict[int, list[Completeness]] = {}
    for channel in found:
        by_point.setdefault(channel.metering_point_id, []).append(channel)
    answer = [
        _row(point, by_point[point.pk], month, end, aside.get(point.pk, 0), reminded.get(point.pk))
        for point in points
    ]
    return sorted(answer, key=lambda row: (-row.missing, -row.estimated, street_order(row.household)))


def _row(
    point: MeteringPoint,
    channels: Sequence[Completeness],
    month: date,
    end: datetime,
    set_aside: int,
    reminded_at: datetime | None,
) -> BoardRow:
    worst = max(channels, key=lambda channel: channel.expected - channel.present)
    gaps = worst.missing
    silent = bool(gaps) and gaps[-1].end >= end
    zone = point.household.community.zone
    since = (gaps[-1] if silent else gaps[0]).start.astimezone(zone) if gaps else None
    member = point.household.member
    return BoardRow(
        household=point.household.name,
        member=member.user.name if member else "",
        expected=worst.expected,
        missing=worst.expected - worst.present,
        estimated=max(channel.estimated for channel in channels),
        since=since,
        silent=silent,
        reminder=_reminder(point, month) if member and gaps else "",
        reminded_at=reminded_at,
        set_aside=set_aside,
        point=point,
    )


def _reminder(point: MeteringPoint, month: date) -> str:
    """Address of a letter to the member, written and ready to send."""
    member = point.household.member
    assert member is not None
    subject, text = letter(point, member, month)
    return f"mailto:{member.user.email}?subject={quote(subject)}&body={quote(text)}"


def letter(point: MeteringPoint, member: Member, month: date) -> tuple[str, str]:
    """Subject and text of the reminder."""
    subject = _("Readings of %(home)s are missing") % {"home": point.household.name}
    text = _(
        "Hello %(name)s,\n\nreadings of your meter are missing in %(month)s. Is the gateway switched on and "
        "connected? If your distributor's portal has them, you can also send me its file.\n\nThank you!"
    ) % {"name": member.user.name, "month": figures.month(month)}
    return subject, text
