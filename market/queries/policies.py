"""Which policy each home follows, and the lives of a community's policies."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

from django.db.models import F, Q
from django.db.models.functions import Coalesce, Greatest

from market.agents.policy.weights import PRIOR, UnreadableWeights, Weights, planner_only, prior, weights_of
from market.models import Policy, TrainingRun
from market.queries.training import plant_hash

SHADOW_FOR = timedelta(days=7)
CANARY_FOR = timedelta(days=7)
# How often the week that passed is lived again: on trial each day, later each week.
TRIAL_REVIEWS, CHAMPION_REVIEWS = timedelta(days=1), timedelta(days=7)
SHOWN_RUNS, SHOWN_POLICIES = 5, 30

ON_TRIAL = (Policy.Status.SHADOW, Policy.Status.CANARY)


def policy_of(community_id: int, households: Iterable[int], at: datetime) -> dict[int, Weights]:
    """The weights that each household follows at `at`; households that follow the same share one object.

    The community's champion, in the homes of its canary the policy on trial; without a champion what ships.
    """
    alive = Q(ended_at__isnull=True) | Q(ended_at__gt=at)
    begun = Q(champion_at__lte=at) | Q(canary_at__lte=at)
    rows = Policy.objects.filter(alive & begun & (Q(community=community_id) | Q(community=None)))
    usual: Weights | None = None
    trial: Policy | None = None
    for row in rows.order_by(F("community").asc(nulls_first=True), "champion_at", "canary_at"):
        if row.champion_at is not None and row.champion_at <= at:
            usual = _read(row) or usual
        elif row.community_id is not None:
            trial = row
    usual = usual or shipped()
    tried, chosen = (_read(trial), set(trial.canary_homes)) if trial else (None, set())
    return {home: tried if tried is not None and home in chosen else usual for home in households}


def knows_its_street(community_id: int) -> bool:
    """Whether the community's own champion was trained with the tariffs, devices and limits of now.

    What ships was trained for no street alone, and counts prices in units of the street's own.
    """
    rows = Policy.objects.filter(community=community_id, status=Policy.Status.CHAMPION, run__isnull=False)
    learned = rows.values_list("run__plant_hash", flat=True).first()
    return learned is None or learned == plant_hash(community_id)


def _read(policy: Policy) -> Weights | None:
    """A policy's weights; None if another version of the site wrote them for features that this one lacks."""
    try:
        return weights_of(policy.weights)
    except UnreadableWeights:
        return None


@cache
def shipped() -> Weights:
    """The weights that come with the site: the prior, or the planner alone where there is none."""
    if not PRIOR.exists():
        return planner_only()
    found = prior()
    return replace(found, story={**found.story, "made": "shipped"})


def champion_of(community_id: int) -> Policy | None:
    """The community's own champion."""
    return Policy.objects.filter(community=community_id, status=Policy.Status.CHAMPION).first()


def has_decided(community_id: int) -> bool:
    """Whether a policy on record decides in the community or has decided there."""
    return Policy.objects.filter(community=community_id, champion_at__isnull=False).exists()


def champion_weights(community_id: int) -> Weights:
    """What decides in the community now, those on trial apart."""
    own = Policy.objects.filter(
        Q(community=community_id) | Q(community=None), status=Policy.Status.CHAMPION
    ).order_by(F("community").desc(nulls_last=True))
    found = own.first()
    return (found and _read(found)) or shipped()


def on_trial(community_id: int) -> Policy | None:
    """The community's policy in shadow or canary."""
    return Policy.objects.filter(community=community_id, status__in=ON_TRIAL).first()


def champion_before(policy: Policy) -> Policy | None:
    """Whom the community would go back to: the champion that this one replaced, if it was not rolled back."""
    former = Policy.objects.filter(community=policy.community_id, status=Policy.Status.RETIRED)
    return former.filter(champion_at__isnull=False).exclude(pk=policy.pk).order_by("-ended_at", "-pk").first()


def due_to_review(at: datetime) -> list[int]:
    """Policies whose last week should be lived again: in shadow once that is over, in canary each day, then
    weekly."""
    looked = Greatest(
        Coalesce("reviewed_at", "made_at"), Coalesce("champion_at", "canary_at", "shadow_at", "made_at")
    )
    rows = Policy.objects.filter(community__isnull=False).annotate(looked_at=looked)
    due = rows.filter(
        Q(status=Policy.Status.CHAMPION, looked_at__lte=at - CHAMPION_REVIEWS)
        | Q(status=Policy.Status.CANARY, looked_at__lte=at - TRIAL_REVIEWS)
        | Q(status=Policy.Status.SHADOW, looked_at__lte=at - TRIAL_REVIEWS, shadow_at__lte=at - SHADOW_FOR)
    )
    return list(due.order_by("pk").values_list("pk", flat=True))


def runs_of(community_id: int) -> list[TrainingRun]:
    """The latest trainings of a community, newest first, without their checkpoints."""
    runs = TrainingRun.objects.filter(community=community_id).defer("checkpoint", "recipe")
    return list(runs.order_by("-asked_at", "-pk")[:SHOWN_RUNS])


def policies_of(community_id: int) -> list[Policy]:
    """The latest policies of a community, newest first."""
    return list(Policy.objects.filter(community=community_id).order_by("-made_at", "-pk")[:SHOWN_POLICIES])
