"""What the gate found, in words: the verdict, what speaks for and against, and each candidate's figures."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from community import figures

SHOWN = ("rule", "planner", "champion", "challenger")


@dataclass(frozen=True, slots=True)
class Verdict:
    """One thing that was looked at, whether it speaks for the policy, and what was found."""

    ok: bool
    text: str


@dataclass(frozen=True, slots=True)
class KindRow:
    """What homes of a kind save a week, each on average: by candidate the amount and a bar (percent)."""

    name: str
    savings: tuple[tuple[str, float, str], ...]


def candidate(name: str, stories: Mapping[str, str]) -> str:
    """A candidate as a name in a legend or a table's head."""
    if name == "challenger" and stories.get(name) != "trained":
        return _("Planner alone") if stories.get(name) == "planner only" else _("Shipped policy")
    names = {
        "rule": _("Rule by tariff"),
        "planner": _("Planner alone"),
        "champion": _("Decides now"),
        "challenger": _("New policy"),
    }
    return names.get(name, name)


def sentence(report: Mapping[str, Any]) -> str:
    """The verdict in one sentence."""
    count = len(report["weeks"])
    weeks = ngettext("%(count)s week", "%(count)s weeks", count) % {"count": count}
    if "challenger" not in report["candidates"]:
        return _("In %(weeks)s lived again there was nobody to compare with: the agents stay as they are.") % {
            "weeks": weeks
        }
    if report["passed"]:
        return _("In %(weeks)s lived again the new policy passed every test.") % {"weeks": weeks}
    return _("In %(weeks)s lived again the new policy did not pass, so nobody follows it.") % {"weeks": weeks}


def too_short(report: Mapping[str, Any]) -> str:
    """Why there was no training, if so; empty otherwise."""
    if report["trained_weeks"]:
        return ""
    return _(
        "The street has too few weeks of readings for a policy of its own: it takes %(needed)s. Until then the "
        "policies that ship with Azotea are tried on the weeks there are, and the better one decides."
    ) % {"needed": report["needed_weeks"]}


def verdicts(reasons: Iterable[Mapping[str, Any]], names: Mapping[int, str]) -> list[Verdict]:
    """Every reason in words; `names` are the community's homes by id."""
    return [Verdict(one["ok"], reason(one, names)) for one in reasons]


def reason(said: Mapping[str, Any], names: Mapping[int, str]) -> str:
    """A code and its facts in words; a code that this version does not know is shown as it is."""
    facts = said["facts"]
    match said["code"]:
        case "cheaper":
            return _cheaper(facts)
        case "limits":
            return _limits(facts)
        case "homes":
            return _homes(facts, names)
        case "homes_as_before":
            words = _("These homes pay more than alone already now, and would go on doing so: %(homes)s.")
            return words % {"homes": _named(facts["above"], names)}
        case "cars":
            return _cars(facts)
        case "exploitability":
            return _exploitability(facts, ok=said["ok"])
        case "exploitability_unknown":
            return _("What a home would gain by misstating its wishes was not measured.")
    return str(said["code"])


def _cheaper(facts: Mapping[str, Any]) -> str:
    saves = facts["saves_neur_week"]
    than = {"rule": _("the rule by tariff"), "champion": _("who decides now")}.get(facts["than"], facts["than"])
    given = {
        "than": than,
        "saves": figures.euros(abs(saves)),
        "odds": _odds(facts["odds"]),
        "needed": figures.percent(100 * facts["needed"]),
    }
    if saves <= 0:
        return _("It costs the street %(saves)s a week more than %(than)s.") % given
    if facts["odds"] < facts["needed"]:
        words = _(
            "It costs the street %(saves)s a week less than %(than)s, but that may be chance: the odds are "
            "%(odds)s, and it takes %(needed)s."
        )
        return words % given
    return (
        _("It costs the street %(saves)s a week less than %(than)s; odds of %(odds)s say that this is no chance.")
        % given
    )


def _odds(odds: float) -> str:
    """Odds as a percentage; draws of a few weeks never make anything certain."""
    return _("over %(odds)s") % {"odds": figures.percent(99)} if odds > 0.99 else figures.percent(100 * odds)


def _limits(facts: Mapping[str, Any]) -> str:
    if facts["avoidable"]:
        words = ngettext(
            "It took more than the transformer may give in %(count)s hour in which another kept the limit.",
            "It took more than the transformer may give in %(count)s hours in which another kept the limit.",
            facts["avoidable"],
        )
        return words % {"count": facts["avoidable"]}
    if facts["broken"]:
        words = ngettext(
            "In %(count)s hour the homes needed more than the transformer may give, whoever decided.",
            "In %(count)s hours the homes needed more than the transformer may give, whoever decided.",
            facts["broken"],
        )
        return words % {"count": facts["broken"]}
    return _("The street's limits were always kept.")


