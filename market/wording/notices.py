"""What members are told, in words: the letter with its ways out, and the few lines that fit on a device."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from community import figures
from community.models import Announcement, Member
from community.wording import announcements
from market.agents.window_steps import LACKS
from market.models import Event, Notice, PlanStep
from market.queries.notices import choices_of
from market.services.notices import NobodyToPush, token_of
from market.wording.charging import lack_lines
from market.wording.digest import DigestRow, digest

# As much of an announcement as a phone shows of a message.
BEGINS = 240


@dataclass(frozen=True, slots=True)
class Words:
    """A notice in the member's language: what it says, the page that it leads to, and figures of a month."""

    title: str
    text: str
    address: str
    link: str
    rows: tuple[DigestRow, ...] = ()


def site_url() -> str:
    """What links in letters begin with."""
    if settings.SITE_URL:
        return str(settings.SITE_URL)
    return "http://localhost:8000" if settings.EMBEDDED else f"https://{settings.ALLOWED_HOSTS[0].lstrip('.')}"


@contextmanager
def speaking_to(member: Member) -> Iterator[None]:
    """The member's language and its street's clock."""
    with translation.override(choices_of(member).language), timezone.override(member.community.zone):
        yield


def words_of(notice: Notice) -> Words:
    """What the notice says, in the language and on the clock that are set."""
    return SAYS[Event(notice.event)](notice)


def letter(notice: Notice) -> EmailMultiAlternatives:
    """The notice as a letter in plain text and in HTML, which one click ends for the future."""
    with speaking_to(notice.member):
        words = words_of(notice)
        ends = ending(notice.member_id, notice.event)
        told = {
            "words": words,
            "url": f"{site_url()}{words.address}",
            "ends": ends,
            "language": translation.get_language(),
            "name": notice.member.user.name,
            "community": notice.member.community.name,
            "kind": Event(notice.event).label,
        }
        mail = EmailMultiAlternatives(
            words.title, plain(told), to=[notice.member.user.email], headers=ways_out(ends)
        )
        mail.attach_alternative(render_to_string("letters/notice.html", told), "text/html")
    return mail


def ending(member_id: int, event: str) -> str:
    """The address that ends letters of a kind."""
    return site_url() + reverse("end-letters", args=[token_of(member_id, event)])


