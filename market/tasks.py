"""Celery's side of the market: the bell. PostgreSQL says what is due, so a lost ring loses nothing.

Each community and slot is a task of its own. `clear_slot` may load the solver and has a queue for itself
(`CELERY_TASK_ROUTES`), so that workers for it can be added on any machine; so has training, which takes minutes.
"""

import logging
import time
from datetime import date, timedelta
from itertools import chain
from typing import Any

from celery import shared_task
from django.conf import settings
from django.db import OperationalError

from community.models import Community
from config.celery import of, of_owner, over_all, watchers
from config.clock import now
from market.agents.training.exploited import exploited
from market.bell import ring as _ring
from market.pilot.states import months_to_live
from market.queries.again import unlike
from market.queries.due import due_to_clear, due_to_forecast, due_to_learn, due_to_order, due_to_settle
from market.queries.fsck import faults
from market.queries.hindsight import due_to_look_back
from market.queries.policies import due_to_review
from market.queries.training import due_to_train, open_runs
from market.services import (
    accuracy,
    agents,
    anchors,
    clear,
    closing,
    deliveries,
    forecasts,
    hindsight,
    jobs,
    notices,
    outbox,
    pilot_months,
    policies,
    retention,
    settle,
    sharing_advice,
    slots,
    solvers,
    training,
    what_if,
    witnesses,
)
from market.wording.letters import statement_letter
from market.wording.pushes import push, send

logger = logging.getLogger(__name__)
MOST_PILOT_RINGS = 50
MOST_LETTERS = 50
# No further anchor is asked after so long; the next ring goes on.
ANCHORING_S = 120.0
# How far ahead slots are opened.
OPEN_AHEAD = timedelta(hours=2)
# What was booked so lately is looked at, and what was cleared is cleared again: twice the pause between looks.
LOOKED_AT_AGAIN = timedelta(hours=2)


def note_end(task: str, given: dict[str, Any], error: str | None) -> None:
    """Keep what a worker could not do for the operator's page, until it is done."""
    if error is None:
        jobs.note_success(task=task, given=given)
    else:
        jobs.note_failure(task=task, given=given, error=error, at=now())


