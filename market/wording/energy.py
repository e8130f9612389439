"""A home's energy in words: what a period was, what is known of it, what is not, and how it compares."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community import figures
from community.periods import Period, title
from market.queries.energy import Exchange
from market.queries.own_energy import Equipment, Own
from market.wording.compared import in_cents
from market.wording.home import Figure

NONE = "—"
CSV_COLUMNS = (
    "start", "end", "slots", "missing_slots", "provisional_slots", "from_neighbours_wh", "from_grid_wh",
    "to_neighbours_wh", "to_grid_wh", "paid_neighbours_neur", "paid_retailer_neur", "earned_neighbours_neur",
    "received_retailer_neur", "other_neur", "generation_slots", "generation_wh", "own_use_wh", "battery_in_wh",
    "battery_out_wh",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that is known of a home's period."""

    period: Period
    total: Exchange
    own: Own
    devices: Equipment
    until: datetime | None
    unsettled: int = 0

    @property
    def own_is_whole(self) -> bool:
        """Whether the panels' yield is known in every slot that the home's own readings tell of."""
        return self.own.slots > 0 and self.own.slots >= self.total.measured

    @property
    def battery_is_whole(self) -> bool:
        """Whether every battery told of every slot."""
        stores = len(self.devices.stores)
        return stores > 0 and self.own.reports >= stores * self.total.measured > 0

    @property
    def only_takes(self) -> bool:
        """A home without panels or batteries: what it took is what it used."""
        return not (self.own.slots or self.devices.panels or self.devices.stores or self.total.given_wh)

    @property
    def kept_wh(self) -> int:
        """Made and not given away."""
        return max(self.own.kept_wh, 0)


def when(period: Period, today: date) -> str:
    """`Today`, `This week`, `In November 2026`: how a sentence about the period begins."""
    if period.first <= today < period.until:
        return {"day": _("Today"), "week": _("This week"), "month": _("This month"), "year": _("This year")}[
            period.view
        ]
    if period.view == "day" and period.first == today - timedelta(days=1):
        return _("Yesterday")
    words = {
        "day": _("On %(when)s"),
        "week": _("In the week %(when)s"),
        "month": _("In %(when)s"),
        "year": _("In %(when)s"),
    }
    said = figures.month(period.first) if period.view == "month" else title(period, today)
    return words[period.view] % {"when": said}


def sentence(known: Known, unit: str, today: date) -> str:
    """The page's first sentence, with its figures."""
    total = known.total
    begins = when(known.period, today)
    if not total.measured:
        return _("%(when)s nothing is measured yet.") % {"when": begins}
    if unit == "eur":
        return _money_sentence(in_cents(total), begins)
    running = known.period.first <= today < known.period.until
    said = {"when": begins, "took": _took(total, running=running)}
    if not total.given_wh:
        return _("%(when)s %(took)s.") % said
    return _("%(when)s %(took)s, and %(gave)s.") % {**said, "gave": _gave(total, running=running)}


def _took(total: Exchange, *, running: bool) -> str:
    said = {"taken": figures.kwh(total.taken_wh), "bought": figures.kwh(total.from_neighbours_wh)}
    if running and not total.from_neighbours_wh:
        return _("you have taken %(taken)s") % said
    if running:
        return _("you have taken %(taken)s, %(bought)s of it from neighbours") % said
    if not total.from_neighbours_wh:
        return _("you took %(taken)s") % said
    return _("you took %(taken)s, %(bought)s of it from neighbours") % said


def _gave(total: Exchange, *, running: bool) -> str:
    said = {"given": figures.kwh(total.given_wh), "sold": figures.kwh(total.to_neighbours_wh)}
    if running and not total.to_neighbours_wh:
        return _("you have given %(given)s") % said
    if running:
        return _("you have given %(given)s, %(sold)s of it to neighbours") % said
    if not total.to_neighbours_wh:
        return _("you gave %(given)s") % said
    return _("you gave %(given)s, %(sold)s of it to neighbours") % said


def _money_sentence(total: Exchange, begins: str) -> str:
    received = total.from_retailer_neur + total.earned_neur + max(total.other_neur, 0)
    paid = received - total.balance_neur
    said = {
        "when": begins,
        "balance": figures.euros(abs(total.balance_neur)),
        "received": figures.euros(received),
        "paid": figures.euros(paid),
    }
    if total.balance_neur >= 0:
        return (
            _("%(when)s: %(balance)s in your favour for energy. You received %(received)s and paid %(paid)s.")
            % said
        )
    return _("%(when)s: %(balance)s to pay for energy. You paid %(paid)s and received %(received)s.") % said


