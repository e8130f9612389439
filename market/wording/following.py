"""Whether a home follows the market's suggestions, in words for its owner."""

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from community import figures
from community.models import device_name
from market.models import Acknowledgement
from market.queries.acknowledgements import Answered, Following

Answer = Acknowledgement.Answer


def following_lines(found: Following | None, at: datetime) -> list[str]:
    """What the home made of the latest suggestion that it answered; nothing where nothing was suggested."""
    if found is None:
        return []
    if found.start is None or found.end is None:
        if not found.silent:
            return []
        words = _(
            "Nothing in your home answers the market's suggestions: your devices look after themselves. "
            "If you have a gateway, see whether it is connected."
        )
        return [words]
    if found.silent:
        words = _(
            "Your home last answered for %(slot)s. Since then your devices look after themselves: "
            "see whether your gateway is connected."
        )
        return [words % {"slot": _when(found.start, found.end, at)}]
    when = _when(found.start, found.end, at)
    lines = [_changed(one, when) for one in found.answers if one.answer == Answer.CHANGED]
    lines += [_refused(one, when) for one in found.answers if one.answer == Answer.REFUSED]
    if not lines:
        return [_("Your home follows what the market suggests, as it answered for %(slot)s.") % {"slot": when}]
    return lines


def _when(start: datetime, end: datetime, at: datetime) -> str:
    """A slot's times, with its day if that is not today."""
    local = timezone.localtime(start).date()
    if local == timezone.localtime(at).date():
        return figures.span(start, end)
    return _("%(time)s on %(day)s") % {"time": figures.span(start, end), "day": figures.day(local)}


def _changed(one: Answered, when: str) -> str:
    words = {
        "device": device_name(one.device, one.kind),
        "slot": when,
        "asked": _energy(one.kind, one.asked_wh),
        "instead": _energy(one.kind, one.energy_wh or 0),
    }
    said = _("%(device)s, %(slot)s: the market suggested to %(asked)s; your home decided to %(instead)s.") % words
    return _with_reason(said, one.reason)


def _refused(one: Answered, when: str) -> str:
    words = {"device": device_name(one.device, one.kind), "slot": when, "asked": _energy(one.kind, one.asked_wh)}
    said = _("%(device)s, %(slot)s: the market suggested to %(asked)s; your home refused.") % words
    return _with_reason(said, one.reason)


def _with_reason(said: str, reason: str) -> str:
    return _("%(said)s It says: “%(reason)s”") % {"said": said, "reason": reason} if reason else said


def _energy(kind: str, energy_wh: int) -> str:
    energy = {"energy": figures.energy(abs(energy_wh))}
    if kind == "pv":
        return _("hold back %(energy)s") % energy
    if energy_wh < 0:
        return _("give %(energy)s") % energy
    return _("take %(energy)s") % energy if energy_wh else _("rest")
