"""Who decides for the homes, and how it came to that: for administrators."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from community.access import allowed
from community.models import Community
from community.pages import page
from community.queries import active_households
from community.roles import Can
from config import clock
from market.charts.gate import gate_chart
from market.models import Policy, TrainingRun
from market.queries import policies as queries
from market.services.policies import roll_back
from market.services.training import ask_for_training
from market.wording import gate as gate_wording
from market.wording import policies as wording


@login_required
@require_safe
def agents(request: HttpRequest) -> HttpResponse:
    """Who decides now, how the training is getting on, what the gate found, and what became of each policy."""
    community = allowed(request, Can.RUN_AGENTS).community
    runs = queries.runs_of(community.pk)
    latest = runs[0] if runs else None
    judged = next((run for run in runs if run.report is not None), None)
    champion, trial = queries.champion_of(community.pk), queries.on_trial(community.pk)
    shipped = str(queries.shipped().story.get("made", ""))
    homes = {home.pk: home.name for home in active_households(community.pk)}
    taken_back = trial or champion
    before = queries.champion_before(champion) if champion is not None else None
    context = {
        "section": "more",
        "sentence": wording.sentence(champion, trial, shipped, len(homes)),
        "figures": wording.four(champion, trial, shipped, len(homes), judged),
        "run": latest,
        "training": wording.training(latest) if latest is not None else "",
        "why": wording.why(latest) if latest is not None else "",
        "live": latest is not None and latest.is_open,
        "lives": wording.lives(queries.policies_of(community.pk), homes),
        "taken_back": taken_back,
        "take_back": wording.take_back(taken_back) if taken_back is not None else "",
        "falls_to": wording.falls_to(trial, champion, before),
        **_report(community, judged, homes),
    }
    return page(request, "market/policies.html", context)


@login_required
@require_POST
def train(request: HttpRequest) -> HttpResponse:
    """Ask for a training; while one is open, nothing new begins."""
    community = allowed(request, Can.RUN_AGENTS).community
    ask_for_training(community_id=community.pk, why=TrainingRun.Why.ASKED, at=clock.now())
    messages.success(request, _("The training begins within minutes. The agents go on as before meanwhile."))
    return redirect("agents")


@login_required
@require_POST
def take_back(request: HttpRequest, policy_id: int) -> HttpResponse:
    """Take a policy back that decides or is on trial."""
    try:
        done = roll_back(by=allowed(request, Can.RUN_AGENTS), policy_id=policy_id, at=clock.now())
    except Policy.DoesNotExist as error:
        raise Http404("There is no such policy.") from error
    if done:
        messages.success(request, _("Taken back. From the next slot on the agents follow the one before."))
    else:
        messages.warning(request, _("This policy decided no longer; nothing was changed."))
    return redirect("agents")


def _report(community: Community, run: TrainingRun | None, homes: dict[int, str]) -> dict[str, Any]:
    """What the gate found last, with its picture."""
    if run is None or run.report is None:
        return {"report": None}
    report = run.report
    weeks = wording.weeks(report, community.zone)
    shown = gate_wording.shown(report)
    chart = gate_chart([(name, one["cost_neur"]) for name, one in shown], report["alone_neur"])
    names = [(name, gate_wording.candidate(name, report["stories"])) for name, _one in shown]
    return {
        "report": report,
        "verdict": gate_wording.sentence(report),
        "too_short": gate_wording.too_short(report),
        "reasons": gate_wording.verdicts(report["reasons"], homes),
        "chart": chart,
        "says": gate_wording.chart_sentence(report),
        "axis": list(zip(chart.weeks, weeks, strict=True)),
        "candidates": names,
        "costs": gate_wording.cost_rows(report, weeks),
        "gains": gate_wording.gains(report),
        "kinds": gate_wording.kind_rows(report),
        "fairness": gate_wording.fairness(report),
    }