def _homes(facts: Mapping[str, Any], names: Mapping[int, str]) -> str:
    if not facts["above"]:
        return _("It makes no home pay more than it would alone.")
    return _("These homes would pay more than alone: %(homes)s.") % {"homes": _named(facts["above"], names)}


def _named(above: Sequence[Mapping[str, int]], names: Mapping[int, str]) -> str:
    return "; ".join(
        _("%(home)s, %(over)s a week")
        % {"home": names.get(one["home"], str(one["home"])), "over": figures.euros(one["over_neur_week"])}
        for one in above
    )


def _cars(facts: Mapping[str, Any]) -> str:
    if not facts["missing_wh_week"]:
        return _("Every car had what it needed when it left.")
    words = _("Cars lacked %(missing)s a week when they left, with the others %(usual)s.")
    return words % {
        "missing": figures.energy(facts["missing_wh_week"]),
        "usual": figures.energy(facts["others_wh_week"]),
    }


def _exploitability(facts: Mapping[str, Any], *, ok: bool) -> str:
    given = {
        "now": figures.percent(100 * facts["now"]),
        "before": figures.percent(100 * facts["before"]),
    }
    if ok:
        return (
            _("A home that misstates its wishes would gain %(now)s of its saving; now it is %(before)s.") % given
        )
    return (
        _("A home that misstates its wishes would gain %(now)s of its saving, more than the %(before)s of now.")
        % given
    )


def gains(report: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """By candidate its name, and what the street pays and gains over living alone in a week."""
    weeks = max(len(report["weeks"]), 1)
    return [
        (
            candidate(name, report["stories"]),
            figures.euros(sum(one["cost_neur"]) // weeks),
            figures.euros(sum(one["gain_neur"]) // weeks, signed=True),
        )
        for name, one in shown(report)
    ]


def chart_sentence(report: Mapping[str, Any]) -> str:
    """What the picture shows, for those who do not see it."""
    named = [(name, cost) for name, cost, _gain in gains(report)]
    alone = sum(report["alone_neur"]) // max(len(report["weeks"]), 1)
    named.append((_("Each home alone"), figures.euros(alone)))
    parts = "; ".join(f"{name} {cost}" for name, cost in named)
    return _("What a week costs the street on average: %(parts)s.") % {"parts": parts}


def shown(report: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """The candidates in the order in which pages show them."""
    return [(name, report["candidates"][name]) for name in SHOWN if name in report["candidates"]]


def kind_rows(report: Mapping[str, Any]) -> list[KindRow]:
    """What homes of each kind save a week with who decides now and with the new policy."""
    compared = [(name, one) for name, one in shown(report) if name in {"champion", "challenger"}]
    most = max((value for _name, one in compared for value in one["saving_neur_week"].values()), default=0)
    kinds = {
        "both": _("Panels and battery"),
        "battery": pgettext("kind of home", "Battery"),
        "panels": pgettext("kind of home", "Panels"),
        "none": _("Neither"),
    }
    return [
        KindRow(
            ngettext("%(kind)s (%(count)s home)", "%(kind)s (%(count)s homes)", report["homes"][kind])
            % {"kind": name, "count": report["homes"][kind]},
            tuple(
                (
                    who,
                    round(max(100 * one["saving_neur_week"][kind] / most, 0.0), 1) if most > 0 else 0.0,
                    figures.euros(one["saving_neur_week"][kind], signed=True),
                )
                for who, one in compared
            ),
        )
        for kind, name in kinds.items()
        if report["homes"].get(kind)
    ]


def fairness(report: Mapping[str, Any]) -> list[str]:
    """How evenly the saving falls to the homes, with who decides now and with the new policy."""
    sentences = []
    for name, one in shown(report):
        if name not in {"champion", "challenger"}:
            continue
        words = _(
            "%(who)s: Jain %(jain)s (1 would be the same saving for all), Gini %(gini)s (0 would be the same for "
            "all)."
        )
        given = {"jain": figures.decimal(one["jain"], 2), "gini": figures.decimal(one["gini"], 2)}
        sentences.append(words % {"who": candidate(name, report["stories"]), **given})
    return sentences


def cost_rows(report: Mapping[str, Any], weeks: Sequence[str]) -> list[tuple[str, list[str]]]:
    """By week what each candidate costs and, last, what the homes would pay alone."""
    columns = [one["cost_neur"] for _name, one in shown(report)] + [report["alone_neur"]]
    return [(name, [figures.euros(column[i]) for column in columns]) for i, name in enumerate(weeks)]