def numbers(known: Known) -> list[Figure]:
    """Four numbers, each with the line that says what it is."""
    total = known.total
    if known.own.slots:
        own = known.own
        first = [
            Figure(
                _("Self-consumption"),
                _percent(own.self_consumption_pct),
                _("of what your roof made stayed at home: used at once or stored"),
            ),
            Figure(
                _("Self-sufficiency"),
                _percent(own.self_sufficiency_pct),
                _("of what you used came from your own roof"),
            ),
        ]
    else:
        first = [Figure(_("You took"), figures.kwh(total.taken_wh), _("through your meter"))]
        if not known.only_takes:
            first.append(Figure(_("You gave"), figures.kwh(total.given_wh), _("through your meter")))
    more = [Figure(_("From neighbours"), _share(total.from_neighbours_wh, total.taken_wh), _("of what you took"))]
    if total.given_wh or not known.only_takes:
        more.append(
            Figure(_("To neighbours"), _share(total.to_neighbours_wh, total.given_wh), _("of what you gave"))
        )
    else:
        more += [
            Figure(
                _("Paid"), figures.euros(-in_cents(total).balance_neur), _("for energy, without what is fixed")
            ),
            Figure(_("A kWh"), _mean_price(total), _("on average, neighbours and retailer together")),
        ]
    return [*first, *more]


def _share(part_wh: int, whole_wh: int) -> str:
    return _percent(100 * part_wh / whole_wh if whole_wh else None)


def _percent(value: float | None) -> str:
    return NONE if value is None else figures.percent(value)


def _mean_price(total: Exchange) -> str:
    return figures.price(-total.balance_neur // total.taken_wh) if total.taken_wh else NONE


def until(known: Known) -> str:
    """`Readings until 12:30`, for the date bar."""
    if known.until is None:
        return ""
    local = timezone.localtime(known.until)
    if known.period.view == "day":
        # A day that is over ends at its midnight.
        clock = figures.clock(known.until) if local.date() == known.period.first else "24:00"
        return _("Readings until %(time)s") % {"time": clock}
    last = timezone.localtime(known.until - timedelta(microseconds=1)).date()
    return _("Readings until %(day)s") % {"day": figures.day(last)}


def gaps(known: Known) -> list[str]:
    """What the pictures leave out, and why: nothing is filled in."""
    total, said = known.total, []
    if total.missing:
        text = ngettext(
            "%(count)d quarter of an hour without readings",
            "%(count)d quarters of an hour without readings",
            total.missing,
        )
        said.append(_("%(gaps)s: nothing is drawn there.") % {"gaps": text % {"count": total.missing}})
    if known.unsettled > 0:
        text = ngettext(
            "%(count)d quarter of an hour has no figures, because the market did not run or is not settled yet.",
            "%(count)d quarters of an hour have no figures, because the market did not run or is not settled yet.",
            known.unsettled,
        )
        said.append(text % {"count": known.unsettled})
    if total.provisional:
        text = ngettext(
            "%(count)d quarter of an hour is provisional and may still change.",
            "%(count)d quarters of an hour are provisional and may still change.",
            total.provisional,
        )
        said.append(text % {"count": total.provisional})
    return [*said, *_about_own(known)]


def _about_own(known: Known) -> list[str]:
    if known.only_takes or not known.total.measured or known.own_is_whole:
        return []
    if not known.own.slots:
        return [
            _(
                "What your panels make and you use at the same moment never passes your meter. Nothing measures "
                "your panels themselves, so own use, self-consumption and self-sufficiency cannot be known, and "
                "are not guessed."
            )
        ]
    short = known.total.measured - known.own.slots
    text = ngettext(
        "The readings of your panels lack %(count)d quarter of an hour: own use is told without it.",
        "The readings of your panels lack %(count)d quarters of an hour: own use is told without them.",
        short,
    )
    return [text % {"count": short}]


def saved_by_own(known: Known) -> str:
    """What the kept energy would have cost, with the formula; empty where it is not known."""
    if not known.own.slots or known.own.kept_neur <= 0:
        return ""
    return _(
        "What you used of your own, %(energy)s, would have cost you %(money)s at your retailer: each quarter of "
        "an hour at what it charged then. It is on no bill, so it is not in the picture."
    ) % {"energy": figures.kwh(known.kept_wh), "money": figures.euros(known.own.kept_neur)}


def csv_row(start: datetime, end: datetime, one: Exchange, own: Own | None) -> tuple[object, ...]:
    """A part of a period in the order of `CSV_COLUMNS`."""
    made = (own.slots, own.made_wh, own.kept_wh) if own and own.slots else (0, "", "")
    moved = (own.stored_wh, own.released_wh) if own and own.reports else ("", "")
    return (
        start.isoformat(), end.isoformat(), one.slots, one.missing, one.provisional, one.from_neighbours_wh,
        one.from_grid_wh, one.to_neighbours_wh, one.to_grid_wh, one.paid_neighbours_neur, one.paid_retailer_neur,
        one.earned_neur, one.from_retailer_neur, one.other_neur, *made, *moved,
    )  # fmt: skip