def ways_out(address: str) -> dict[str, str]:
    """Headers by which mail programs offer to end a kind of letter with one click (RFC 8058)."""
    return {"List-Unsubscribe": f"<{address}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def plain(told: dict[str, Any]) -> str:
    """The letter for programs that show text only."""
    words: Words = told["words"]
    rows = "".join(f"{row.label}: {row.value}{row.change and f' ({row.change})'}\n" for row in words.rows)
    parts = (
        _("Hello, %(name)s:") % told,
        words.text,
        rows.rstrip(),
        f"{words.link}: {told['url']}",
        told["community"],
        last_words(told),
    )
    return "\n\n".join(part for part in parts if part)


def last_words(told: dict[str, Any]) -> str:
    """Why the letter came, and how to end its kind."""
    why = _("You get this letter because you are told of: %(kind)s.") % told
    how = _("End letters of this kind")
    return f"{why}\n{how}: {told['ends']}"


def payload(notice: Notice) -> bytes:
    """What a device is shown, as its service worker reads it."""
    with speaking_to(notice.member):
        words = words_of(notice)
    shown = {"title": words.title, "body": words.text, "tag": f"{notice.event} {notice.subject}"}
    return json.dumps(shown | {"address": words.address}, ensure_ascii=False).encode()


def _month(facts: dict[str, Any]) -> date:
    return date.fromisoformat(facts["month"])


def _moment(text: str) -> str:
    """ "27 November, 12:31" on the street's clock."""
    local = timezone.localtime(datetime.fromisoformat(text))
    return _("%(day)s, %(time)s") % {"day": figures.day(local.date()), "time": figures.clock(local)}


def _at_home(name: str, facts: dict[str, Any]) -> str:
    """A page of the home that the notice is about."""
    return f"{reverse(name)}?home={facts['home_id']}"


def _statement_page(facts: dict[str, Any]) -> str:
    month = _month(facts)
    return f"{reverse('statement', args=[month.year, month.month])}?home={facts['home_id']}"


def _statement(notice: Notice) -> Words:
    facts = notice.facts
    given = {"home": facts["home"], "month": figures.month(_month(facts))}
    given["gain"] = figures.euros(facts["saving_neur"], signed=True)
    title = _("Statement of %(month)s") % given
    text = (
        _("The statement of %(home)s is ready: %(gain)s against your retailer alone.")
        if facts["version"] == 1
        else _("The statement of %(home)s was corrected: %(gain)s against your retailer alone.")
    )
    return Words(title, text % given, _statement_page(facts), _("See the statement"))


def _digest(notice: Notice) -> Words:
    facts = notice.facts
    made = digest(facts["home_id"], _month(facts))
    return Words(made.title, made.sentence, _statement_page(facts), _("See the statement"), made.rows)


def _closed(notice: Notice) -> Words:
    given = {"month": figures.month(_month(notice.facts))}
    address = f"{reverse('closing')}?m={notice.facts['month'][:7]}"
    text = _("%(month)s is closed: each home has its statement, and it no longer changes.") % given
    return Words(_("The street's %(month)s is closed") % given, text, address, _("See the month"))


def _rules(notice: Notice) -> Words:
    given = {"home": notice.facts["home"], "until": _moment(notice.facts["until"])}
    text = _(
        "The rules of %(home)s hold until %(until)s. After that its agent trades nothing until you set new ones."
    )
    title = _("Your agent's rules end soon")
    return Words(title, text % given, _at_home("mandate", notice.facts), _("Look at your rules"))


def _meter(notice: Notice) -> Words:
    given = {"home": notice.facts["home"], "until": _moment(notice.facts["until"])}
    text = _(
        "The last reading of %(home)s is of %(until)s. Until readings come again nothing can be settled. "
        "Check that your gateway has power and a network; readings that it kept are not lost."
    )
    return Words(_("Your meter is silent"), text % given, _at_home("home", notice.facts), _("See your home"))


def _prices(notice: Notice) -> Words:
    facts = notice.facts
    day = date.fromisoformat(facts["day"])
    lines = []
    if "low_from" in facts:
        lines.append(_("Cheap: from %(time)s for two hours, %(price)s.") % _window(facts, "low"))
    if "high_from" in facts:
        lines.append(_("Dear: from %(time)s for two hours, %(price)s.") % _window(facts, "high"))
    title = _("Unusual prices on %(day)s") % {"day": figures.day(day)}
    lines.append(_("That is what your retailer charges; with neighbours you never pay more."))
    return Words(title, " ".join(lines), _at_home("when", facts), _("Find the cheapest start"))


def _window(facts: dict[str, Any], kind: str) -> dict[str, str]:
    start = datetime.fromisoformat(facts[f"{kind}_from"])
    return {"time": figures.clock(start), "price": figures.price(facts[f"{kind}_ueur_kwh"])}


def _car(notice: Notice) -> Words:
    facts = notice.facts
    end = datetime.fromisoformat(facts["end"])
    step = PlanStep(kind=LACKS, energy_wh=facts["energy_wh"], end=end, reason=facts["reason"], facts=facts["step"])
    text = " ".join(lack_lines([step]))
    return Words(_("Your car will not be ready"), text, _at_home("home", facts), _("See the plan"))


def _announced(notice: Notice) -> Words:
    found = Announcement.objects.select_related("written_by__user").get(pk=notice.facts["announcement"])
    shown = announcements.told(found)
    begins = Truncator(shown.text).chars(BEGINS)
    return Words(shown.title, begins, reverse("announcements"), _("See announcements"))


def _login(notice: Notice) -> Words:
    given = {
        "when": _moment(notice.facts["at"]),
        "browser": browser_name(notice.facts["browser"]) or _("an unnamed browser"),
    }
    text = _(
        "On %(when)s somebody came in to your account with %(browser)s. If that was you, there is nothing to do. "
        "If not, end that session and change your password."
    )
    title = _("Somebody came in from a new browser")
    return Words(title, text % given, reverse("usersessions_list"), _("See your sessions"))


SAYS: dict[Event, Callable[[Notice], Words]] = {
    Event.STATEMENT: _statement,
    Event.DIGEST: _digest,
    Event.MONTH_CLOSED: _closed,
    Event.RULES_EXPIRE: _rules,
    Event.METER_SILENT: _meter,
    Event.PRICES: _prices,
    Event.CAR: _car,
    Event.ANNOUNCED: _announced,
    Event.NEW_LOGIN: _login,
}


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A notice in the member's list: when, what, and what became of it."""

    at: datetime
    title: str
    text: str


def notice_rows(told: Iterable[Notice]) -> list[NoticeRow]:
    """What a member was told lately, in the language of the page."""
    return [NoticeRow(one.changed_at, str(Event(one.event).label), _state(one)) for one in told]


def _state(notice: Notice) -> str:
    how = {"email": _("by e-mail"), "push": _("on your devices")}[notice.channel]
    if notice.state == Notice.State.SENT:
        return _("sent %(how)s") % {"how": how}
    if notice.state == Notice.State.FAILED:
        if notice.channel == Notice.Channel.PUSH and notice.reason == NobodyToPush.__name__:
            return _("not delivered: none of your devices takes messages any more")
        return _("not delivered %(how)s: %(reason)s") % {"how": how, "reason": notice.reason}
    if notice.attempts:
        return _("refused %(how)s, tried again soon: %(reason)s") % {"how": how, "reason": notice.reason}
    return _("waiting to be sent %(how)s") % {"how": how}


BROWSERS = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)  # fmt: skip


def browser_name(agent: str) -> str:
    """What a member calls a browser: "Chrome · Android".

    >>> browser_name("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    'Firefox · Linux'
    """
    found = [next((name for mark, name in names if mark in agent), "") for names in (BROWSERS, SYSTEMS)]
    return " · ".join(filter(None, found)) or agent[:40]
