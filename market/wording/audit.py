"""Who saw or changed what, in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from community.models import AuditEvent, Member, What
from market.wording.audit_notes import note
from metering.models import ApiToken

CSV_COLUMNS = ("at_utc", "what", "who", "by", "home", "object", "object_id", "network", "note")


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event on a page: when, what, by whom, of which home, and what else was noted.

    `homes` are the names where the same was done to several at once; `home` says then how many.
    """

    at: datetime
    what: str
    by: str
    home: str
    note: str
    homes: tuple[str, ...] = ()


def rows(events: Iterable[AuditEvent], reader: Member) -> list[EventRow]:
    """Events as a member reads them."""
    events = list(events)
    names = _names_of_tokens({event.token for event in events if event.token})
    told = [
        EventRow(
            event.at,
            what_happened(event.what),
            pgettext("done by", "you") if event.user_id == reader.user_id else by_whom(event, names),
            event.household.name if event.household else "",
            note(event),
        )
        for event in events
    ]
    return [_at_once(list(same)) for _key, same in groupby(told, _alike)]


def _alike(row: EventRow) -> tuple[object, ...]:
    """What the rows share that one click made: all but the home, which each of them has."""
    return row.at.replace(second=0, microsecond=0), row.what, row.by, row.note, bool(row.home)


def _at_once(rows: list[EventRow]) -> EventRow:
    homes = tuple(dict.fromkeys(row.home for row in rows))
    if len(homes) == 1:
        return rows[0]
    count = ngettext("%(count)d home", "%(count)d homes", len(homes)) % {"count": len(homes)}
    return replace(rows[0], home=count, homes=homes)


def what_happened(code: str) -> str:
    """A code in words; one that nobody knows stands for itself."""
    return str(What(code).label) if code in What.values else code


def _names_of_tokens(keys: set[str]) -> dict[str, str]:
    """What tokens are called now, by how they were noted."""
    ids = [key.removeprefix("azt_") for key in keys]
    found = ApiToken.objects.filter(key_id__in=ids) if ids else ()
    return {str(token): f"{token.name} ({token})" for token in found if token.name != str(token)}


def by_whom(event: AuditEvent, names: Mapping[str, str]) -> str:
    """Who it was."""
    if event.user is not None:
        return event.user.name
    if event.token:
        return _("the token %(name)s") % {"name": names.get(event.token, event.token)}
    return _("the site itself")


def csv_row(event: AuditEvent) -> tuple[str, ...]:
    """An event as a line of a file, with its stable codes."""
    by = event.user.name if event.user is not None else event.token
    home = event.household.name if event.household else ""
    at = f"{event.at:%Y-%m-%dT%H:%M:%SZ}"
    return (
        at, event.what, event.who, by, home, event.object_kind, event.object_id, event.network, event.reason,
    )  # fmt: skip
