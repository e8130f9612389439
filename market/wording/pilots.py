"""A pilot's year in words and figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community import figures
from market.pilot.report import HomeYear, StreetYear
from market.pilot.scenario import Scenario
from market.settlement.allocation import RULES
from market.wording.sharing import countries, rule_name
from market.wording.street import Figure

WIDE = 100  # of a bar


@dataclass(frozen=True, slots=True)
class HomeRow:
    """A home's year as the table shows it; `payback` is empty without devices of its own."""

    name: str
    today: str
    alone: str
    member: str
    gain: str
    own_pct: str
    payback: str


@dataclass(frozen=True, slots=True)
class Bar:
    """What a home gains by its neighbours, as a bar (percent of the largest)."""

    name: str
    width: float
    amount: str


def sentence(year: StreetYear) -> str:
    """What it all comes to."""
    gain, count = year.total("gain_neur"), len(year.homes)
    words = ngettext(
        "Together this %(count)s home would pay %(gain)s a year less with its neighbours than alone.",
        "Together these %(count)s homes would pay %(gain)s a year less as neighbours than each alone.",
        count,
    )
    return words % {"count": count, "gain": figures.euros(gain, 0)}


def four(year: StreetYear) -> list[Figure]:
    """The four numbers of the report."""
    payback = year.payback_years
    return [
        Figure(
            _("Shared among neighbours"),
            figures.kwh(year.traded_wh),
            _("a year, at %(price)s on average") % {"price": figures.price(year.price_ueur_kwh)}
            if year.price_ueur_kwh is not None
            else _("a year"),
        ),
        Figure(
            _("From the street's own roofs"),
            figures.percent(year.self_sufficiency_pct),
            _("of all that the homes use"),
        ),
        Figure(
            _("Against today"),
            figures.euros(year.total("saving_neur"), 0, signed=True),
            _("a year, devices and neighbours together"),
        ),
        Figure(
            _("All devices pay back in"),
            _("%(years)s years") % {"years": figures.decimal(payback, 1)} if payback else "—",
            _("all homes together, without subsidies"),
        ),
    ]


def spread(years: Mapping[str, StreetYear]) -> str:
    """How far the answer may stray: a dull year and a bright one; empty until both are lived."""
    if not {"dull", "bright"} <= set(years):
        return ""
    gains = sorted(years[name].total("gain_neur") for name in ("dull", "bright"))
    savings = sorted(years[name].total("saving_neur") for name in ("dull", "bright"))
    words = _(
        "With a tenth more or less sun and 7 percent less or more use, neighbours would be worth %(low)s to "
        "%(high)s a year, and the saving against today %(least)s to %(most)s."
    )
    return words % {
        "low": figures.euros(gains[0], 0),
        "high": figures.euros(gains[1], 0),
        "least": figures.euros(savings[0], 0),
        "most": figures.euros(savings[1], 0),
    }


def home_rows(year: StreetYear) -> list[HomeRow]:
    """Each home's year."""
    return [
        HomeRow(
            home.name,
            figures.euros(home.today_neur, 0),
            figures.euros(home.alone_neur, 0),
            figures.euros(home.member_neur, 0),
            figures.euros(home.gain_neur, 0, signed=True),
            figures.percent(max(home.self_sufficiency_pct, 0)),
            _payback(home),
        )
        for home in year.homes
    ]


def _payback(home: HomeYear) -> str:
    if not home.invested_eur:
        return ""
    years = home.payback_years
    return _("never") if years is None else _("%(years)s years") % {"years": figures.decimal(years, 1)}


def bars(year: StreetYear) -> list[Bar]:
    """What neighbours are worth to each home, largest first."""
    most = max((home.gain_neur for home in year.homes), default=0)
    ordered = sorted(year.homes, key=lambda home: -home.gain_neur)
    return [
        Bar(
            home.name,
            round(max(WIDE * home.gain_neur / most, 0.0), 1) if most > 0 else 0.0,
            figures.euros(home.gain_neur, 0, signed=True),
        )
        for home in ordered
    ]


