"""What a topic and its payload say: rows as the API takes them, or dials at this moment.

Topics begin with `azotea/<key id>/`, which the broker lets only the token's own user write to. Then follow

    readings                          JSON as the API takes it, of any kind
    <channel>/register_kwh (or _wh)   a dial as a plain number, as Home Assistant publishes it
    p1                                a DSMR telegram as it comes from the meter's port
    shelly/status/em1data:0           Shelly's own message (also emdata:0): Wh since it was installed
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from metering.api import strict
from metering.formats import UnreadableFile
from metering.formats.telegrams import read_telegrams

MOST_BYTES = 1024 * 1024
UNITS_WH = {"register_kwh": 1_000, "register_wh": 1}
CHANNELS = ("import", "export", "generation")
NUMBER = re.compile(r"\d{1,12}(?:\.\d{1,9})?")
SHELLY = re.compile(r"em1?data:\d")
SHELLY_CHANNELS = {
    "import": ("total_act_energy", "total_act"),
    "export": ("total_act_ret_energy", "total_act_ret"),
}
MOST_SHELLY_WH = 10**11
# What Home Assistant publishes while a sensor is away: nothing to store, nothing to complain of.
AWAY = frozenset({b"", b"unknown", b"unavailable", b"none"})


class Unheard(ValueError):
    """A message that cannot be meant; `code` is stable."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Said:
    """`body` is an upload as the API takes it; `dials` are (channel, instant, Wh)."""

    body: Any = None
    dials: list[tuple[str, datetime, int]] = field(default_factory=list)


def said(place: Sequence[str], payload: bytes, at: datetime, zone: ZoneInfo, *, retained: bool = False) -> Said:
    """What a message heard at `at` says; `place` is its topic after the key. Raises `Unheard`.

    A `retained` one is of any age: it counts only if it names its instants itself.
    """
    if len(payload) > MOST_BYTES:
        raise Unheard("too-large")
    if list(place) == ["readings"]:
        try:
            return Said(body=strict.parse(payload))
        except strict.NotStrict as error:
            raise Unheard("not-json") from error
    if list(place) == ["p1"]:
        return _telegram(payload, zone)
    if retained:
        return Said()
    if place and SHELLY.fullmatch(place[-1]) and place[0] == "shelly":
        return _shelly(payload, at)
    if len(place) == 2 and place[0] in CHANNELS and place[1] in UNITS_WH:
        if payload.strip().lower() in AWAY:
            return Said()
        return Said(dials=[(place[0], at, _wh(payload.decode("ascii", "replace"), UNITS_WH[place[1]]))])
    raise Unheard("unknown-topic")


def _wh(text: str, unit_wh: int) -> int:
    if not NUMBER.fullmatch(text.strip()):
        raise Unheard("not-a-number")
    return int(Decimal(text.strip()) * unit_wh)


def _telegram(payload: bytes, zone: ZoneInfo) -> Said:
    try:
        sheet = read_telegrams(payload.decode("ascii", "replace"), zone, "of its token")
    except UnreadableFile as error:
        raise Unheard(error.code) from error
    if sheet.refusals and not sheet.registers:
        raise Unheard(sheet.refusals[0].code)
    return Said(dials=[(one.channel, one.at, one.register_wh) for one in sheet.registers])


def _shelly(payload: bytes, at: datetime) -> Said:
    try:
        facts = json.loads(payload, parse_float=Decimal, parse_int=Decimal)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise Unheard("not-shelly") from error
    if not isinstance(facts, dict):
        raise Unheard("not-shelly")
    names = [(channel, name) for channel, names in SHELLY_CHANNELS.items() for name in names]
    dials = [(channel, at, _shelly_wh(facts[name])) for channel, name in names if name in facts]
    if not dials:
        raise Unheard("not-shelly")
    return Said(dials=dials)


def _shelly_wh(value: Any) -> int:
    if not isinstance(value, Decimal) or not 0 <= value < MOST_SHELLY_WH:
        raise Unheard("not-a-number")
    return int(value)
