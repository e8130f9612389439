"""Which work waits in which line."""

from typing import Any

from kombu import Exchange, Queue

# What may load the solver has a queue of its own, for workers that do nothing else, on this machine or on others;
# so have training, which takes minutes and can wait, and pilots, which somebody waits for. A worker that is told
# of no queue serves all.
CELERY_TASK_QUEUES = [
    Queue(name, Exchange(name), routing_key=name) for name in ("default", "solver", "training", "studio")
]


QUICK = frozenset({"market.tasks.try_limits", "market.tasks.prepare_yesterday"})


def quick_answers(name: str, _args: object, given: dict[str, Any] | None, *_rest: object, **_more: object) -> Any:
    """Where an answer takes a second, whoever looks at the page does not wait behind pilots and trainings."""
    if name in QUICK and (given or {}).get("quick"):
        return {"queue": "solver", "routing_key": "solver"}
    return None


CELERY_TASK_ROUTES = (
    quick_answers,
    {
        "market.tasks.clear_slot": {"queue": "solver", "routing_key": "solver"},
        "market.tasks.advise_sharing": {"queue": "studio", "routing_key": "studio"},
        "market.tasks.try_limits": {"queue": "studio", "routing_key": "studio"},
        "market.tasks.prepare_yesterday": {"queue": "studio", "routing_key": "studio"},
        "market.tasks.live_pilot_month": {"queue": "studio", "routing_key": "studio"},
        "market.tasks.look_back": {"queue": "training", "routing_key": "training"},
        "market.tasks.train": {"queue": "training", "routing_key": "training"},
        "market.tasks.review_policy": {"queue": "training", "routing_key": "training"},
    },
)
