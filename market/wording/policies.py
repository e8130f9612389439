"""Who decides for the homes, how the training is getting on and what became of each policy, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community import figures
from market.models import Policy, TrainingRun
from market.wording import gate
from market.wording.street import Figure

TRIALS = {Policy.Status.SHADOW, Policy.Status.CANARY}
BADGES = {
    Policy.Status.CHAMPION: "sea",
    Policy.Status.SHADOW: "battery",
    Policy.Status.CANARY: "battery",
    Policy.Status.REFUSED: "attention",
    Policy.Status.ROLLED_BACK: "attention",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a policy's life: the day, what it became and why; `passed` where many tests spoke for it."""

    day: str
    title: str
    why: tuple[str, ...]
    passed: bool


@dataclass(frozen=True, slots=True)
class Life:
    """One policy: its name, the digest of its weights, its state, its steps, latest first."""

    name: str
    digest: str
    status: str
    badge: str
    steps: tuple[Step, ...]


def sentence(champion: Policy | None, trial: Policy | None, shipped: str, homes: int) -> str:
    """Who decides now. `shipped` is what the weights without a community are made of."""
    if trial is not None and trial.status == Policy.Status.CANARY:
        words = ngettext(
            "A new policy is on trial in %(count)s of %(homes)s homes; %(usual)s decides in the others.",
            "A new policy is on trial in %(count)s of %(homes)s homes; %(usual)s decides in the others.",
            len(trial.canary_homes),
        )
        return words % {"count": len(trial.canary_homes), "homes": homes, "usual": _usual(champion, shipped)}
    words = (
        _("%(usual)s decides in all homes.")
        if trial is None
        else _("%(usual)s decides. A newer one is on trial without homes.")
    )
    return capfirst(words % {"usual": _usual(champion, shipped)})


def _usual(champion: Policy | None, shipped: str) -> str:
    names = {"trained": _("your street's own policy"), "planner only": _("the planner alone")}
    return names.get(_made(champion, shipped), _("the policy that ships with Azotea"))


def _made(champion: Policy | None, shipped: str) -> str:
    """How the weights came about that decide: trained, shipped, or none but the planner."""
    return shipped if champion is None else str(champion.weights.get("story", {}).get("made", ""))


def four(
    champion: Policy | None, trial: Policy | None, shipped: str, homes: int, run: TrainingRun | None
) -> list[Figure]:
    """The four numbers of the page."""
    report = run.report if run is not None else None
    who = {"trained": _("Own policy"), "planner only": _("Planner")}.get(_made(champion, shipped), _("Shipped"))
    since = champion.champion_at if champion is not None else None
    tried = len(trial.canary_homes) if trial is not None else 0
    gain = (
        figures.euros(_mean(report["candidates"]["champion"]["gain_neur"]), signed=True)
        if report is not None
        else "—"
    )
    return [
        Figure(
            _("Decides now"),
            who,
            _("since %(day)s") % {"day": _day(since)} if since else _("until the street has its own"),
        ),
        Figure(
            _("On trial"),
            _("%(count)s of %(homes)s") % {"count": tried, "homes": homes},
            _("homes follow a new policy") if tried else _("homes; a new policy is watched first"),
        ),
        Figure(_("Gain over living alone"), gain, _("a week, all homes together")),
        Figure(
            _("Readings"),
            ngettext("%(count)s week", "%(count)s weeks", run.weeks or 0) % {"count": run.weeks or 0}
            if run is not None and run.weeks is not None
            else "—",
            _("that agents can learn from"),
        ),
    ]


def _mean(values: Sequence[int]) -> int:
    return sum(values) // max(len(values), 1)


def name_of(policy: Policy) -> str:
    """A policy by the day on which it was made, or by what it is if it ships with the site."""
    if _made(policy, "") == "trained":
        return _("the policy of %(day)s") % {"day": _day(policy.made_at)}
    return _usual(policy, "")


def take_back(policy: Policy) -> str:
    """What the button says that takes a policy back."""
    return _("Roll %(name)s back…") % {"name": name_of(policy)}


def falls_to(trial: Policy | None, champion: Policy | None, before: Policy | None) -> str:
    """What taking back the policy on trial, or else the champion, leads to; `before` is whom it replaced."""
    if trial is not None:
        return _("The policy on trial ends, and the one that decides now goes on in all homes.")
    if before is not None:
        return _("What decided before it, %(name)s, decides again.") % {"name": name_of(before)}
    if _made(champion, "") == "shipped":
        return _("The planner alone decides then.")
    return _("The policy that ships with Azotea decides again.")