def street_facts(year: StreetYear, scenario: Scenario) -> list[tuple[str, str]]:
    """Fairness, the cable and what was held back, as terms and figures."""
    jain, gini = year.fairness
    facts = [
        (_("Evenness of the gain (Jain; 1 is the same for all)"), figures.decimal(jain, 2)),
        (_("Unevenness of the gain (Gini; 0 is the same for all)"), figures.decimal(gini, 2)),
    ]
    if scenario.import_limit_w is None:
        return facts
    hours = _("%(hours)s hours a year")
    return [
        *facts,
        (_("At the transformer's limit"), hours % {"hours": figures.number(year.congested_hours, 0)}),
        (
            _("Beyond it if everybody lived alone"),
            hours % {"hours": figures.number(year.alone_congested_hours, 0)},
        ),
        (_("Sun held back by it"), figures.kwh(year.held_back_wh)),
    ]


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A way of sharing in the report: its legal mode, what it saves the street, how evenly, the least gain."""

    name: str
    mode: str
    shared: str
    saved: str
    unevenness: str
    least: str


def rule_rows(year: StreetYear) -> list[RuleRow]:
    """Every rule's year, the one that saves most first."""
    legal = {rule.name: rule.legal_in for rule in RULES}
    rows = sorted(year.rules, key=lambda one: -sum(one.gain_neur))
    return [
        RuleRow(
            _name(one.name),
            _mode(one.name, legal.get(one.name, ())),
            figures.kwh(one.shared_wh),
            figures.euros(sum(one.gain_neur), 0, signed=True),
            figures.decimal(one.unevenness, 2),
            figures.euros(min(one.gain_neur), 0, signed=True),
        )
        for one in rows
    ]


def _name(rule: str) -> str:
    return _("The market") if rule == "market" else rule_name(rule)


def _mode(rule: str, legal_in: Sequence[str]) -> str:
    """Under which legal mode a rule is used, and where it is law."""
    if rule == "market":
        return _("Simulation or private settlement")
    name = _("Sharing coefficients") if "ES" in legal_in else _("Energy sharing")
    return f"{name} ({countries(legal_in)})"


def gains_by_rule(year: StreetYear) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """What each home gains a year under every rule: the rules' names, and a row for each home."""
    names = [_name(one.name) for one in year.rules]
    rows = [
        (home.name, [figures.euros(one.gain_neur[i], 0, signed=True) for one in year.rules])
        for i, home in enumerate(year.homes)
    ]
    return names, rows if names else []


def objectives(years: Mapping[str, StreetYear]) -> list[tuple[str, str]]:
    """What it would come to if every home aimed at the same; empty until all are lived."""
    names = {
        "savings": _("All save (reserve of 10 percent)"),
        "revenue": _("All earn (reserve of 10 percent)"),
        "resilience": _("All keep half of their battery for a power cut"),
    }
    if not set(names) <= set(years):
        return []
    words = _("%(cost)s a year together, %(shared)s shared")
    return [
        (
            label,
            words
            % {
                "cost": figures.euros(years[name].total("member_neur"), 0),
                "shared": figures.kwh(years[name].traded_wh),
            },
        )
        for name, label in names.items()
    ]


def assumptions(scenario: Scenario) -> list[str]:
    """What the figures rest on, so that nobody takes them for more than they are."""
    measured = sum(bool(home.load_wh) for home in scenario.homes)
    words = ngettext(
        "%(count)s of %(all)s homes brought its own readings; the others are real homes' curves, scaled.",
        "%(count)s of %(all)s homes brought their own readings; the others are real homes' curves, scaled.",
        measured,
    )
    return [
        words % {"count": measured, "all": len(scenario.homes)},
        _("The agents decide each hour by forecasts, with the policy that ships; they know nothing of tomorrow."),
        _("Orders, clearing and settlement are those of the running market, in slots of an hour."),
        _("Surplus pays off at most what a home takes in the same month, as simplified compensation has it."),
        _("Alone, a battery keeps its home's own sun, and a car charges when it comes."),
        _(
            "Under other rules than the market each home's devices work for itself alone; who uses a shared kWh "
            "pays half-way between both retailers' prices. Coefficients go by what homes usually use."
        ),
        _("Fixed charges are the same either way and are left out. Devices are counted at the prices typed."),
    ]
