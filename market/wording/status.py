"""The site's state for its operator, in words: the figures of the metrics, with what they should be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community import figures
from community.models import Community
from market.models import LogAnchor
from market.queries.status import CommunityStatus, notices_undelivered
from market.wording.metrics import State

LEAST_ROOM = 0.1
OLD_BACKUP_S = 30 * 3600
OLD_HEAD_S = 900
OLD_ANCHOR_S = 6 * 3600
Samples = Mapping[tuple[str, str], float]


@dataclass(frozen=True, slots=True)
class Fact:
    """A figure; `trouble` says in words what is not as it should be, empty if all is well."""

    label: str
    value: str
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Facts that belong together."""

    key: str
    title: str
    facts: Sequence[Fact]


class Trouble(NamedTuple):
    """What needs the operator: the card in which it stands, its name, and what to do."""

    key: str
    label: str
    trouble: str


def status(at: datetime) -> list[Group]:
    """Everything that the metrics say, grouped, and what members were not told."""
    samples, labels = _samples(at)
    return [
        Group("slots", _("Slots"), _slots(samples)),
        Group("work", _("Work that waits"), _work(samples)),
        Group("meters", _("Meters"), _meters(samples)),
        Group("books", _("Books and anchors"), _books(samples)),
        Group("room", _("Room and backups"), _room(samples)),
        Group("versions", _("Versions"), _versions(labels)),
    ]


def headline(groups: Sequence[Group], communities: Sequence[CommunityStatus]) -> str:
    """Whether something needs the operator."""
    count = len(troubles(groups, communities))
    if not count:
        return _("All is as it should be.")
    words = ngettext("%(count)s thing needs you.", "%(count)s things need you.", count)
    return words % {"count": count}


def troubles(groups: Sequence[Group], communities: Sequence[CommunityStatus]) -> list[Trouble]:
    """Everything that needs the operator, with where on the page it stands."""
    found = [Trouble("communities", one.name, trouble(one)) for one in communities]
    found += [Trouble(group.key, fact.label, fact.trouble) for group in groups for fact in group.facts]
    return [one for one in found if one.trouble]


def trouble(one: CommunityStatus) -> str:
    """What is not as it should be in a community."""
    found = []
    if one.late:
        late = ngettext("%(n)s slot is late", "%(n)s slots are late", one.late)
        found.append(late % {"n": one.late})
    if one.refused:
        refused = ngettext("%(n)s slot was refused", "%(n)s slots were refused", one.refused)
        found.append(refused % {"n": one.refused})
    if one.silent:
        silent = ngettext("%(n)s meter is silent", "%(n)s meters are silent", one.silent)
        found.append(silent % {"n": one.silent})
    return ", ".join(found)


def _samples(at: datetime) -> tuple[dict[tuple[str, str], float], dict[str, str]]:
    """The metrics by name and by what their labels say; and what the build says of itself."""
    found: dict[tuple[str, str], float] = {}
    build: dict[str, str] = {}
    for family in State(at).collect():
        for sample in family.samples:
            if sample.name == "azotea_build_info":
                build = dict(sample.labels)
            else:
                found[sample.name, " · ".join(sample.labels.values())] = sample.value
    return found, build


def _count(samples: Samples, name: str, label: str, trouble: str = "") -> Fact:
    """A number; more than none of it is a trouble if there are words for that."""
    value = int(samples.get((name, ""), 0))
    return Fact(label, figures.number(value, 0), trouble if value else "")


def _slots(samples: Samples) -> list[Fact]:
    late = _("look at the queues and the solver's log")
    return [
        _count(samples, "azotea_slots_due", _("To clear now")),
        _count(samples, "azotea_slots_late", _("Late"), late),
        _count(samples, "azotea_last_day_slots_cleared", _("Cleared in the last day")),
        _count(samples, "azotea_last_day_slots_settled", _("Settled of the last day")),
        _count(
            samples,
            "azotea_last_day_slots_refused",
            _("Refused by the verifier in the last day"),
            _("the log says which rule did not hold"),
        ),
    ]


def _work(samples: Samples) -> list[Fact]:
    up = bool(samples.get(("azotea_broker_up", "")))
    broker = Fact(_("Broker"), _("answers") if up else _("does not answer"), "" if up else _("start Valkey again"))
    lines = [
        Fact(queue_name(queue), figures.number(int(value), 0))
        for (name, queue), value in samples.items()
        if name == "azotea_queue_length"
    ]
    tried, given_up = notices_undelivered()
    return [
        broker,
        *lines,
        _count(samples, "azotea_files_waiting", _("Meter files that wait to be stored")),
        Fact(_("Notices refused, tried again"), figures.number(tried, 0)),
        Fact(
            _("Notices given up in 90 days"),
            figures.number(given_up, 0),
            _("their reasons stand in the operator's pages, under “Notices”") if given_up else "",
        ),
    ]


