"""The months of a community in words and rows, for whoever closes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community import figures
from community.models import Community
from market.models import Delivery, Statement, StatementLine
from market.queries.closing import HomeGaps, MonthState
from market.queries.month import HomeMonth
from market.settlement.statement import to_cents


@dataclass(frozen=True, slots=True)
class MonthRow:
    """A month in the list: its state as a badge, and a sentence."""

    state: MonthState
    badge: str
    mark: str
    text: str


@dataclass(frozen=True, slots=True)
class HomeRow:
    """A home's month: energies (Wh), cents between neighbours as issued or as they would be now, the saving."""

    name: str
    bought_wh: int
    sold_wh: int
    owed_cents: int
    saving_neur: int
    gaps: str
    version: int


def month_rows(states: Sequence[MonthState]) -> list[MonthRow]:
    """Every month with what there is to know and to do."""
    return [_month(state) for state in states]


def _month(state: MonthState) -> MonthRow:
    if state.issued_at is not None:
        day = figures.day_and_year(timezone.localtime(state.issued_at).date())
        text = _("Closed on %(day)s.") % {"day": day}
        if state.corrections:
            words = ngettext(
                "%(count)s correction was issued.", "%(count)s corrections were issued.", state.corrections
            )
            text = f"{text} {words % {'count': state.corrections}}"
        if state.to_correct:
            later = _("Later readings changed it since.")
            return MonthRow(state, _("correction due"), "attention", f"{text} {later}")
        return MonthRow(state, _("closed"), "sea", text)
    waiting = state.slots - state.settled
    if waiting:
        words = ngettext(
            "%(count)s quarter of an hour waits for its readings, or for a home's contract or prices.",
            "%(count)s quarters of an hour wait for their readings, or for a home's contract or prices.",
            waiting,
        )
        return MonthRow(state, _("open"), "battery", words % {"count": waiting})
    text = (
        ngettext(
            "%(count)s quarter of an hour is provisional: a reading is missing or estimated.",
            "%(count)s quarters of an hour are provisional: readings are missing or estimated.",
            state.provisional,
        )
        % {"count": state.provisional}
        if state.provisional
        else _("Everything is settled with measured readings.")
    )
    if state.closable:
        return MonthRow(state, _("ready to close"), "attention", text)
    return MonthRow(state, _("under way"), "battery", text)


def home_rows(
    homes: Sequence[HomeMonth],
    issued: Mapping[int, Statement],
    gaps: Mapping[int, HomeGaps],
    names: Mapping[int, str],
) -> list[HomeRow]:
    """Each home's month: as its newest statement says, or as it would be if the month closed now."""
    return [
        _home(home, issued.get(home.household_id), gaps.get(home.household_id), names.get(home.household_id, ""))
        for home in homes
    ]


def _home(home: HomeMonth, statement: Statement | None, gaps: HomeGaps | None, name: str) -> HomeRow:
    if statement is None:
        owed = home.bought_neur + home.sold_neur + home.shortfall_neur + home.pool_neur
        figures_now = (home.bought_wh, home.sold_wh, to_cents(owed), home.saving_neur)
        return HomeRow(name, *figures_now, _gaps(gaps), 0)
    lines = {line.kind: line for line in statement.lines.all()}
    return HomeRow(
        name,
        lines[StatementLine.Kind.BOUGHT].energy_wh,
        lines[StatementLine.Kind.SOLD].energy_wh,
        sum(line.amount_cents for line in lines.values() if line.posted),
        statement.saving_neur,
        _gaps(gaps),
        statement.version,
    )


@dataclass(frozen=True, slots=True)
class LetterRow:
    """A statement on its way: to which home and address, and what became of it."""

    home: str
    address: str
    text: str
    mark: str


def letters(community: Community, month: date) -> list[LetterRow]:
    """The deliveries of a month's statements, those that need somebody first."""
    sent = Delivery.objects.filter(statement__household__community=community, statement__month=month)
    rows = sent.select_related("statement__household").order_by("state", "statement__household__name", "-pk")
    return [_letter(row) for row in rows]


def _letter(row: Delivery) -> LetterRow:
    moment = timezone.localtime(row.changed_at)
    when = {"day": figures.day(moment.date()), "time": figures.clock(moment), "reason": row.reason}
    home = row.statement.household.name
    if row.state == Delivery.State.SENT:
        return LetterRow(home, row.address, _("sent on %(day)s, %(time)s") % when, "sea")
    if row.state == Delivery.State.FAILED:
        return LetterRow(home, row.address, _("not delivered: %(reason)s") % when, "attention")
    if row.attempts:
        return LetterRow(home, row.address, _("refused, tried again soon: %(reason)s") % when, "battery")
    return LetterRow(home, row.address, _("waiting to be sent"), "battery")


def _gaps(gaps: HomeGaps | None) -> str:
    if gaps is None:
        return ""
    missing = ngettext("%(n)s missing", "%(n)s missing", gaps.missing) % {"n": gaps.missing}
    other = ngettext("%(n)s not measured", "%(n)s not measured", gaps.unmeasured) % {"n": gaps.unmeasured}
    return ", ".join(text for text, count in ((missing, gaps.missing), (other, gaps.unmeasured)) if count)
