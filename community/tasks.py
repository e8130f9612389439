"""Celery's side of the community: published prices are asked for while nobody waits."""

import logging

from celery import shared_task
from django.conf import settings
from django.db import OperationalError

from community.price_files import PriceFileFault
from community.price_files.esios import Esios, NoPrices
from community.services.prices import fetch_prices
from config.clock import now

logger = logging.getLogger(__name__)


@shared_task(autoretry_for=(OperationalError,), retry_backoff=True)
def pull_prices() -> None:
    """Ask ESIOS for the hours that are missing, if the operator said where it is."""
    if not settings.ESIOS_URL:
        return
    esios = Esios(settings.ESIOS_URL, settings.ESIOS_KEY)
    try:
        kept = fetch_prices(esios, now())
    except (NoPrices, PriceFileFault):
        logger.exception("Published prices could not be fetched; they are asked for again in an hour")
    else:
        logger.info("Published prices: %s new, %s changed", kept.new, kept.changed)
    finally:
        esios.close()