def queue_name(queue: str) -> str:
    """What waits in a queue."""
    return {
        "default": _("Everyday jobs that wait"),
        "solver": _("Slots that wait for the solver"),
        "training": _("Trainings of agents that wait"),
        "studio": _("Pilots and trials that wait"),
    }.get(queue, queue)


def _meters(samples: Samples) -> list[Fact]:
    silent = _("the communities below say where; their completeness pages say which")
    sent = {
        "api": _("Sent by devices in the last hour"),
        "live": _("Heard live in the last hour"),
        "file": _("Out of files in the last hour"),
        "change": _("Changes declared in the last hour"),
    }
    uploads = [
        Fact(sent.get(source, source), figures.number(int(value), 0))
        for (name, source), value in samples.items()
        if name == "azotea_last_hour_uploads"
    ]
    return [
        _count(samples, "azotea_meters", _("Meters that ever sent readings")),
        _count(samples, "azotea_meters_silent", _("Silent"), silent),
        *uploads,
    ]


def _books(samples: Samples) -> list[Fact]:
    unsigned = samples.get(("azotea_log_unsigned", ""), 0)
    head_s = samples.get(("azotea_log_head_age_seconds", ""), 0)
    # A log that is signed to its end has a head of no age; one that was never signed has none.
    stale = bool(unsigned) and not 0 < head_s <= OLD_HEAD_S
    witness_s = samples.get(("azotea_log_witness_age_seconds", ""), 0)
    # The metrics call communities by their numbers.
    names = {str(pk): name for pk, name in Community.objects.values_list("pk", "name")}
    anchors = [
        Fact(
            _("Newest anchor outside (%(name)s)") % {"name": _named(label, names)},
            age(value),
            _("see whether its service answers") if value > OLD_ANCHOR_S else "",
        )
        for (name, label), value in samples.items()
        if name == "azotea_anchor_age_seconds"
    ]
    return [
        Fact(
            _("Entries without a signature"),
            figures.number(int(unsigned), 0),
            _("see whether the signer runs") if stale else "",
        ),
        Fact(_("Oldest of the newest heads"), "—" if not names or (unsigned and not head_s) else age(head_s)),
        Fact(_("Last word of a witness"), age(witness_s) if witness_s else "—"),
        *anchors,
        _count(
            samples,
            "azotea_outbox_parked",
            _("Messages to others that were given up"),
            _("the operator's pages say why, under “Outbox messages”"),
        ),
        _count(
            samples, "azotea_log_alarms", _("Logs that the signer refused"), _("find out why before you go on")
        ),
    ]


def _named(label: str, names: Mapping[str, str]) -> str:
    community, _dot, kind = label.partition(" · ")
    kinds = dict(LogAnchor.Kind.choices)
    return f"{names.get(community, community)}, {kinds.get(kind, kind)}"


def _room(samples: Samples) -> list[Fact]:
    places = {"site": _("Free room beside the site"), "backups": _("Free room for backups")}
    room = [
        Fact(
            places.get(place, place),
            figures.percent(int(100 * value)),
            _("make room before it is full") if value < LEAST_ROOM else "",
        )
        for (name, place), value in samples.items()
        if name == "azotea_disk_free_ratio"
    ]
    backup_s = samples.get(("azotea_backup_age_seconds", ""))
    if backup_s is None:
        return [*room, Fact(_("Newest backup"), "—", _("set BACKUP_DIR, so that it is known"))]
    if backup_s > 100 * 365 * 86_400:
        return [*room, Fact(_("Newest backup"), _("none"), _("make one: manage.py backup"))]
    old = _("make one: manage.py backup") if backup_s > OLD_BACKUP_S else ""
    return [*room, Fact(_("Newest backup"), age(backup_s), old)]


def _versions(build: Mapping[str, str]) -> list[Fact]:
    database = connection.cursor().connection.info.server_version
    names = {"version": "Azotea", "python": "Python", "django": "Django"}
    told = [Fact(names[name], value) for name, value in build.items() if name in names]
    return [*told, Fact("PostgreSQL", f"{database // 10_000}.{database % 10_000}")]


def age(seconds: float) -> str:
    """A time that has passed, to the unit that matters."""
    minutes = int(seconds // 60)
    if minutes < 1:
        return _("less than a minute ago")
    if minutes < 120:
        return ngettext("%(n)s minute ago", "%(n)s minutes ago", minutes) % {"n": minutes}
    hours = minutes // 60
    if hours < 48:
        return ngettext("%(n)s hour ago", "%(n)s hours ago", hours) % {"n": hours}
    return ngettext("%(n)s day ago", "%(n)s days ago", hours // 24) % {"n": hours // 24}
