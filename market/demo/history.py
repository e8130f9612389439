"""The neighbourhood's past, lived slot by slot through the real services with a clock that is passed in."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from community.models import Community
from community.services.devices import StateReport, record_states
from market.demo.homes import DemoNeighbour, Report, neighbours
from market.models import Slot
from market.queries.agents import Street, read_street
from market.queries.plan import community_plan
from market.services.accuracy import watch_forecasts
from market.services.acknowledgements import Answer, record_answers
from market.services.agents import place_orders
from market.services.clear import clear_slot
from market.services.forecasts import learn, renew_forecasts
from market.services.slots import open_slots
from metering.models import MeteringPoint, Upload
from metering.services.readings import ReadingRow, store_readings

# Meters of the past deliver several hours at a time, as distributors' files do.
DELIVERY = timedelta(hours=6)
FORECAST_HOURS = 12
LEARN_DAYS = 14  # a live street learns every day; its past need not take so long to invent


def live_through(
    community: Community, first: datetime, until: datetime, progress: Callable[[datetime], None]
) -> None:
    """Let everything happen that happens by `until`, from the slot `first` on: order, clear, consume, upload.

    Settling is left to whoever keeps the books meanwhile. `progress` is told each delivered slot's start.
    """
    length = timedelta(minutes=community.slot_minutes)
    homes = neighbours(community, first)
    street: Street | None = None
    points = {str(point.public_id): point for point in MeteringPoint.objects.select_related("household")}
    waiting: dict[str, list[dict[str, Any]]] = defaultdict(list)
    answers: list[tuple[int, Answer]] = []
    previous: datetime | None = None
    delivered = first
    last = until + timedelta(minutes=community.order_lead_minutes)
    open_slots(community=community, first=first, until=last)
    for slot in Slot.objects.filter(community=community, start__gte=first).order_by("start"):
        start = slot.start
        street = _trade(community, slot, until, street)
        if previous is not None and start <= until:
            _consume(community, homes, previous, waiting, answers)
            progress(previous)
        if start - delivered >= DELIVERY or start + length > until:
            _upload(points, waiting, min(start, until))
            record_answers(answers=answers, at=min(start, until))
            answers.clear()
            delivered = start
        previous = start
    renew_forecasts(community=community, at=until)


def _trade(community: Community, slot: Slot, until: datetime, street: Street | None) -> Street:
    """Orders and clearing of one slot, each at its own time of the day; no clearing after `until`.

    `street` is read anew whenever forecasts are; in an invented past nothing else of it changes.
    """
    orders_at = slot.start - timedelta(minutes=community.order_lead_minutes)
    if street is None or (slot.start.minute == 0 and slot.start.hour % FORECAST_HOURS == 0):
        if slot.start.hour == 0:
            watch_forecasts(community=community, at=orders_at)
            if slot.start.toordinal() % LEARN_DAYS == 0:
                learn(community=community, at=orders_at)
        renew_forecasts(community=community, at=orders_at)
        street = read_street(community, slot.start, orders_at)
    place_orders(slot_id=slot.pk, at=orders_at, street=street)
    if slot.gate_closure <= until:
        clear_slot(slot_id=slot.pk, at=slot.gate_closure)
    return street


def _consume(
    community: Community,
    homes: Sequence[DemoNeighbour],
    start: datetime,
    waiting: dict[str, list[dict[str, Any]]],
    answers: list[tuple[int, Answer]],
) -> None:
    """Every home hears and lives through the slot; devices report at its end, meters keep their readings.

    What the homes answer is kept with the readings: nobody looks at it meanwhile.
    """
    plans = community_plan(community.pk, start)
    reports: list[Report] = []
    for home in homes:
        plan = plans.get(home.household_id)
        home.hear(start, None if plan is None else asdict(plan))
        if plan is not None:
            answers += [(plan.slot_id, _answer(said)) for said in home.answers]
        home.answers.clear()
        report = home.live(start)
        waiting[home.metering_point] += report.readings
        reports.append(report)
    record_states(_state(state) for report in reports for state in report.states)


def _state(said: dict[str, Any]) -> StateReport:
    ready_by = said.get("ready_by")
    fields = {key: value for key, value in said.items() if key not in {"device", "at", "ready_by"}}
    return StateReport(
        device_id=said["device"],
        at=datetime.fromisoformat(said["at"]),
        ready_by=datetime.fromisoformat(ready_by) if ready_by else None,
        **fields,
    )


def _answer(said: dict[str, Any]) -> Answer:
    fields = {key: value for key, value in said.items() if key not in {"device", "start"}}
    return Answer(device_id=said["device"], start=datetime.fromisoformat(said["start"]), **fields)


def _upload(points: dict[str, MeteringPoint], waiting: dict[str, list[dict[str, Any]]], at: datetime) -> None:
    for public_id, readings in waiting.items():
        store_readings(
            metering_point=points[public_id],
            rows=[
                ReadingRow(row["channel"], datetime.fromisoformat(row["start"]), row["energy_wh"])
                for row in readings
            ],
            source=Upload.Source.API,
            content_sha256=hashlib.sha256(json.dumps(readings).encode()).hexdigest(),
            at=at,
        )
    waiting.clear()
