"""A training that is killed goes on where it was, to the very same weights; two rings train once."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from datetime import timedelta

import pytest
from django.db import connection

from market.agents.training.search import Recipe
from market.models import Policy, TrainingRun
from market.queries.training import due_to_train
from market.services.training import MOST_IDLE_STARTS, ask_for_training, go_on
from tests import factories as make
from tests import weeks
from tests.snapshots import once

pytestmark = pytest.mark.django_db(transaction=True)

AT = weeks.MONDAY + timedelta(hours=9)
RECIPE = Recipe(generations=16, population=4, weeks=2, step=0.2)

# Trains, but stops for a long sleep in its fifteenth generation, after the checkpoint of the tenth.
TRAIN_AND_HANG = """
import sys, time, django
django.setup()
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[2]
from market.models import TrainingRun
from market.services import training
asked = []
def more():
    asked.append(1)
    if len(asked) == 15:
        print("inside", flush=True)
        time.sleep(60)
    return True
run = TrainingRun.objects.get(pk=int(sys.argv[1]))
training.go_on(run_id=run.pk, at=run.asked_at, more=more)
"""


def ask(street, at):
    run = ask_for_training(community_id=street.pk, why="asked", at=at, recipe=RECIPE)
    TrainingRun.objects.filter(pk=run.pk).update(seed=5, recipe=asdict(RECIPE) | {"seed": 5})
    return run


def weights(run):
    return Policy.objects.get(run=run).weights["numbers"]


def trained_in_one_go():
    """A street, and the weights that its training came to without a pause."""
    street = weeks.street(weeks=10)
    run = ask(street, AT - timedelta(minutes=1))
    go_on(run_id=run.pk, at=AT - timedelta(minutes=1))
    return street, weights(run)


def for_generations(count):
    """A leg that has time for so many more generations and then one."""
    left = iter([True] * count)
    return lambda: next(left, False)


def test_a_worker_killed_in_the_middle_leaves_a_checkpoint_that_ends_in_the_same_weights():
    street, in_one_go = once(trained_in_one_go)
    run = ask(street, AT)
    worker = subprocess.Popen(
        [sys.executable, "-c", TRAIN_AND_HANG, str(run.pk), connection.settings_dict["NAME"]],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"},
        stdout=subprocess.PIPE,
    )
    assert worker.stdout.readline() == b"inside\n"
    assert not go_on(run_id=run.pk, at=AT), "the other one is at it"

    worker.send_signal(signal.SIGKILL)
    worker.wait()
    worker.stdout.close()

    run.refresh_from_db()
    assert (run.status, run.generation, run.checkpoint["search"]["generation"]) == ("running", 10, 10)
    # PostgreSQL takes a moment to notice that the worker is gone; the next ring finds the claim free.
    deadline = time.monotonic() + 60
    while run.is_open and time.monotonic() < deadline:
        go_on(run_id=run.pk, at=AT)
        run.refresh_from_db()
    assert (run.status, run.generation, run.checkpoint) == ("done", 16, None)
    assert weights(run) == in_one_go


def test_a_training_goes_on_leg_by_leg_to_the_same_weights():
    street, in_one_go = once(trained_in_one_go)
    run = ask(street, AT)

    pauses = [go_on(run_id=run.pk, at=AT, more=for_generations(5)) for _ in range(4)]

    assert pauses == [True, True, False, False]
    assert weights(run) == in_one_go


def test_two_rings_at_once_ask_for_one_training():
    street = make.community()
    make.home(street, "Ana", make.tariff())
    together = threading.Barrier(2)
    found = []

    def ask():
        together.wait()
        found.append(ask_for_training(community_id=street.pk, why="asked", at=AT).pk)
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [TrainingRun.objects.get().pk] * 2


def test_two_rings_after_each_other_train_once():
    street = weeks.street(weeks=10)
    run = ask_for_training(
        community_id=street.pk, why="asked", at=AT, recipe=Recipe(generations=1, population=4, weeks=2)
    )

    for _ in range(2):
        go_on(run_id=run.pk, at=AT)

    assert Policy.objects.filter(run=run).count() == 1
    assert Policy.objects.filter(run=None).count() == 1, "what ships was examined once"


def test_tariffs_that_change_meanwhile_void_what_was_learned_and_are_a_reason_to_train_again():
    street = weeks.street(weeks=10)
    run = ask_for_training(community_id=street.pk, why="asked", at=AT, recipe=RECIPE)
    assert go_on(run_id=run.pk, at=AT, more=for_generations(3))
    street.households.first().contracts.get().tariff.versions.update(import_p1_ueur_kwh=300_000)

    go_on(run_id=run.pk, at=AT + timedelta(hours=1), more=lambda: False)

    run.refresh_from_db()
    assert (run.generation, run.asked_at) == (1, AT + timedelta(hours=1))
    TrainingRun.objects.update(status="done")
    assert due_to_train(AT + timedelta(hours=2)) == []
    make.battery(street.households.last())
    assert due_to_train(AT + timedelta(hours=2)) == [(street.pk, "changed")]
    assert due_to_train(AT + timedelta(days=8)) == [(street.pk, "changed")]


def test_a_training_that_never_gets_anywhere_is_given_up():
    street = weeks.street(weeks=10)
    run = ask_for_training(community_id=street.pk, why="asked", at=AT)
    TrainingRun.objects.update(idle_starts=MOST_IDLE_STARTS)

    go_on(run_id=run.pk, at=AT)

    run.refresh_from_db()
    assert run.status == "failed"
    assert "without progress" in run.error
