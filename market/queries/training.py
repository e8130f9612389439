"""Which communities should train, what they would train on, and who is at it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import connection

from market.models import TrainingRun

EVERY = timedelta(days=7)
CLAIMS = 0x617A  # this table's number among the advisory locks

# Tariffs, devices and limits that a policy is trained for. A change of any of them is another
# hash; a reading is none.
PLANT = """
SELECT c.id, md5(concat_ws('|', c.import_limit_w, c.export_limit_w,
    (SELECT string_agg(concat_ws(',', d.household_id, d.kind, d.peak_w, d.capacity_wh, d.charge_w, d.discharge_w,
            d.efficiency_ppm), ';' ORDER BY d.id)
        FROM community_device d JOIN community_household h ON h.id = d.household_id
        WHERE h.community_id = c.id AND d.retired_at IS NULL),
    (SELECT string_agg(concat_ws(',', s.household_id, s.tariff_id, s.valid_from), ';' ORDER BY s.id)
        FROM community_supplycontract s JOIN community_household h ON h.id = s.household_id
        WHERE h.community_id = c.id),
    (SELECT string_agg(concat_ws(',', v.tariff_id, v.valid_from, v.import_p1_ueur_kwh, v.import_p2_ueur_kwh,
            v.import_p3_ueur_kwh, v.feed_in_ueur_kwh), ';' ORDER BY v.id)
        FROM community_tariffversion v WHERE v.tariff_id IN (
            SELECT s.tariff_id FROM community_supplycontract s JOIN community_household h ON h.id = s.household_id
            WHERE h.community_id = c.id)),
    (SELECT string_agg(concat_ws(',', t.tariff_id, t.valid_from, t.index, t.surplus_kind, t.energy_p1_ueur_kwh,
            t.energy_p2_ueur_kwh, t.energy_p3_ueur_kwh), ';' ORDER BY t.id)
        FROM community_offerterms t WHERE (t.index <> '' OR t.surplus_kind <> 'fixed') AND t.tariff_id IN (
            SELECT s.tariff_id FROM community_supplycontract s JOIN community_household h ON h.id = s.household_id
            WHERE h.community_id = c.id))
))
FROM community_community c
"""
DUE = f"""
WITH plant (community_id, hash) AS ({PLANT}),
latest AS (
    SELECT DISTINCT ON (community_id) community_id, status, asked_at, plant_hash FROM market_trainingrun
    ORDER BY community_id, asked_at DESC, id DESC
)
SELECT p.community_id, CASE WHEN l.community_id IS NULL THEN 'first'
    WHEN l.plant_hash <> p.hash THEN 'changed' ELSE 'weekly' END
FROM plant p LEFT JOIN latest l ON l.community_id = p.community_id
WHERE (l.community_id IS NULL OR (l.status IN ('done', 'failed') AND (
        l.asked_at <= %(since)s OR l.plant_hash <> p.hash)))
    AND EXISTS (SELECT FROM community_household h JOIN metering_meteringpoint m ON m.household_id = h.id
        WHERE h.community_id = p.community_id)
ORDER BY p.community_id
"""  # noqa: S608  (both parts are constants)


def due_to_train(at: datetime) -> list[tuple[int, str]]:
    """Communities with meters that should train now, and why: never yet, changed, or a week ago."""
    with connection.cursor() as cursor:
        cursor.execute(DUE, {"since": at - EVERY})
        rows: list[tuple[int, str]] = cursor.fetchall()
    return rows


def plant_hash(community_id: int) -> str:
    """What a community's policy is trained for, as one word."""
    with connection.cursor() as cursor:
        cursor.execute(f"{PLANT} WHERE c.id = %s", [community_id])
        (row,) = cursor.fetchall()
    return str(row[1])


def open_runs() -> list[int]:
    """Trainings that wait or were interrupted, oldest first."""
    waiting = TrainingRun.objects.filter(status__in=[TrainingRun.Status.QUEUED, TrainingRun.Status.RUNNING])
    return list(waiting.order_by("asked_at", "pk").values_list("pk", flat=True))


@contextmanager
def claim(run_id: int) -> Iterator[bool]:
    """Whether the training is this process's for the while; who comes second is told so at once.

    The claim is an advisory lock of the session: it ends with the block, or with the worker, however that ends.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [CLAIMS, run_id])
        ((mine,),) = cursor.fetchall()
    try:
        yield bool(mine)
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [CLAIMS, run_id])
