"""Advice on coefficients, worked out by a worker: it loads the solver."""

import numpy as np
from django.db import transaction

from config.patience import let_think
from market.models import SharingAdvice
from market.queries.sharing_year import sharing_year
from market.settlement.coefficients import adviser

Status = SharingAdvice.Status


def open_advice() -> list[int]:
    """What was asked for and is not worked out yet."""
    return list(SharingAdvice.objects.filter(status=Status.ASKED).order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def work_out(*, advice_id: int) -> None:
    """Find the coefficients that somebody asked for; what is done already stays."""
    asked = SharingAdvice.objects.select_for_update(of=("self",)).select_related("community").get(pk=advice_id)
    if asked.status != Status.ASKED:
        return
    let_think()
    year = sharing_year(asked.community, asked.asked_at)
    found, known = None, np.zeros(1, dtype=np.int64)
    if year is not None:
        group = year.groups if asked.hourly else np.zeros_like(year.groups)
        known, place = np.unique(group, return_inverse=True)
        found = adviser.advise(year.curves, year.today_ppm, asked.aim, place.astype(np.int64))
        asked.hours, asked.supplies = len(year.groups), year.supplies
    if found is None:
        asked.status = Status.NOTHING
    else:
        asked.status = Status.DONE
        asked.rows_ppm = [
            [int(number), row.tolist()] for number, row in zip(known.tolist(), found.rows_ppm, strict=True)
        ]
        asked.saving_neur, asked.today_neur = list(found.saving_neur), list(found.today_neur)
    asked.save()
