"""Answers of homes to what the market suggested for their devices."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from community.models import Device, Household
from market.models import Acknowledgement
from market.queries.acknowledgements import newest_answers
from market.queries.plan import SlotPlan, cleared_plan
from metering.services.readings import RowError

# An answer so long after its slot tells nobody anything; nor is anything suggested longer before.
ANSWER_WITHIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a home says to the suggestion `version` for one device in the slot that starts at `start`.

    `energy_wh` is what the device does instead (+ takes, − gives), None where it does as suggested or as it likes.
    """

    device_id: int
    start: datetime
    version: str
    answer: str
    reason: str = ""
    energy_wh: int | None = None


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """How many answers were new, replaced an older one, or said the same as before."""

    created: int = 0
    revised: int = 0
    unchanged: int = 0


class Unanswerable(ValueError):
    """Answers to what was never suggested, or too late; `errors` names each row, field and cure."""

    def __init__(self, errors: Sequence[RowError]) -> None:
        super().__init__(f"{len(errors)} answers fit no suggestion")
        self.errors = errors


@transaction.atomic
def acknowledge(*, household: Household, answers: Sequence[Answer], at: datetime) -> Acknowledged:
    """Keep a home's answers, all or none. The same again changes nothing; another answer is a new revision.

    Raises `Unanswerable` if one does not fit what was suggested.
    """
    if not answers:
        return Acknowledged()
    Household.objects.select_for_update(no_key=True).get(pk=household.pk)
    since, until = at - ANSWER_WITHIN, at + ANSWER_WITHIN
    asked = cleared_plan(household.pk, household.community_id, since, until)
    slots = {plan.start: plan for plan in asked}
    own = set(Device.objects.filter(household=household).values_list("pk", flat=True))
    errors = list(_faults(answers, slots, own, at))
    if errors:
        raise Unanswerable(errors)
    return record_answers(answers=[(slots[answer.start].slot_id, answer) for answer in answers], at=at)


def _faults(
    answers: Sequence[Answer], slots: dict[datetime, SlotPlan], own: set[int], at: datetime
) -> Iterator[RowError]:
    """The first fault of each answer."""
    said: dict[tuple[int, datetime], Answer] = {}
    for i, answer in enumerate(answers):
        plan = slots.get(answer.start)
        if answer.device_id not in own:
            message = _("This device does not stand behind this metering point.")
            yield RowError(i, "device", "unknown-device", message)
        elif answer.start < at - ANSWER_WITHIN:
            yield RowError(i, "start", "too-late", _("Answer within a day of the slot's start."))
        elif plan is None or answer.device_id not in {device.device for device in plan.devices}:
            message = _("Nothing was suggested for this device in this slot: take start and device from the plan.")
            yield RowError(i, "start", "no-suggestion", message)
        elif answer.version != plan.version:
            message = _("This is not the slot's version: fetch the plan again and answer what it says now.")
            yield RowError(i, "version", "other-version", message)
        elif said.setdefault((answer.device_id, answer.start), answer) != answer:
            message = _("Two answers for the same device and slot contradict each other: send one.")
            yield RowError(i, "", "contradiction", message)


@transaction.atomic
def record_answers(*, answers: Sequence[tuple[int, Answer]], at: datetime) -> Acknowledged:
    """Keep answers to suggestions that exist, each with its slot's id."""
    newest = newest_answers({slot_id for slot_id, _answer in answers})
    rows: dict[tuple[int, int], Acknowledgement] = {}
    revised = unchanged = 0
    for slot_id, answer in answers:
        place = slot_id, answer.device_id
        before = rows.get(place) or newest.get(place)
        if before is not None and _says(before) == _says(answer):
            unchanged += 1
            continue
        revised += before is not None
        rows[place] = Acknowledgement(
            slot_id=slot_id,
            device_id=answer.device_id,
            revision=1 if before is None else before.revision + 1,
            version=answer.version,
            answer=answer.answer,
            reason=answer.reason,
            energy_wh=answer.energy_wh,
            received_at=at,
        )
    Acknowledgement.objects.bulk_create(rows.values())
    return Acknowledged(len(rows) - revised, revised, unchanged)


def _says(row: Acknowledgement | Answer) -> tuple[str, str, str, int | None]:
    return row.version, row.answer, row.reason, row.energy_wh
