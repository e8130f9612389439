"""Many small communities for benchmarks/scale_out.py, each with the same orders in every slot it is given."""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

HOMES = 20
QUARTER = timedelta(minutes=15)


def orders_of(number: int) -> tuple[list[tuple[int, str, str, int, int, int]], dict[str, int]]:
    """A community's orders as (home, side, kind, Wh, limit, retailer's price), and its limits if it has any.

    Even communities are free. Of the others half have more sun than may leave, half charge cars in the evening.
    """
    chance = random.Random(number)
    sunny = number % 4 < 2
    orders = []
    for home in range(HOMES):
        charged, paid = chance.choice([172_000, 229_000, 251_000]), chance.choice([45_000, 55_000, 70_000])
        if chance.random() < (0.6 if sunny else 0.2):
            sold_wh, asked = chance.randint(300, 1_200), chance.randint(40_000, 90_000)
            orders.append((home, "sell", "firm", sold_wh, asked, paid))
        else:
            orders.append(
                (home, "buy", "firm", chance.randint(50, 600), chance.randint(100_000, 251_000), charged)
            )
        if home % 4 == 0:
            step_wh, best = (150, 110_000) if sunny else (400, 250_000)
            for step in range(2):
                limit = best - step * 12_000 + chance.randint(0, 997)
                orders.append((home, "buy", "flexible", step_wh, limit, charged))
    firm_wh = sum(wh if side == "sell" else -wh for _, side, kind, wh, _, _ in orders if kind == "firm")
    flexible_wh = sum(wh for _, _, kind, wh, _, _ in orders if kind == "flexible")
    if number % 2 == 0:
        return orders, {}
    if sunny:
        # Even with every battery charging, a tenth of what is left over must stay on the roofs.
        return orders, {"export_limit_w": max(4 * (firm_wh - flexible_wh) * 9 // 10, 400)}
    # All that must flow does, but only half of the cars charge.
    return orders, {"import_limit_w": max(4 * (flexible_wh // 2 - firm_wh), 400)}


def build(count: int, starts: Sequence[datetime]) -> None:
    """So many communities with homes, feeders and mandates, and each with the same orders in every slot.

    `starts` follow one another by a quarter of an hour. Every slot waits for its clearing.
    """
    from community.feeder_files import street
    from community.models import Community, Household, Node
    from community.services.feeders import load_feeder
    from market.models import Mandate
    from market.services.slots import open_slots

    at = starts[0] - timedelta(days=30)
    limits = [orders_of(number)[1] for number in range(count)]
    communities = Community.objects.bulk_create(
        Community(slug=f"c{n}", name=f"C {n}", created_at=at, grid_fee_ueur_kwh=5_000, **limits[n])
        for n in range(count)
    )
    cables = street([f"h{home}" for home in range(HOMES)])
    homes = []
    for number, community in enumerate(communities):
        nodes: dict[str, int] = {}
        if limits[number]:
            feeder = load_feeder(community=community, described=cables)
            nodes = dict(Node.objects.filter(feeder=feeder).values_list("code", "pk"))
        homes += [
            Household(community=community, name=f"Home {home}", node_id=nodes.get(f"h{home}"))
            for home in range(HOMES)
        ]
        open_slots(community=community, first=starts[0], until=starts[-1] + QUARTER)
    Household.objects.bulk_create(homes, batch_size=5_000)
    periods = ["P1", "P2", "P3"]
    mandates = (Mandate(household=h, valid_from=at, sell_periods=periods, buy_periods=periods) for h in homes)
    Mandate.objects.bulk_create(mandates, batch_size=5_000)
    _write_orders()


def _write_orders() -> None:
    from django.db import connection
    from django.db.models import F

    from community.copying import copy_into
    from community.models import Community
    from market.models import Mandate, Order, Slot
    from market.services.agents import ORDER_FIELDS

    mandates: dict[int, list[tuple[int, int]]] = {}
    rows = Mandate.objects.order_by("household_id").values_list("household__community_id", "household_id", "pk")
    for community_id, home_id, mandate_id in rows:
        mandates.setdefault(community_id, []).append((home_id, mandate_id))
    books = {pk: orders_of(int(slug[1:]))[0] for pk, slug in Community.objects.values_list("pk", "slug")}

    # Read before the COPY begins, which has the connection for itself.
    slots = list(Slot.objects.values_list("pk", "community_id", "gate_closure"))

    def orders() -> Iterator[tuple[Any, ...]]:
        for slot_id, community_id, closed in slots:
            for home, side, kind, energy_wh, limit, retailer in books[community_id]:
                home_id, mandate_id = mandates[community_id][home]
                yield slot_id, home_id, mandate_id, None, side, kind, energy_wh, limit, retailer, closed

    copy_into(Order, ORDER_FIELDS, orders())
    Slot.objects.update(ordered_at=F("gate_closure") - QUARTER)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
