"""What the register says of a piece of equipment: what is the matter, and what helps."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from community import figures
from metering.firmware import Finding, Floor
from metering.hygiene import Looked
from metering.models import Equipment


@dataclass(frozen=True, slots=True)
class Card:
    """One piece of equipment as the pages show it; `sentences` name cause and cure, the worst first."""

    equipment: Equipment
    title: str
    version: str
    level: str
    badge: str
    sentences: list[str]
    notes: list[str]
    seen: str
    sources: list[str]


def cards(found: list[Looked]) -> list[Card]:
    """A card each, in the given order."""
    return [card(one) for one in found]


def card(looked: Looked) -> Card:
    """What is known of one piece of equipment."""
    equipment, verdict = looked.equipment, looked.verdict
    named = f"{equipment.maker} {equipment.model}".strip()
    floors = [one.floor for one in verdict.findings if one.floor is not None] + list(verdict.notes)
    return Card(
        equipment=equipment,
        title=named or (equipment.device.called if equipment.device else equipment.get_kind_display()),
        version=equipment.firmware,
        level=verdict.level,
        badge=badge(verdict.level),
        sentences=[sentence(one, looked) for one in verdict.findings],
        notes=[f"{cause(one)} {cure(one.cure)}" for one in verdict.notes],
        seen=seen(looked),
        sources=list(dict.fromkeys(source(one) for one in floors)),
    )


def badge(level: str) -> str:
    """The level in a word, so that its colour says nothing alone."""
    return {"green": _("in order"), "amber": _("have a look"), "red": _("act now")}[level]


def sentence(finding: Finding, looked: Looked) -> str:
    """Cause and cure of one finding."""
    floor = finding.floor
    if finding.code == "unfixable" and floor is not None:
        none_safe = _("No version of it is known to be safe.")
        return f"{cause(floor)} {none_safe} {cure('isolate')}"
    if finding.code == "below-floor" and floor is not None:
        return f"{cause(floor)} {_minimum(floor)} {cure(floor.cure)}"
    if finding.code in {"unknown-version", "unreadable-version"} and floor is not None:
        return f"{_plain_words(finding.code, looked)} {_minimum(floor)}"
    return _plain_words(finding.code, looked)


def _plain_words(code: str, looked: Looked) -> str:
    said = {
        "open-port": _(
            "It can be reached from the Internet through an open port: that is how such equipment is taken over. "
            "Close the port in your router; whoever needs to see it uses the maker's app."
        ),
        "unknown-model": _("Maker or model is not known. Read both on the type plate and write them here."),
        "unknown-version": _("Its version is not known. Look it up in the maker's app and write it here."),
        "unreadable-version": _(
            "Its version cannot be compared. Write the number alone, such as 8.2.4226, as the app shows it."
        ),
        "never-heard": _("Nothing was ever heard of it. Check that it is switched on and has a network."),
        "stale": _(
            "Nobody has looked up its version for half a year. Look in the maker's app, update it there "
            "and save here what it shows."
        ),
        "known-and-recent": _("Nothing speaks against its version, and it was heard or looked up lately."),
    }
    if code == "silent" and looked.seen_at is not None:
        words = _(
            "It has been silent since %(day)s. Check that it is switched on and has a network; what is silent is "
            "not updated either."
        )
        return words % {"day": figures.day_and_year(_local(looked, looked.seen_at).date())}
    return said[code]


def _minimum(floor: Floor) -> str:
    least = floor.minimum.removeprefix(">")
    words = _("Safe from %(least)s on.") if floor.minimum == least else _("Only what follows %(least)s is safe.")
    return words % {"least": least}


def cause(floor: Floor) -> str:
    """What is wrong with what a line of the table speaks of."""
    return {
        "command-injection": _("Strangers in its network can run their own commands on it."),
        "password-from-serial": _("Its password can be worked out from its serial number."),
        "unsigned-firmware": _("It installs whatever calls itself firmware, without checking who made it."),
        "cloud-accounts": _("In its maker's cloud, strangers could get at other people's equipment."),
        "switched-off-from-afar": _("Its maker has switched such equipment off from afar."),
        "wifi-by-serial": _("Whoever knew its serial number could read the password of the Wi-Fi."),
    }[floor.cause]


def cure(code: str) -> str:
    """What to do about it."""
    return {
        "update-in-app": _("Update it in the maker's own app, and keep it in a network of its own."),
        "update-by-maker": _("Ask your installer for the maker's update, and keep it away from the Internet."),
        "isolate": _(
            "Isolate it: a network of its own without the Internet, in which only your gateway speaks to it."
        ),
        "own-password": _("Give its account a password of its own, and a second factor if it has one."),
        "own-wifi": _("Give it a Wi-Fi of its own, such as the guests', and change the password of yours."),
        "works-without-cloud": _("Unplug the router once: your home should go on without the maker's cloud."),
    }[code]


def source(floor: Floor) -> str:
    """Where a fact comes from and when: "2024-08: DIVD-2024-00011 (CVE-2024-21878)"."""
    numbers = f" ({', '.join(floor.cves)})" if floor.cves else ""
    return f"{floor.date}: {floor.source}{numbers}"


def seen(looked: Looked) -> str:
    """When it was last heard, or last looked after."""
    if looked.seen_at is not None:
        at = _local(looked, looked.seen_at)
        return _("last heard on %(day)s, %(hour)s") % {"day": figures.day(at.date()), "hour": figures.clock(at)}
    day = figures.day_and_year(_local(looked, looked.equipment.checked_at).date())
    return _("looked up on %(day)s") % {"day": day}


def _local(looked: Looked, at: datetime) -> datetime:
    return at.astimezone(looked.equipment.household.community.zone)