watchers.append(note_end)


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
@over_all
def tick() -> None:
    """Open slots, and ring for whose orders or clearing are due; the next tick repeats a ring that got lost."""
    at = now()
    slots.open_due_slots(at=at, until=at + OPEN_AHEAD)
    _ring(order_slot, ({"slot_id": slot_id} for slot_id in due_to_order(at)), settings.TICK_S)
    _ring(clear_slot, ({"slot_id": slot_id} for slot_id in due_to_clear(at)), settings.TICK_S)


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
@over_all
def tick_books() -> None:
    """Ring for forecasts that are too old and for slots whose readings are there."""
    at = now()
    _ring(renew_forecasts, ({"community_id": pk} for pk in due_to_forecast(at)), settings.BOOKS_S)
    _ring(settle_slots, ({"community_id": pk, "slot_ids": ids} for pk, ids in due_to_settle(at)), settings.BOOKS_S)
    if settings.EMAIL_HOST:
        due = deliveries.due_deliveries(at, MOST_LETTERS)
        _ring(send_statement, ({"delivery_id": pk} for pk in due), settings.BOOKS_S)


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
@over_all
def sweep_books() -> None:
    """Look for what the quick look passes over: late readings of old slots, long pauses, complete months.

    Forecasts are compared with what was metered, and models that are a day old learn anew.
    """
    due = due_to_settle(now(), thoroughly=True)
    _ring(settle_slots, ({"community_id": pk, "slot_ids": ids} for pk, ids in due), settings.SWEEP_S)
    _ring(learn, ({"community_id": pk} for pk in due_to_learn(now())), settings.SWEEP_S)
    communities = list(Community.objects.order_by("pk").values_list("pk", flat=True))
    _ring(watch_forecasts, ({"community_id": pk} for pk in communities), settings.SWEEP_S)
    _ring(close_months, ({"community_id": pk} for pk in communities), settings.SWEEP_S)
    _ring(check_books, ({"community_id": pk} for pk in communities), settings.SWEEP_S)


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
@of("market.Slot.community_id")
def order_slot(*, slot_id: int) -> None:
    """Let the agents order in one slot."""
    agents.place_orders(slot_id=slot_id, at=now())


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
@of("market.Slot.community_id")
def clear_slot(*, slot_id: int) -> None:
    """Clear one slot whose gate has closed."""
    clear.clear_slot(slot_id=slot_id, at=now())


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
def renew_forecasts(*, community_id: int) -> None:
    """Renew the forecasts of a community's homes."""
    forecasts.renew_forecasts(community=Community.objects.get(pk=community_id), at=now())


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
def learn(*, community_id: int) -> None:
    """Fit the model that foretells a community's homes."""
    forecasts.learn(community=Community.objects.get(pk=community_id), at=now())


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
def watch_forecasts(*, community_id: int) -> None:
    """Compare the last days' forecasts of a community with what was metered."""
    accuracy.watch_forecasts(community=Community.objects.get(pk=community_id), at=now())


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
def settle_slots(*, community_id: int, slot_ids: list[int]) -> None:
    """Settle delivered slots of one community."""
    community = Community.objects.get(pk=community_id)
    settle.settle_slots(community=community, slot_ids=slot_ids, at=now())


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
def close_months(*, community_id: int) -> None:
    """Close a community's months that are complete, correct those before, and live virtual batteries on."""
    community, at = Community.objects.get(pk=community_id), now()
    closing.close_due_months(community=community, at=at)
    if settings.EMAIL_HOST:
        deliveries.ask_for_deliveries(community=community, at=at, since=at)


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
@of("market.Delivery.statement__household__community_id")
def send_statement(*, delivery_id: int) -> None:
    """Send one statement by e-mail."""
    deliveries.deliver(delivery_id=delivery_id, at=now(), send=lambda one: statement_letter(one).send())


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
@over_all
def tick_notices() -> None:
    """Ring for what members may be told of, where letters or devices are set up, and for what waits to be told."""
    if settings.EMAIL_HOST or settings.PUSH_KEY:
        communities, due = Community.objects.order_by("pk"), notices.due_notices(now(), MOST_LETTERS)
        _ring(write_notices, ({"community_id": one.pk} for one in communities), settings.NOTICES_S)
        _ring(tell, ({"notice_id": pk} for pk in due), settings.NOTICES_S)


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
def write_notices(*, community_id: int) -> None:
    """Note what members of a community chose to be told of."""
    ways = {"letters": bool(settings.EMAIL_HOST), "pushes": bool(settings.PUSH_KEY)}
    notices.note_what_happened(community=Community.objects.get(pk=community_id), at=now(), **ways)


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
@of("market.Notice.member__community_id")
def tell(*, notice_id: int) -> None:
    """Tell somebody one thing, by e-mail or on its devices."""
    notices.tell(notice_id=notice_id, at=now(), send=send, push=push)


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
@of("market.SharingAdvice.community_id")
def advise_sharing(*, advice_id: int) -> None:
    """Find the coefficients that somebody asked for."""
    sharing_advice.work_out(advice_id=advice_id)


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
def check_books(*, community_id: int) -> None:
    """Ask every rule of the ledger of a community's newest books; what does not hold is an error in the log."""
    community = Community.objects.get(pk=community_id)
    since = now() - LOOKED_AT_AGAIN
    for fault in chain(faults(community, since=since), unlike(community, solvers.solver(), since=since)):
        logger.error("The books of community %s do not hold: %s", community_id, fault)


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
@over_all
def remove_what_is_over() -> None:
    """Remove what may no longer be kept, and say how much it was."""
    for one in retention.remove_what_is_over(at=now()):
        if one.number:
            logger.info("Removed, because its time is over: %s %s", one.number, one.what)


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
@over_all
def ask_witnesses() -> None:
    """Ask the operator's witnesses to cosign the newest heads."""
    found = witnesses.peers(settings.WITNESSES)
    if found:
        witnesses.ask_all(found, now())


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
@over_all
def anchor_heads() -> None:
    """Note which heads are to be anchored outside, one an hour, and hand in or ask again for what is due."""
    at, found, until = now(), anchors.configured(), time.monotonic() + ANCHORING_S
    anchors.ask_for_anchors(found, at)
    outbox.sweep(anchors.handlers(found), at=at, more=lambda: time.monotonic() < until)


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
def look_back(*, community_id: int, month: str) -> None:
    """Find what a closed month would have cost otherwise."""
    community = Community.objects.get(pk=community_id)
    hindsight.look_back_at(community=community, month=date.fromisoformat(month), at=now())


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
@over_all
def tick_training() -> None:
    """Ask for the trainings that are due, and ring for those that wait or stopped and for policies to review."""
    at = now()
    for community_id, why in due_to_train(at):
        training.ask_for_training(community_id=community_id, why=why, at=at)
    _ring(train, ({"run_id": run_id} for run_id in open_runs()), settings.TRAINING_S)
    looked_at = ({"community_id": pk, "month": month.isoformat()} for pk, month in due_to_look_back(at))
    _ring(look_back, looked_at, settings.TRAINING_S)
    _ring(review_policy, ({"policy_id": pk} for pk in due_to_review(at)), settings.TRAINING_S)


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
@of("market.TrainingRun.community_id")
def train(*, run_id: int) -> None:
    """Go on with a training for a while; if it is not over, ring for the next while, behind whoever waits."""
    until = time.monotonic() + settings.TRAINING_LEG_S
    if training.go_on(run_id=run_id, at=now(), more=lambda: time.monotonic() < until, exploited=exploited):
        _ring(train, [{"run_id": run_id}], settings.TRAINING_S)


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
@of("market.Policy.community_id")
def review_policy(*, policy_id: int) -> None:
    """Live a policy's last week again and move it on or back."""
    policies.review(policy_id=policy_id, at=now())


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
@over_all
def tick_studio() -> None:
    """Ring for answers that somebody waits for, and for months of pilots that nobody has lived yet."""
    _ring(try_limits, what_if.rings(), settings.BOOKS_S)
    _ring(advise_sharing, ({"advice_id": pk} for pk in sharing_advice.open_advice()), settings.BOOKS_S)
    _ring(live_pilot_month, ({"month_id": pk} for pk in months_to_live(MOST_PILOT_RINGS)), settings.BOOKS_S)


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
@of("market.WhatIf.household__community_id")
def try_limits(*, what_if_id: int, quick: bool = False) -> None:
    """Clear the past again with other limits, for a member who asks; `quick` says where (`CELERY_TASK_ROUTES`)."""
    what_if.work_out(what_if_id=what_if_id, solve=solvers.solver())


@shared_task
@of("community.Household.community_id")
def prepare_yesterday(*, household_id: int, quick: bool = False) -> None:
    """Put together what a member who opens the rules may soon ask of yesterday; `quick` says where."""
    what_if.prepare_yesterday(household_id=household_id, at=now(), solve=solvers.solver())


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
@of_owner("market.PilotMonth.pilot__owner_id")
def live_pilot_month(*, month_id: int) -> None:
    """Live one month of a pilot."""
    pilot_months.live(month_id=month_id)
