"""The owner's rules in words: what a change makes different, and until when they hold."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from babel.lists import format_list
from django.utils.translation import gettext as _

from community import figures
from market.agents import HoursRule
from market.agents import Mandate as MandateTerms
from market.agents.hours import PERIODS
from market.models import MandateConfirmation

SOON = timedelta(days=7)


def changed(before: MandateTerms | None, after: MandateTerms, start: datetime, zone: ZoneInfo) -> str:
    """One sentence on what is different from the slot at `start` on."""
    if before == after:
        return _("Nothing has changed: your agent follows these rules already.")
    clock = figures.clock(start)
    if not after.paused and before is not None and (before.paused or not _lives(before, start)):
        return _("Saved. From %(slot)s on your agent trades again, within the rules below.") % {"slot": clock}
    said = [
        words(after, zone) for differs, words in CHANGES if before is None or differs(before) != differs(after)
    ]
    if before is None or not said:
        return _("Saved. Your agent follows these rules from %(slot)s on.") % {"slot": clock}
    if after.paused:
        said = [_("trades nothing")]
    changes = format_list(said, locale=figures.locale())
    return _("Saved. From %(slot)s on your agent %(changes)s.") % {"slot": clock, "changes": changes}


def promised(mandate: MandateTerms, zone: ZoneInfo) -> list[str]:
    """All that a mandate allows and forbids, a line each: what the member is about to confirm."""
    usual = MandateTerms()
    said = [
        words(mandate, zone)
        for differs, words in CHANGES
        if differs not in BY_RULE and (words in ALWAYS or differs(mandate) != differs(usual))
    ]
    return said + [_rule(rule) for rule in mandate.hours]


def confirmed(word: MandateConfirmation | None, zone: ZoneInfo) -> str:
    """How and when the member confirmed the rules in force."""
    if word is None:
        return _("Nobody has confirmed these rules yet: save them to do so.")
    sentences = {
        "passkey": _("Confirmed with your passkey “%(name)s” on %(day)s."),
        "password": _("Confirmed with your password on %(day)s, not signed."),
        "code": _("Confirmed with a one-time code on %(day)s, not signed."),
        "key": _("Confirmed after a log-in with your key on %(day)s, not signed."),
    }
    day = figures.day_and_year(word.confirmed_at.astimezone(zone))
    return sentences[word.method] % {"name": word.key_name, "day": day}


def _rule(rule: HoursRule) -> str:
    """A tariff period's or own hours' limits in one line."""
    if rule.period:
        when = {"P1": _("in peak hours"), "P2": _("in mid hours"), "P3": _("in off-peak hours")}[rule.period]
    else:
        days = {"every": _("every day"), "working": _("on working days"), "rest": _("on weekends and holidays")}
        when = _("%(days)s from %(start)s to %(end)s") % {
            "days": days[rule.days], "start": _minute(rule.from_minute), "end": _minute(rule.to_minute),
        }  # fmt: skip
    said = [] if rule.may_trade else [_("trades nothing")]
    if rule.min_sell_ueur_kwh is not None:
        said.append(_("sells at no less than %(price)s") % {"price": figures.price(rule.min_sell_ueur_kwh)})
    if rule.max_buy_ueur_kwh is not None:
        said.append(_("buys at no more than %(price)s") % {"price": figures.price(rule.max_buy_ueur_kwh)})
    limits = format_list(said, locale=figures.locale())
    return _("%(hours)s: %(limits)s") % {"hours": when, "limits": limits}


def _minute(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def lasts(mandate: MandateTerms | None, at: datetime, zone: ZoneInfo) -> dict[str, str] | None:
    """Until when the rules hold, if they end at all; `badge` is set where that wants attention."""
    if mandate is None or mandate.valid_until is None:
        return None
    day = figures.day_and_year(_last_day(mandate.valid_until, zone))
    if mandate.valid_until <= at:
        text = _("These rules ended with %(day)s. Your agent trades nothing until you save them anew.")
        return {"badge": _("expired"), "text": text % {"day": day}}
    text = _("These rules hold through %(day)s. After that your agent trades nothing until you save them anew.")
    return {"badge": _("ends soon") if mandate.valid_until - at < SOON else "", "text": text % {"day": day}}


def resting(*, paused: bool, expired: bool) -> str:
    """Why the agent places no orders, and what to do; empty if it does."""
    if paused:
        return _("Your agent is paused: it places no orders until you let it go on in “My rules”.")
    if expired:
        return _("Your rules have expired: your agent places no orders until you save them anew in “My rules”.")
    return ""


def _lives(mandate: MandateTerms, at: datetime) -> bool:
    return mandate.valid_until is None or at < mandate.valid_until


def _last_day(until: datetime, zone: ZoneInfo) -> datetime:
    """Rules end with a local day: the last moment of it."""
    return (until - timedelta(minutes=1)).astimezone(zone)


def _pause(after: MandateTerms, zone: ZoneInfo) -> str:
    return _("trades nothing")


def _min_sell(after: MandateTerms, zone: ZoneInfo) -> str:
    return _("sells at no less than %(price)s") % {"price": figures.price(after.min_sell_ueur_kwh)}


def _max_buy(after: MandateTerms, zone: ZoneInfo) -> str:
    return _("buys at no more than %(price)s") % {"price": figures.price(after.max_buy_ueur_kwh)}


def _reserve(after: MandateTerms, zone: ZoneInfo) -> str:
    return _("keeps %(reserve)s of the battery") % {"reserve": figures.percent(after.reserve_pct)}


def _objective(after: MandateTerms, zone: ZoneInfo) -> str:
    words = {
        "savings": _("puts savings first"),
        "revenue": _("puts revenue first"),
        "resilience": _("keeps at least half of the battery for a power cut"),
    }
    return words[after.objective]


def _sells_in(after: MandateTerms, zone: ZoneInfo) -> str:
    if not after.sell_periods:
        return _("sells at no time")
    if after.sell_periods == PERIODS:
        return _("sells at all hours")
    return _("sells in %(hours)s hours") % {"hours": _bands(after.sell_periods)}


def _buys_in(after: MandateTerms, zone: ZoneInfo) -> str:
    if not after.buy_periods:
        return _("buys at no time")
    if after.buy_periods == PERIODS:
        return _("buys at all hours")
    return _("buys in %(hours)s hours") % {"hours": _bands(after.buy_periods)}


def _bands(periods: Iterable[str]) -> str:
    names = {"P1": _("peak"), "P2": _("mid"), "P3": _("off-peak")}
    return str(format_list([names[period] for period in sorted(periods)], locale=figures.locale()))


def _grid(after: MandateTerms, zone: ZoneInfo) -> str:
    if after.grid_charge:
        return _("may fill the battery from the grid")
    return _("no longer fills the battery from the grid")


def _band_prices(after: MandateTerms, zone: ZoneInfo) -> str:
    if _by_band(after):
        return _("keeps to your prices for peak, mid and off-peak hours")
    return _("asks for the same prices in all tariff hours")


def _own_hours(after: MandateTerms, zone: ZoneInfo) -> str:
    if _by_clock(after):
        return _("keeps to the hours that you set")
    return _("no longer goes by hours of your own")


def _cycles(after: MandateTerms, zone: ZoneInfo) -> str:
    if after.cycles_tenths is None:
        return _("uses the battery as often as it pays")
    cycles = figures.decimal(after.cycles_tenths / 10, 1)
    return _("empties the battery at most %(cycles)s times a day") % {"cycles": cycles}


def _car_ready(after: MandateTerms, zone: ZoneInfo) -> str:
    if after.ev_ready_minute is None:
        return _("charges the car without hurry unless the car says when it leaves")
    return _("has the car ready by %(time)s") % {"time": _minute(after.ev_ready_minute)}


def _car_energy(after: MandateTerms, zone: ZoneInfo) -> str:
    if after.ev_target_wh is None:
        return _("charges what the car asks for")
    return _("charges %(energy)s if the car does not say what it needs") % {
        "energy": figures.kwh(after.ev_target_wh)
    }


def _car_hours(after: MandateTerms, zone: ZoneInfo) -> str:
    if after.ev_from_minute is None or after.ev_until_minute is None:
        return _("charges the car at any hour")
    given = {"begins": _minute(after.ev_from_minute), "ends": _minute(after.ev_until_minute)}
    return _("charges the car from %(begins)s until %(ends)s only") % given


def _until(after: MandateTerms, zone: ZoneInfo) -> str:
    if after.valid_until is None:
        return _("goes on until you change the rules")
    return _("stops after %(day)s") % {"day": figures.day_and_year(_last_day(after.valid_until, zone))}


def _by_band(terms: MandateTerms) -> tuple[HoursRule, ...]:
    return tuple(rule for rule in terms.hours if rule.period)


def _by_clock(terms: MandateTerms) -> tuple[HoursRule, ...]:
    return tuple(rule for rule in terms.hours if not rule.period)


# What may differ between two versions, and how the new one is said.
CHANGES: tuple[tuple[Callable[[MandateTerms], object], Callable[[MandateTerms, ZoneInfo], str]], ...] = (
    (lambda terms: terms.paused, _pause),
    (lambda terms: terms.min_sell_ueur_kwh, _min_sell),
    (lambda terms: terms.max_buy_ueur_kwh, _max_buy),
    (_by_band, _band_prices),
    (_by_clock, _own_hours),
    (lambda terms: terms.reserve_pct, _reserve),
    (lambda terms: terms.objective, _objective),
    (lambda terms: terms.sell_periods, _sells_in),
    (lambda terms: terms.buy_periods, _buys_in),
    (lambda terms: terms.grid_charge, _grid),
    (lambda terms: terms.cycles_tenths, _cycles),
    (lambda terms: terms.ev_ready_minute, _car_ready),
    (lambda terms: terms.ev_target_wh, _car_energy),
    (lambda terms: (terms.ev_from_minute, terms.ev_until_minute), _car_hours),
    (lambda terms: terms.valid_until, _until),
)

# Told line by line where a whole mandate is told.
BY_RULE = (_by_band, _by_clock)
ALWAYS = (_min_sell, _max_buy, _reserve, _objective, _sells_in, _buys_in)
