"""How slots and months are written in addresses: a slot as `2026-11-22T1215Z`, its start in UTC."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from urllib.parse import urlencode

from django.http import Http404
from django.urls import reverse

from community.datebar import OLDEST_YEAR

PATTERN = "%Y-%m-%dT%H%MZ"
NEWEST_YEAR = 2999


class SlotStart:
    """Django path converter for the start of a slot."""

    regex = r"\d{4}-\d{2}-\d{2}T\d{4}Z"

    def to_python(self, value: str) -> datetime:
        """An aware instant in UTC; `ValueError`, hence no such page, for a date that never was."""
        return datetime.strptime(value, PATTERN).replace(tzinfo=UTC)

    def to_url(self, value: datetime) -> str:
        """The address of an aware instant."""
        return f"{value.astimezone(UTC):{PATTERN}}"


def slot_address(start: datetime, keep: Mapping[str, str] | None = None) -> str:
    """Where the page of the slot that starts at `start` is; `keep` is carried along in the query."""
    query = f"?{urlencode(keep)}" if keep else ""
    return _address(start) + query


def cables_address(start: datetime, **more: str) -> str:
    """Where the street's cables in the slot that starts at `start` are; `more` goes into the query."""
    return f"{reverse('cables')}?{urlencode({'t': f'{start.astimezone(UTC):{PATTERN}}', **more})}"


def parse_start(text: str | None) -> datetime | None:
    """The start that `?t=` names, written like a slot's address or in ISO 8601; None if it names none."""
    for read in (SlotStart().to_python, datetime.fromisoformat):
        try:
            found = read(text or "")
        except ValueError:
            continue
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return None


@lru_cache(maxsize=4_096)
def _address(start: datetime) -> str:
    return reverse("slot", kwargs={"start": start})


def month_named(year: int, month: int) -> date:
    """The first day of the month that an address names. `Http404` for one that cannot be reckoned with."""
    if not (OLDEST_YEAR <= year <= NEWEST_YEAR and 1 <= month <= 12):
        raise Http404("There is no such month.")
    return date(year, month, 1)


def kept(query: Mapping[str, str]) -> dict[str, str]:
    """What every address of a page carries along: which of the member's homes is shown, if not the first."""
    home = query.get("home", "")
    return {"home": home} if home.isdecimal() else {}