def training(run: TrainingRun) -> str:
    """How a training is getting on or how it ended."""
    given = {"day": _moment(run.finished_at or run.started_at or run.asked_at)}
    match run.status:
        case TrainingRun.Status.QUEUED:
            return _("A training waits for its turn since %(day)s.") % given
        case TrainingRun.Status.RUNNING:
            return _("A training is under way since %(day)s.") % given
        case TrainingRun.Status.FAILED:
            return (
                _("The training of %(day)s was given up; the agents go on as before. The operator knows why.")
                % given
            )
    if run.report is None:
        return _("On %(day)s there were no readings to learn from yet.") % given
    if not run.report["trained_weeks"]:
        return _("On %(day)s the policies that ship were tried on the street's own weeks.") % given
    words = _(
        "The last training ended on %(day)s. It learned from %(weeks)s weeks and was tested on %(tested)s others."
    )
    return words % {**given, "weeks": run.report["trained_weeks"], "tested": len(run.report["weeks"])}


def why(run: TrainingRun) -> str:
    """Why a training took place."""
    return _("Reason: %(why)s.") % {"why": run.get_why_display()}


def lives(policies: Sequence[Policy], names: Mapping[int, str]) -> list[Life]:
    """Each policy's life."""
    return [
        Life(
            capfirst(name_of(policy)),
            policy.digest,
            policy.get_status_display(),
            BADGES.get(Policy.Status(policy.status), ""),
            tuple(_step(one, names) for one in reversed(policy.steps)),
        )
        for policy in policies
    ]


def _step(said: Mapping[str, Any], names: Mapping[int, str]) -> Step:
    titles = {
        "refused": _("Refused"),
        "shadow": _("On trial without homes: what it would do is only watched, for a week"),
        "canary": _("On trial in some homes, for a week"),
        "champion": _("Decides in all homes"),
        "retired": _("Replaced"),
        "rolled_back": _("Rolled back"),
    }
    told = tuple(_why(one, names) for one in said["reasons"])
    passed = len(told) > 1 and all(one["ok"] for one in said["reasons"])
    return Step(_day(datetime.fromisoformat(said["at"])), titles.get(said["to"], said["to"]), told, passed)


def _why(said: Mapping[str, Any], names: Mapping[int, str]) -> str:
    facts = said["facts"]
    match said["code"]:
        case "regret":
            return _regret(facts)
        case "no_regret":
            return _("The week from %(day)s would have been no cheaper with another.") % {"day": _since(facts)}
        case "asked":
            return _("%(name)s took it back.") % {"name": facts["name"]}
        case "overtaken":
            return _("A newer policy passed the tests and took its place on trial.")
        case "in_place_of":
            return _("The policy that ships did not prove itself here, so the planner decides by itself.")
        case "replaced":
            return _("A newer policy proved cheaper and decides now.")
        case "back_again":
            return _("It decides again, because the one after it was taken back.")
    return gate.reason(said, names)


def _regret(facts: Mapping[str, Any]) -> str:
    if not facts["better"]:
        words = ngettext(
            "In the week from %(day)s it took more than the transformer may give in %(count)s hour in which "
            "another would have kept the limit.",
            "In the week from %(day)s it took more than the transformer may give in %(count)s hours in which "
            "another would have kept the limit.",
            facts["avoidable"],
        )
        return words % {"day": _since(facts), "count": facts["avoidable"]}
    name = facts["better"][0]
    whom = {"planner": _("the planner alone"), "before": _("the policy before it")}.get(
        name, _("who decided then")
    )
    less = sum(facts["day_neur"]["own"]) - sum(facts["day_neur"][name])
    words = _("The week from %(day)s would have cost the street %(less)s less with %(whom)s.")
    return words % {"day": _since(facts), "less": figures.euros(less), "whom": whom}


def _since(facts: Mapping[str, Any]) -> str:
    return _day(datetime.fromisoformat(facts["since"]))


def _day(instant: datetime | None) -> str:
    return figures.day(timezone.localtime(instant).date()) if instant is not None else ""


def _moment(instant: datetime) -> str:
    return f"{_day(instant)}, {figures.clock(instant)}"


def weeks(report: Mapping[str, Any], zone: tzinfo) -> list[str]:
    """The tested weeks by their first days."""
    return [figures.short_day(datetime.fromisoformat(start).astimezone(zone).date()) for start in report["weeks"]]
