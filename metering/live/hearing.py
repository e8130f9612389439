"""Whose a message is, and what becomes of it."""

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from metering.api.intake import take
from metering.api.problems import RowsRefused, TooLarge, told
from metering.live.dials import Dials
from metering.live.messages import Unheard, said
from metering.models import ApiToken, MeteringPoint, Upload
from metering.services.keys import key_of
from metering.services.registers import RegisterRow, register_faults, store_registers
from metering.services.tokens import note_use

logger = logging.getLogger(__name__)
ROOT = "azotea"
ANSWERS = "answers"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is told to the sender of a message that could not be stored whole."""

    topic: str
    body: dict[str, Any]


class Hearing:
    """Hears messages one after the other."""

    def __init__(self) -> None:
        self.dials = Dials()

    def hear(self, topic: str, payload: bytes, at: datetime, *, retained: bool = False) -> Answer | None:
        """Store what a message says as of `at`. A message that cannot be meant is answered, never raised."""
        root, _, rest = topic.partition("/")
        key_id, *place = rest.split("/")
        if root != ROOT or place[:1] == [ANSWERS]:
            return None
        try:
            token = _token(key_id, at)
            point, place = _point(token, place)
            spoken = said(place, payload, at, point.household.community.zone, retained=retained)
            facts = {"at": at, "content_sha256": hashlib.sha256(payload).hexdigest(), "token": token}
            note_use(token=token, at=at)
            if key_of(point) is not None:
                raise Unheard("signature-missing")  # a message has no place for one
            if spoken.body is not None:
                return self._rows(key_id, point, spoken.body, facts)
            self._registers(point, spoken.dials, facts)
        except Unheard as error:
            logger.info("Not understood on %s: %s", topic, error.code)
            return Answer(f"{ROOT}/{key_id}/{ANSWERS}", {"topic": topic, "code": error.code})
        return None

    def _rows(self, key_id: str, point: MeteringPoint, body: Any, facts: dict[str, Any]) -> Answer | None:
        try:
            taken = take(point, body, partial=True, source=Upload.Source.LIVE, **facts)
        except RowsRefused as error:
            return Answer(f"{ROOT}/{key_id}/{ANSWERS}", {"code": "rows-refused", "errors": error.errors})
        except TooLarge as error:
            raise Unheard("too-large") from error
        if taken.errors:
            errors = told(taken.errors, "readings")
            return Answer(f"{ROOT}/{key_id}/{ANSWERS}", {"code": "rows-refused", "errors": errors})
        return None

    def _registers(self, point: MeteringPoint, dials: list[Any], facts: dict[str, Any]) -> None:
        rows = [
            RegisterRow(channel, at, register_wh)
            for channel, read_at, read_wh in dials
            for at, register_wh in self.dials.news((point.pk, channel), read_at, read_wh, point.resolution_minutes)
        ]
        faults = register_faults(rows, facts["at"])
        if faults:
            raise Unheard(faults[0].code)
        if rows:
            store_registers(metering_point=point, rows=rows, source=Upload.Source.LIVE, checked=True, **facts)

    def end(self, at: datetime) -> None:
        """Keep what was heard last, before the listener ends."""
        for (point_id, channel), (read_at, register_wh) in self.dials.rest():
            point = MeteringPoint.objects.select_related("household").get(pk=point_id)
            store_registers(
                metering_point=point,
                rows=[RegisterRow(channel, read_at, register_wh)],
                source=Upload.Source.LIVE,
                content_sha256="",
                at=at,
            )


def _token(key_id: str, at: datetime) -> ApiToken:
    """The live token whose user alone may write to this topic: the broker has asked for its secret."""
    known = ApiToken.objects.filter(key_id=key_id, revoked_at__isnull=True, expires_at__gt=at)
    token = known.first() if key_id.isalnum() else None  # what no key is called may not even be asked for
    if token is None or ApiToken.Scope.READINGS_WRITE not in token.scopes:
        raise Unheard("unknown-key")
    return token


def _point(token: ApiToken, place: list[str]) -> tuple[MeteringPoint, list[str]]:
    """The metering point, and the rest of the topic: a token of several names the point first."""
    points = token.metering_points.select_related("household__community")
    try:
        named = UUID(place[0]) if place else None
    except ValueError:
        named = None
    found = points.filter(public_id=named) if named else points[:2]
    if len(found) != 1:
        raise Unheard("unknown-metering-point" if named else "name-the-metering-point")
    return found[0], place[1:] if named else place
