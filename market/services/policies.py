"""The life of a policy: taken in or refused, on trial, deciding, replaced or rolled back. Each step happens
once."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from math import ceil
from typing import Any

from django.db import transaction

from community.models import Community, Member, What
from community.queries import active_households
from community.roles import Can, only_those_who
from community.services.audit import record
from market.agents.policy.weights import Weights, planner_only, weights_of
from market.agents.training.regret import regret
from market.models import Policy, TrainingRun
from market.queries.lessons import read_course
from market.queries.policies import (
    CANARY_FOR,
    ON_TRIAL,
    SHADOW_FOR,
    champion_before,
    champion_of,
    champion_weights,
    has_decided,
    shipped,
)

CANARY_PCT = 20
REVIEWED_WEEKS = 5  # the last one is judged; forecasts need some before it
ENDS = {Policy.Status.SHADOW: Policy.Status.REFUSED, Policy.Status.CANARY: Policy.Status.ROLLED_BACK}

Reasons = Sequence[Mapping[str, Any]]


@transaction.atomic
def take_in(
    *, run: TrainingRun, weights: Weights, report: Mapping[str, Any], at: datetime, known: bool = False
) -> Policy:
    """Keep what a training made: on trial if it passed the gate, else refused. A second call finds it there.

    `known` is a policy that ships with the site: it needs no trial.
    """
    _lock(run.community_id)
    found = Policy.objects.filter(run=run).first()
    if found is not None:
        return found
    policy = _of(run.community_id, weights, at)
    policy.run = run
    if not report["passed"]:
        return _step(policy, Policy.Status.REFUSED, at, [one for one in report["reasons"] if not one["ok"]])
    for other in Policy.objects.filter(community=run.community_id, status__in=ON_TRIAL):
        _step(other, Policy.Status.RETIRED, at, [_reason("overtaken", by=weights.digest)])
    if known:
        return _crown(policy, at, report["reasons"])
    return _step(policy, Policy.Status.SHADOW, at, report["reasons"])


@transaction.atomic
def admit(*, community_id: int, weights: Weights, report: Mapping[str, Any], at: datetime) -> Policy | None:
    """After its examination, let a policy from elsewhere decide; if it failed, the planner alone. Happens once."""
    _lock(community_id)
    if has_decided(community_id):
        return None
    policy = _of(community_id, weights, at)
    if report["passed"]:
        return _crown(policy, at, report["reasons"])
    _step(policy, Policy.Status.REFUSED, at, [one for one in report["reasons"] if not one["ok"]])
    return _crown(_of(community_id, planner_only(), at), at, [_reason("in_place_of", of=weights.digest)])


def review(*, policy_id: int, at: datetime) -> None:
    """Live the policy's last week again beside the others, and move it on or back by what that shows.

    Where readings of that week are missing nothing moves; the next day looks again.
    """
    policy = Policy.objects.select_related("community").get(pk=policy_id)
    if policy.community is None or policy.status not in {*ENDS, Policy.Status.CHAMPION}:
        return
    course = read_course(policy.community, at, REVIEWED_WEEKS, tested=1)
    found = None
    if course is not None and course.usable and course.usable[-1] == len(course.starts) - 1:
        found = regret(
            course.lesson.pick(course.usable[-1:]), weights_of(policy.weights), _others(policy), seed=policy.pk
        )
        found["since"] = course.starts[-1].isoformat()
    move(policy_id=policy_id, status=policy.status, found=found, at=at)


@transaction.atomic
def move(*, policy_id: int, status: str, found: Mapping[str, Any] | None, at: datetime) -> None:
    """Take the step that a review calls for, if the policy is still where it was when the review began."""
    policy = _locked(policy_id)
    if policy.status != status or (policy.reviewed_at is not None and policy.reviewed_at >= at):
        return
    policy.reviewed_at = at
    if found is None:
        policy.save(update_fields=["reviewed_at"])
    elif found["bad"]:
        _take_back(policy, at, [_reason("regret", ok=False, **found)])
    elif _stays(policy, at):
        policy.save(update_fields=["reviewed_at"])
    elif status == Policy.Status.SHADOW:
        policy.canary_homes = canary_homes(
            policy.digest, [home.pk for home in active_households(policy.community_id or 0)]
        )
        _step(policy, Policy.Status.CANARY, at, [_reason("no_regret", **found)])
    else:
        _crown(policy, at, [_reason("no_regret", **found)])


@transaction.atomic
def roll_back(*, by: Member, policy_id: int, at: datetime) -> bool:
    """An administrator takes a policy back that decides or is on trial; says whether this call did.

    Raises `NotAllowed`; `Policy.DoesNotExist` for another community's.
    """
    only_those_who(Can.RUN_AGENTS, by)
    Policy.objects.get(pk=policy_id, community=by.community_id)
    policy = _locked(policy_id)
    if policy.status not in {*ENDS, Policy.Status.CHAMPION}:
        return False
    _take_back(policy, at, [_reason("asked", ok=False, name=by.user.name)])
    record(What.POLICY_TAKEN_BACK, community=by.community, at=at, by=by, about=policy, reason=policy.digest)
    return True


def canary_homes(digest: str, homes: Sequence[int]) -> list[int]:
    """A fifth of the homes, at least one, drawn by the policy's digest: the same for whoever asks.

    >>> canary_homes("4f6bb63acc18", range(1, 11)) == canary_homes("4f6bb63acc18", range(10, 0, -1))
    True
    """
    drawn = sorted(homes, key=lambda home: hashlib.sha256(f"{digest}:{home}".encode()).digest())
    return sorted(drawn[: ceil(len(drawn) * CANARY_PCT / 100)])


def _others(policy: Policy) -> dict[str, Weights]:
    """Whom a policy is held against: who decides now; for the champion, whoever would decide in its place."""
    if policy.status != Policy.Status.CHAMPION:
        others = {"champion": champion_weights(policy.community_id or 0)}
    else:
        before = champion_before(policy)
        others = {"before": shipped() if before is None else weights_of(before.weights), "planner": planner_only()}
    return {name: weights for name, weights in others.items() if weights.digest != policy.digest}


def _stays(policy: Policy, at: datetime) -> bool:
    """Whether its stage is not over."""
    if policy.status == Policy.Status.SHADOW:
        return policy.shadow_at is None or at < policy.shadow_at + SHADOW_FOR
    if policy.status == Policy.Status.CANARY:
        return policy.canary_at is None or at < policy.canary_at + CANARY_FOR
    return True


def _take_back(policy: Policy, at: datetime, reasons: Reasons) -> None:
    """End a trial, or let the champion before decide again; in the place of what ships, the planner alone."""
    decided = policy.status == Policy.Status.CHAMPION
    before = champion_before(policy) if decided else None
    _step(policy, ENDS.get(Policy.Status(policy.status), Policy.Status.ROLLED_BACK), at, reasons)
    if before is not None:
        before.ended_at = None
        before.reviewed_at = at
        _step(before, Policy.Status.CHAMPION, at, [_reason("back_again", instead_of=policy.digest)])
    elif decided and policy.digest == shipped().digest and policy.community_id is not None:
        _crown(_of(policy.community_id, planner_only(), at), at, [_reason("in_place_of", of=policy.digest)])


def _of(community_id: int, weights: Weights, at: datetime) -> Policy:
    return Policy(community_id=community_id, weights=weights.as_json(), digest=weights.digest, made_at=at)


def _crown(policy: Policy, at: datetime, reasons: Reasons) -> Policy:
    """Let a policy decide in all homes; the champion before it retires."""
    champion = champion_of(policy.community_id or 0)
    if champion is not None:
        _step(champion, Policy.Status.RETIRED, at, [_reason("replaced", by=policy.digest)])
    return _step(policy, Policy.Status.CHAMPION, at, reasons)


def _step(policy: Policy, to: Policy.Status, at: datetime, reasons: Reasons) -> Policy:
    """Move a policy and note when and why."""
    policy.status = to
    policy.steps = [*policy.steps, {"to": str(to), "at": at.isoformat(), "reasons": list(reasons)}]
    if to == Policy.Status.SHADOW:
        policy.shadow_at = at
    elif to == Policy.Status.CANARY:
        policy.canary_at = at
    elif to == Policy.Status.CHAMPION:
        policy.champion_at = policy.champion_at or at
    else:
        policy.ended_at = at
    policy.save()
    return policy


def _reason(code: str, *, ok: bool = True, **facts: Any) -> dict[str, Any]:
    return {"code": code, "ok": ok, "facts": facts}


def _lock(community_id: int) -> None:
    Community.objects.select_for_update(no_key=True).get(pk=community_id)


def _locked(policy_id: int) -> Policy:
    """The policy, with its community's lock held: steps of a community's policies come one after the other."""
    community_id = Policy.objects.values_list("community_id", flat=True).get(pk=policy_id)
    if community_id is not None:
        _lock(community_id)
    return Policy.objects.get(pk=policy_id)
