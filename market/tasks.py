"""Celery's side of the market: the bell. PostgreSQL says what is due, so a lost ring loses nothing."""

from datetime import timedelta

from celery import shared_task
from django.db import OperationalError

from community.models import Community
from config.clock import now
from market.queries.due import due_to_clear, due_to_order, next_to_open
from market.services import agents, clear, forecasts, settle, slots, statements

# How far ahead slots are opened.
OPEN_AHEAD = timedelta(hours=2)


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
def tick() -> None:
    """Find what is due in every community and ring for it; the next tick repeats a ring that got lost."""
    at = now()
    for community in Community.objects.order_by("pk"):
        slots.open_slots(community=community, first=next_to_open(community, at), until=at + OPEN_AHEAD)
        for slot_id in due_to_order(community, at):
            order_slot.delay(slot_id=slot_id)
        for slot_id in due_to_clear(community, at):
            clear_slot.delay(slot_id=slot_id)
        keep_books.delay(community_id=community.pk)


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
def order_slot(*, slot_id: int) -> None:
    """Let the agents order in one slot."""
    agents.place_orders(slot_id=slot_id, at=now())


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
def clear_slot(*, slot_id: int) -> None:
    """Clear one slot whose gate has closed."""
    clear.clear_slot(slot_id=slot_id, at=now())


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
def keep_books(*, community_id: int) -> None:
    """Renew forecasts, settle what was delivered, close the month that is complete."""
    at = now()
    community = Community.objects.get(pk=community_id)
    forecasts.renew_forecasts(community=community, at=at)
    settle.settle_due(community=community, at=at)
    statements.close_due_months(community=community, at=at)
