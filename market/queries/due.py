"""What is due: the sweep that finds every slot the bell missed."""

from datetime import datetime, timedelta

from community.models import Community
from market.models import Slot

# A tick rings for at most this many slots, so that a long pause is worked off in bites.
AT_ONCE = 200


def next_to_open(community: Community, at: datetime) -> datetime:
    """Start of the first slot that does not exist yet: where the last one ended, else the next full slot."""
    last = Slot.objects.filter(community=community).order_by("-start").values_list("end", flat=True).first()
    if last is not None:
        return last
    length = timedelta(minutes=community.slot_minutes)
    epoch = datetime.fromtimestamp(0, at.tzinfo)
    return epoch + -((epoch - at) // length) * length


def due_to_order(community: Community, at: datetime) -> list[int]:
    """Open slots whose agents have not ordered yet and may now, soonest first."""
    lead = timedelta(minutes=community.order_lead_minutes)
    slots = Slot.objects.filter(
        community=community, status=Slot.Status.OPEN, ordered_at__isnull=True, gate_closure__gt=at
    )
    return list(slots.filter(start__lte=at + lead).order_by("start").values_list("pk", flat=True)[:AT_ONCE])


def due_to_clear(community: Community, at: datetime) -> list[int]:
    """Open slots whose gate has closed, oldest first."""
    slots = Slot.objects.filter(community=community, status=Slot.Status.OPEN, gate_closure__lte=at)
    return list(slots.order_by("start").values_list("pk", flat=True)[:AT_ONCE])


def next_free_slot(community: Community, at: datetime) -> datetime:
    """Start of the first slot whose orders are not written yet: what is decided now counts from there on."""
    length = timedelta(minutes=community.slot_minutes)
    last = (
        Slot.objects.filter(community=community, start__gt=at)
        .exclude(ordered_at__isnull=True, status=Slot.Status.OPEN)
        .order_by("-start")
        .values_list("end", flat=True)
        .first()
    )
    epoch = datetime.fromtimestamp(0, at.tzinfo)
    return last or epoch + -((epoch - at) // length) * length
