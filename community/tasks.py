"""Celery's side of the community: published prices and letters, while nobody waits."""

import logging

from celery import shared_task
from django.conf import settings
from django.db import OperationalError
from django.urls import reverse

from community.models import AnnouncementLetter, Invitation
from community.price_files import PriceFileFault
from community.price_files.esios import Esios, NoPrices
from community.services import announcements, invitations
from community.services.prices import fetch_prices
from community.wording.announcements import letter as announcement_letter
from community.wording.invitations import letter
from config.celery import of, over_all
from config.clock import now

logger = logging.getLogger(__name__)
MOST_LETTERS = 50


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
@over_all
def pull_prices() -> None:
    """Ask ESIOS for the hours that are missing, if the operator said where it is."""
    if not settings.ESIOS_URL:
        return
    esios = Esios(settings.ESIOS_URL, settings.ESIOS_KEY, local=settings.OUTBOUND_LOCAL)
    try:
        kept = fetch_prices(esios, now())
    except (NoPrices, PriceFileFault):
        logger.exception("Published prices could not be fetched; they are asked for again in an hour")
    else:
        logger.info("Published prices: %s new, %s changed", kept.new, kept.changed)


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
@over_all
def send_letters() -> None:
    """Ring for every letter that waits; the next look repeats a ring that got lost."""
    if not settings.EMAIL_HOST:
        return
    for invitation_id in invitations.due_letters(now(), MOST_LETTERS):
        send_invitation.apply_async(kwargs={"invitation_id": invitation_id}, expires=settings.BOOKS_S)
    for letter_id in announcements.due_letters(now(), MOST_LETTERS):
        send_announcement.apply_async(kwargs={"letter_id": letter_id}, expires=settings.BOOKS_S)


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
@of("community.Invitation.community_id")
def send_invitation(*, invitation_id: int) -> None:
    """Send one invitation by e-mail."""

    def send(invitation: Invitation, secret: str) -> None:
        letter(invitation, invitation.site + reverse("accept-invitation", args=[secret])).send()

    invitations.deliver(invitation_id=invitation_id, at=now(), send=send)


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
@of("community.AnnouncementLetter.announcement__community_id")
def send_announcement(*, letter_id: int) -> None:
    """Send one announcement by e-mail to one member."""

    def send(found: AnnouncementLetter) -> None:
        announcement_letter(found, found.announcement.site + reverse("announcements")).send()

    announcements.deliver(letter_id=letter_id, at=now(), send=send)
